/** What carries channels: {@link io.seleucia.chat.broker.Broker} is a plug-in, in memory or over Redis. */
package io.seleucia.chat.broker;
