package io.seleucia.chat.faults;

import com.google.gson.JsonObject;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Reference;
import java.util.Optional;

/**
 * A message as a client is shown it, in a push or in a history as it was published.
 *
 * @param text its content; empty in deletions and deleted messages
 * @param ref its reference, if it has one
 * @param deleted who has deleted it, and when
 */
record Said(
        String channel,
        long offset,
        String sender,
        long time,
        Optional<String> text,
        Optional<Reference> ref,
        Optional<Attributes.Deleted> deleted,
        Optional<String> to) {
    /** The id of a message whose content is gone. */
    static final String GONE = "?";

    /** Reads a message of the protocol. */
    static Said of(String channel, JsonObject json) {
        return new Said(
                channel,
                json.get("offset").getAsLong(),
                json.get("sender").getAsString(),
                json.get("time").getAsLong(),
                Optional.ofNullable(json.get("data")).map(data -> data.getAsString()),
                Optional.ofNullable(json.getAsJsonObject("ref")).map(Said::reference),
                deleted(json),
                Optional.ofNullable(json.get("to")).map(to -> to.getAsString()));
    }

    private static Reference reference(JsonObject ref) {
        Reference.Kind kind =
                Reference.Kind.ofWord(ref.get("kind").getAsString()).orElseThrow();
        return new Reference(ref.get("offset").getAsLong(), kind, ref.has("remove"));
    }

    /** Returns who has deleted a message of the protocol, and when. */
    static Optional<Attributes.Deleted> deleted(JsonObject json) {
        return Optional.ofNullable(json.getAsJsonObject("deleted"))
                .map(one -> new Attributes.Deleted(
                        one.get("by").getAsString(), one.get("time").getAsLong()));
    }

    /** Reads a message of the library. */
    static Said of(Message message) {
        Attributes attributes = message.attributes();
        return new Said(
                message.channel(),
                message.position().offset(),
                message.sender(),
                message.time(),
                message.content().equals(Content.NONE)
                        ? Optional.empty()
                        : Optional.of(message.content().asText()),
                attributes.ref(),
                attributes.deleted(),
                Optional.of(attributes.to()).filter(to -> !to.isEmpty()));
    }

    boolean is(Reference.Kind kind) {
        return ref.isPresent() && ref.get().kind() == kind;
    }

    boolean isAnnotation() {
        return ref.isPresent() && ref.get().isAnnotation();
    }

    /** Returns the other client of a message of an inbox. */
    String partner() {
        return to.orElse(sender);
    }

    /**
     * Returns what the message is known by: the key of its {@link Publication}, with which its content begins. A deletion or
     * a reaction is known by what it does, because no member does the same thing twice.
     */
    String id() {
        if (is(Reference.Kind.DELETE) || is(Reference.Kind.REACTION)) {
            return deed(sender, channel, ref.get(), text.orElse(""));
        }
        return text.map(data -> data.substring(0, data.indexOf(' '))).orElse(GONE);
    }

    /** Returns what a deletion or a reaction is known by. */
    static String deed(String sender, String channel, Reference ref, String text) {
        String what = ref.remove() ? "unreact" : ref.kind().word();
        return sender + ":" + what + "-" + ref.offset() + text + channel;
    }
}
