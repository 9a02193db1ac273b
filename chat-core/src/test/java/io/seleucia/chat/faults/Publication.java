package io.seleucia.chat.faults;

import com.google.gson.JsonObject;
import io.seleucia.chat.message.Reference;
import java.util.Optional;

/**
 * A message that somebody publishes until it is acknowledged, under the same key.
 *
 * @param channel a channel, or the inbox {@code @name} of a member
 * @param key the key, with which the content begins, unless it is a reaction
 * @param padding what the content goes on with
 * @param ref the earlier message that it concerns; in inboxes, by its offset in the publisher's own
 * @param reaction the text of a reaction
 * @param trespass whether it edits or deletes what another has said, which must be refused
 */
record Publication(
        String channel, String key, int padding, Optional<Reference> ref, String reaction, boolean trespass) {
    /** A message that refers to none. */
    Publication(String channel, String key, int padding) {
        this(channel, key, padding, Optional.empty(), "", false);
    }

    boolean isDirect() {
        return channel.startsWith("@");
    }

    /** Returns the other side's name, of a direct message. */
    String to() {
        return channel.substring(1);
    }

    private boolean is(Reference.Kind kind) {
        return ref.isPresent() && ref.get().kind() == kind;
    }

    /** The request, but for its id. */
    JsonObject request() {
        JsonObject request = new JsonObject();
        if (isDirect()) {
            request.addProperty("type", "direct");
            request.addProperty("to", to());
        } else {
            request.addProperty("type", "publish");
            request.addProperty("channel", channel);
        }
        request.addProperty("key", key);
        ref.ifPresent(one -> request.add("ref", json(one)));
        if (!is(Reference.Kind.DELETE)) {
            request.addProperty("data", content());
        }
        return request;
    }

    private static JsonObject json(Reference ref) {
        JsonObject json = new JsonObject();
        json.addProperty("offset", ref.offset());
        json.addProperty("kind", ref.kind().word());
        if (ref.remove()) {
            json.addProperty("remove", true);
        }
        return json;
    }

    /** What it says. */
    String content() {
        return is(Reference.Kind.REACTION) ? reaction : key + " " + ".".repeat(padding);
    }

    /** Returns the channel in which its publisher is shown it. */
    String shownIn(String publisher) {
        return isDirect() ? "@" + publisher : channel;
    }

    /** Returns what it is known by there ({@link Said#id}). */
    String shownAs(String publisher) {
        return is(Reference.Kind.DELETE) || is(Reference.Kind.REACTION)
                ? Said.deed(publisher, shownIn(publisher), ref.orElseThrow(), reaction)
                : key;
    }

    /** Returns what it is known by in its channel. In the other's inbox a deletion has an offset that nobody was told. */
    String id(String publisher) {
        return channel.equals(shownIn(publisher)) || shownAs(publisher).equals(key) ? shownAs(publisher) : Said.GONE;
    }
}
