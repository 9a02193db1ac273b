/** A Java client that reconnects by itself: {@link io.seleucia.chat.client.ChatClient}. */
package io.seleucia.chat.client;
