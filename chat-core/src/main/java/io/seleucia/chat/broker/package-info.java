/** The plug-in {@link io.seleucia.chat.broker.Broker} that carries channels, in memory or over Redis, and its settings. */
package io.seleucia.chat.broker;
