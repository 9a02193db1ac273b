/** Channels on this server: members, fan-out, recovery from the history, and following from within the process. */
package io.seleucia.chat.channel;
