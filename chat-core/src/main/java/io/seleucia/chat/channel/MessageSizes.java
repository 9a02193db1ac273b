package io.seleucia.chat.channel;

import io.seleucia.chat.json.StrictJson;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/**
 * The bounds of contents, measured as chat.v1 sends them: as JSON, escaped, in UTF-8, and a text without its quotation
 * marks. Nothing larger is published here. A larger content that another server or program has put into the broker is
 * replaced by a notice of its size.
 *
 * @param messageBytes the most bytes of any content
 * @param longestTexts the most bytes in UTF-8 of a text, by channel, where members can't be sent more
 */
public record MessageSizes(int messageBytes, Map<String, Integer> longestTexts) {
    private static final int MAX_BYTES_OF_CHAR = 3; // a surrogate pair has four
    private static final int MAX_ESCAPED_BYTES_OF_CHAR = 6;
    private static final int FRAME_BYTES = 102; // {"type":"message", other names, offset, time, and a text's quotes

    /** Keeps its own copy. */
    public MessageSizes {
        longestTexts = Map.copyOf(longestTexts);
    }

    /**
     * Returns why a client must not publish a content in a channel, if so.
     *
     * @param bytes of the content: {@link #bytes}
     */
    public Optional<String> flaw(String channel, Content content, long bytes) {
        return bytes <= messageBytes ? flawOfText(channel, content) : Optional.of(tooLarge(bytes));
    }

    /** Returns why the program must not publish a content, if so: the limit is for the whole frame of chat.v1. */
    public Optional<String> flaw(String channel, String sender, Content content) {
        long more = FRAME_BYTES + StrictJson.quotedBytes(channel) + StrictJson.quotedBytes(sender);
        return fits(content, more) ? flawOfText(channel, content) : Optional.of(tooLarge(bytes(content) + more));
    }

    private String tooLarge(long bytes) {
        return "a message must have at most " + messageBytes + " bytes as it is sent, and this one has " + bytes;
    }

    private Optional<String> flawOfText(String channel, Content content) {
        int longest = longestTexts.getOrDefault(channel, Integer.MAX_VALUE);
        String text = content.asText();
        return text.length() <= longest / MAX_BYTES_OF_CHAR || text.getBytes(StandardCharsets.UTF_8).length <= longest
                ? Optional.empty()
                : Optional.of("a text in " + channel + " must have at most " + longest + " bytes");
    }

    /**
     * Returns the bytes of a message as a frame of chat.v1.
     *
     * @param bytes of its content: {@link #bytes}
     */
    public static long sentBytes(String channel, String sender, long bytes) {
        return FRAME_BYTES + StrictJson.quotedBytes(channel) + StrictJson.quotedBytes(sender) + bytes;
    }

    private boolean fits(Content content, long more) {
        long left = messageBytes - more;
        return content.asText().length() < left / MAX_ESCAPED_BYTES_OF_CHAR || bytes(content) <= left;
    }

    /** Returns the bytes of a content. Looks at each of its characters. */
    public static long bytes(Content content) {
        return switch (content) {
            case Content.Text text -> StrictJson.quotedBytes(text.asText()) - 2;
            case Content.Json json -> StrictJson.bytes(json.asText());
        };
    }

    /** Returns a message of the broker as members are sent it, with the channel's name as they know it. */
    public Message presentable(Message message) {
        String channel = Names.shown(message.channel());
        Message shown = channel.equals(message.channel()) ? message : message.in(channel);
        return fits(shown.content(), 0) ? shown : shown.withContent(presentable(shown.sender(), shown.content()));
    }

    /** Returns a content of the broker as members are sent it. */
    public Content presentable(String sender, Content content) {
        return fits(content, 0)
                ? content
                : new Content.Text("a message of " + sender + " has " + bytes(content)
                        + " bytes, and is too large to be shown here");
    }
}
