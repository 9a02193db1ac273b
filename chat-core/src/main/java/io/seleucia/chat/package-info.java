/** What an embedder sees first: {@link io.seleucia.chat.ChatServer} and its {@link io.seleucia.chat.Limits}. */
package io.seleucia.chat;
