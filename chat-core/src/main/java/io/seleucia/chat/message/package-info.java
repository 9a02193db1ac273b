/** The words that every part of the server shares: what a client asks, what it is told, and how a session ends. */
package io.seleucia.chat.message;
