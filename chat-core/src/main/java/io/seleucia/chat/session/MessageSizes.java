package io.seleucia.chat.session;

import io.seleucia.chat.json.StrictJson;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/**
 * How large the content of a message may be, measured as chat.v1 sends it: as JSON, escaped, in UTF-8, and a text without
 * its quotation marks. Nothing larger is published here; what another server or program has put into the broker is
 * replaced by a notice of its size.
 *
 * @param messageBytes the most bytes of any content
 * @param longestTexts the most bytes of UTF-8 that a text may have, in channels with members who can't be sent more
 */
public record MessageSizes(int messageBytes, Map<String, Integer> longestTexts) {
    private static final int MAX_BYTES_OF_CHAR = 3; // two that stand for one code point have four together
    private static final int MAX_ESCAPED_BYTES_OF_CHAR = 6;
    private static final int FRAME_BYTES =
            102; // {"type":"message", the other names, the offset, the time, and a text's quotes

    /** Keeps its own copy. */
    public MessageSizes {
        longestTexts = Map.copyOf(longestTexts);
    }

    /** Returns why a client can't publish a content in a channel, if it can't. */
    Optional<String> flaw(String channel, Content content) {
        return flaw(channel, content, 0);
    }

    /** Returns why the program can't publish a content, if it can't: the whole frame of chat.v1 must keep the limit. */
    public Optional<String> flaw(String channel, String sender, Content content) {
        return flaw(channel, content, FRAME_BYTES + quotedBytes(channel) + quotedBytes(sender));
    }

    private Optional<String> flaw(String channel, Content content, int more) {
        if (!fits(content, more)) {
            return Optional.of("a message must have at most " + messageBytes + " bytes as it is sent, and this one has "
                    + (bytes(content) + more));
        }
        int longest = longestTexts.getOrDefault(channel, Integer.MAX_VALUE);
        String text = content.asText();
        return text.length() <= longest / MAX_BYTES_OF_CHAR || text.getBytes(StandardCharsets.UTF_8).length <= longest
                ? Optional.empty()
                : Optional.of("a text in " + channel + " must have at most " + longest + " bytes");
    }

    private boolean fits(Content content, int more) {
        int left = messageBytes - more;
        return content.asText().length() < left / MAX_ESCAPED_BYTES_OF_CHAR || bytes(content) <= left;
    }

    private static long bytes(Content content) {
        return switch (content) {
            case Content.Text text -> quotedBytes(text.asText()) - 2;
            case Content.Json json -> StrictJson.bytes(json.asText());
        };
    }

    private static int quotedBytes(String text) {
        return (int) Math.min(Integer.MAX_VALUE, StrictJson.quotedBytes(text));
    }

    /** Returns a message that came from the broker as members are sent it. */
    Message presentable(Message message) {
        return fits(message.content(), 0)
                ? message
                : new Message(
                        message.channel(),
                        message.position(),
                        message.sender(),
                        message.time(),
                        presentable(message.sender(), message.content()));
    }

    /** Returns a content that came from the broker as members are sent it. */
    Content presentable(String sender, Content content) {
        return fits(content, 0)
                ? content
                : new Content.Text("a message of " + sender + " has " + bytes(content)
                        + " bytes, and is too large to be shown here");
    }
}
