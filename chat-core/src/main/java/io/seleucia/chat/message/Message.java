package io.seleucia.chat.message;

/**
 * A message as it stands in a channel.
 *
 * @param channel the channel's name
 * @param position its place in the history, {@link Position#NONE} if no history holds it
 * @param sender the client id of who published it
 * @param time when the broker took it, in milliseconds since 1970-01-01T00:00Z
 * @param content what it says
 */
public record Message(String channel, Position position, String sender, long time, Content content) {}
