/** Private keys and certificates, from files. */
package io.seleucia.chat.keys;
