/** Small mechanisms of threads: loops that survive failures, fair gates, counted references, throttled logs. */
package io.seleucia.chat.concurrent;
