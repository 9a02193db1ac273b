/** The entrance for an embedder: {@link io.seleucia.chat.ChatServer} and its {@link io.seleucia.chat.Limits}. */
package io.seleucia.chat;
