/** Strict JSON, for every part that reads it. Imports no other package of the server. */
package io.seleucia.chat.json;
