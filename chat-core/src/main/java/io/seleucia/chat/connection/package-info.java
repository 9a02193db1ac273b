/** Serving a connection: its two loops, the queue between them, and its deadlines. Knows no chat. */
package io.seleucia.chat.connection;
