package io.seleucia.chat.examples;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.seleucia.chat.message.ChannelEntry;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Printable;
import java.util.Optional;

/** Writes messages as lines for a {@link TerminalClient}. Nothing in a message steers the terminal. Has no state. */
final class TerminalLines {
    private static final int DIM = 2;
    private static final int BOLD = 1;

    private final boolean colours;
    private final boolean offsets;

    TerminalLines(boolean colours, boolean offsets) {
        this.colours = colours;
        this.offsets = offsets;
    }

    /** Returns {@code #12 [lobby] ada (answering #7): hi}. */
    String message(Message message) {
        String answer = answer(message);
        return number(message)
                + channel(message)
                + styled(BOLD, message.sender())
                + (answer.isEmpty() ? "" : styled(DIM, " (" + answer + ")"))
                + ": "
                + text(message);
    }

    /** Returns {@code #3 ada (to you): hi}. */
    String direct(Message message, String to) {
        String answer = answer(message);
        String note = " (to " + to + (answer.isEmpty() ? "" : ", " + answer) + ")";
        return number(message) + styled(BOLD, message.sender()) + styled(DIM, note) + ": " + text(message);
    }

    /** Returns {@code [lobby] ada edited #12: hello}. */
    String edit(Message edit) {
        return change(edit, "edited " + target(edit)) + ": " + text(edit);
    }

    /** Returns {@code [lobby] ada deleted #12}. */
    String deletion(Message deletion) {
        return change(deletion, "deleted " + target(deletion));
    }

    /** Returns {@code [lobby] bob reacted to #12: +1}, or that bob has taken it back. */
    String reaction(Message reaction) {
        boolean removed = reaction.attributes().ref().orElseThrow().remove();
        String done = (removed ? "took back a reaction to " : "reacted to ") + target(reaction);
        return change(reaction, done) + ": " + text(reaction);
    }

    /** Returns {@code #12 [lobby] ada: hello (edited) [+1 2] [1 reply]}. */
    String folded(FoldedMessage folded) {
        StringBuilder notes = new StringBuilder();
        if (folded.edited().isPresent()) {
            notes.append(" (edited)");
        }
        for (FoldedMessage.Reaction reaction : folded.reactions()) {
            notes.append(" [")
                    .append(reaction.text())
                    .append(' ')
                    .append(reaction.count())
                    .append(']');
        }
        if (folded.replies() > 0) {
            notes.append(" [").append(folded.replies()).append(folded.replies() == 1 ? " reply]" : " replies]");
        }
        return message(folded.message()) + (notes.isEmpty() ? "" : styled(DIM, notes.toString()));
    }

    /** Returns {@code lobby: 3 here, lunch}. */
    String channel(ChannelEntry entry) {
        String topic = topic(entry.info().flatMap(ChannelInfo::json));
        return Printable.line(
                entry.channel() + ": " + entry.clients() + " here" + (topic.isEmpty() ? "" : ", " + topic));
    }

    /** Returns {@code [lobby] topic: lunch}, or that there is none. */
    String topic(String channel, Optional<Content.Json> description) {
        String topic = topic(description);
        return styled(DIM, "[" + channel + "] ") + (topic.isEmpty() ? "no topic" : "topic: " + Printable.line(topic));
    }

    /** Returns the topic in the description of a channel, or the description itself if it has none. */
    private static String topic(Optional<Content.Json> description) {
        if (description.isEmpty()) {
            return "";
        }
        String json = description.get().asText();
        JsonElement topic = JsonParser.parseString(json).getAsJsonObject().get("topic");
        return topic != null && topic.isJsonPrimitive() ? topic.getAsString() : json;
    }

    private String change(Message message, String done) {
        return channel(message) + styled(BOLD, message.sender()) + " " + done;
    }

    private String number(Message message) {
        return offsets ? styled(DIM, "#" + message.position().offset()) + " " : "";
    }

    private String channel(Message message) {
        return styled(DIM, "[" + message.channel() + "] ");
    }

    /** Returns which message a reply answers. */
    private static String answer(Message message) {
        return message.attributes().ref().isPresent() ? "answering " + target(message) : "";
    }

    private static String target(Message message) {
        return "#" + message.attributes().ref().orElseThrow().offset();
    }

    private String text(Message message) {
        return message.isDeleted()
                ? styled(DIM, "(deleted)")
                : Printable.line(message.content().asText());
    }

    private String styled(int style, String text) {
        return colours ? "\033[" + style + "m" + Printable.line(text) + "\033[0m" : Printable.line(text);
    }
}
