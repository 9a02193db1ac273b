/** Counters of the events of a server. */
package io.seleucia.chat.metrics;
