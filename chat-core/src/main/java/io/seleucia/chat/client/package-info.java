/** A client that heals itself: {@link io.seleucia.chat.client.ChatClient} is the way in. */
package io.seleucia.chat.client;
