/** The server's side of a client: the two loops, the queue between them, and the channels' fan-out. */
package io.seleucia.chat.session;
