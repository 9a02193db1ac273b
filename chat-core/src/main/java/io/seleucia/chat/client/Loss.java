package io.seleucia.chat.client;

import io.seleucia.chat.message.Position;

/**
 * Messages that the client will not be shown, because no history holds them any more, or they can't be read.
 *
 * @param channel the channel, or the own inbox {@code @name}
 * @param after where the client was
 * @param until the last place that is lost; the next message is the one after it, in that epoch. How many were lost
 *     can be told only if both are of one epoch
 */
public record Loss(String channel, Position after, Position until) {}
