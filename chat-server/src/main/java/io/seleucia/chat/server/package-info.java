/** The server as a program: settings, start, and an orderly end. */
package io.seleucia.chat.server;
