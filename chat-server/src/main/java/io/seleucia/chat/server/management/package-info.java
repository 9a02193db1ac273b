/** The management port: health, metrics, an API and the console, over HTTP. */
package io.seleucia.chat.server.management;
