package io.seleucia.chat.channel;

import io.seleucia.chat.json.StrictJson;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.FoldedMessage;
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
    private static final int EDIT_MARK = 2; // before the text of an edit, where protocols have no other sign of it
    private static final int HEADERS_BYTES = 13; // ,"headers":{}
    private static final int REF_BYTES = 80; // ,"ref":{"offset":…,"kind":"reaction","remove":true}
    private static final int FRAME_BYTES = 102; // {"type":"message", other names, offset, time, and a text's quotes

    /** Keeps its own copy. */
    public MessageSizes {
        longestTexts = Map.copyOf(longestTexts);
    }

    /** Returns these bounds with fewer bytes of any content, if that is less. */
    public MessageSizes within(int bytes) {
        return bytes < messageBytes ? new MessageSizes(bytes, longestTexts) : this;
    }

    /**
     * Returns why a client must not publish a content in a channel, if so.
     *
     * @param bytes of the content: {@link #bytes}
     */
    public Optional<String> flaw(String channel, Content content, long bytes) {
        return flaw(channel, content, Attributes.NONE, bytes);
    }

    /**
     * Returns why a client must not publish a message in a channel, if so.
     *
     * @param bytes of the content and the attributes: {@link #bytes(Content)} and {@link #bytes(Attributes)}
     */
    public Optional<String> flaw(String channel, Content content, Attributes attributes, long bytes) {
        return bytes <= messageBytes ? flawOfText(channel, content, attributes) : Optional.of(tooLarge(bytes));
    }

    /** Returns why the program must not publish a message, if so: the limit is for the whole frame of chat.v1. */
    public Optional<String> flaw(String channel, String sender, Content content, Attributes attributes) {
        long more = FRAME_BYTES + StrictJson.quotedBytes(channel) + StrictJson.quotedBytes(sender) + bytes(attributes);
        return fits(content, more)
                ? flawOfText(channel, content, attributes)
                : Optional.of(tooLarge(bytes(content) + more));
    }

    private String tooLarge(long bytes) {
        return "a message must have at most " + messageBytes + " bytes as it is sent, and this one has " + bytes;
    }

    private Optional<String> flawOfText(String channel, Content content, Attributes attributes) {
        int longest = longestTexts.getOrDefault(channel, Integer.MAX_VALUE);
        if (attributes.isEdit()) {
            longest -= EDIT_MARK;
        }
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
            case Content.None none -> 0;
        };
    }

    /** Returns the bytes of the headers and the reference. */
    public static long bytes(Attributes attributes) {
        if (attributes == Attributes.NONE) {
            return 0;
        }
        long bytes = attributes.ref().isPresent() ? REF_BYTES : 0;
        if (!attributes.headers().isEmpty()) {
            bytes += HEADERS_BYTES;
            for (Map.Entry<String, String> header : attributes.headers().entrySet()) {
                bytes += header.getKey().length() + 4 + StrictJson.quotedBytes(header.getValue());
            }
        }
        return bytes;
    }

    /** Returns a message of the broker as members are sent it, with the channel's name as they know it. */
    public Message presentable(Message message) {
        String channel = Names.shown(message.channel());
        Message shown = channel.equals(message.channel()) ? message : message.in(channel);
        boolean small = shown.content() instanceof Content.None || fits(shown.content(), bytes(shown.attributes()));
        return small ? shown : shown.withContent(notice(shown.sender(), shown.content()));
    }

    /** Returns a message as it is now, as members are sent it. */
    public FoldedMessage presentable(FoldedMessage folded) {
        return new FoldedMessage(presentable(folded.message()), folded.edited(), folded.reactions(), folded.replies());
    }

    /** Returns a content of the broker as members are sent it. */
    public Content presentable(String sender, Content content) {
        return fits(content, 0) ? content : notice(sender, content);
    }

    private static Content notice(String sender, Content content) {
        return new Content.Text(
                "a message of " + sender + " has " + bytes(content) + " bytes, and is too large to be shown here");
    }
}
