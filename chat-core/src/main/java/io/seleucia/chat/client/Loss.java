package io.seleucia.chat.client;

import io.seleucia.chat.message.Position;

/**
 * Messages that the listener will not receive, because no history holds them any more, or they can't be read; or that it has
 * received, if an operator has deleted the whole channel.
 *
 * @param channel the channel, or the client's inbox {@code @name}
 * @param after the position of the last message before them; offset 0 if the whole channel was deleted
 * @param until the position of the last lost message. The number of lost messages is known only if both are of one epoch
 */
public record Loss(String channel, Position after, Position until) {}
