/** What an operator reaches over HTTP: health, metrics, an API, and the console. */
package io.seleucia.chat.server.management;
