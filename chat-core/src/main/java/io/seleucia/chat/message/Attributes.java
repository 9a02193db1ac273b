package io.seleucia.chat.message;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The headers, reference and state of a message, besides its sender, time and content.
 *
 * @param headers names and texts for programs, sorted by name
 * @param ref the reference to an earlier message, if there is one
 * @param to the recipient, in the copy of a direct message that its sender has; else {@code ""}
 * @param pair an id that both halves of a direct message have, and in the sender's half, behind a space, the offset of the
 *     recipient's half; {@code ""} in channels. Not sent to clients
 * @param author tells a client without a login from others of that name; {@code ""} for a client with one. Not a secret, but
 *     not sent to clients
 * @param deleted who has deleted the message, and when; empty if it is not deleted
 */
public record Attributes(
        Map<String, String> headers,
        Optional<Reference> ref,
        String to,
        String pair,
        String author,
        Optional<Deleted> deleted) {
    /** The maximum number of headers. */
    public static final int MAX_HEADERS = 16;

    /** The maximum size of all headers' names and texts together, in bytes of UTF-8. */
    public static final int MAX_HEADER_BYTES = 1_024;

    private static final int MAX_NAME = 32;
    private static final String NO_CONTENT = "the content is missing";

    /** The attributes of a message that has none. */
    public static final Attributes NONE = new Attributes(Map.of(), Optional.empty(), "", "", "", Optional.empty());

    /**
     * The deletion of a message.
     *
     * @param by the name of the client that has deleted it
     * @param time when, in milliseconds since 1970-01-01T00:00Z
     */
    public record Deleted(String by, long time) {
        /** Refuses null. */
        public Deleted {
            Objects.requireNonNull(by, "by");
        }
    }

    /** Refuses null, and copies the headers. */
    public Attributes {
        Objects.requireNonNull(ref, "ref");
        Objects.requireNonNull(to, "to");
        Objects.requireNonNull(pair, "pair");
        Objects.requireNonNull(author, "author");
        Objects.requireNonNull(deleted, "deleted");
        headers = headers.isEmpty() ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(headers));
    }

    /**
     * {@return these attributes with a reference}
     *
     * @param reference the reference
     */
    public Attributes withRef(Reference reference) {
        return new Attributes(headers, Optional.of(reference), to, pair, author, deleted);
    }

    /**
     * {@return these attributes with other headers}
     *
     * @param others the headers
     */
    public Attributes withHeaders(Map<String, String> others) {
        return new Attributes(others, ref, to, pair, author, deleted);
    }

    /**
     * {@return these attributes, of the sender's copy of a direct message}
     *
     * @param recipient the recipient
     */
    public Attributes withTo(String recipient) {
        return new Attributes(headers, ref, recipient, pair, author, deleted);
    }

    /**
     * {@return these attributes, of one half of a direct message}
     *
     * @param id the id that both halves have
     */
    public Attributes withPair(String id) {
        return new Attributes(headers, ref, to, id, author, deleted);
    }

    /**
     * {@return these attributes, of a client without a login}
     *
     * @param client tells the client from others of that name
     */
    public Attributes withAuthor(String client) {
        return new Attributes(headers, ref, to, pair, client, deleted);
    }

    /**
     * {@return what is left of these attributes in a deleted message: headers are gone with the content}
     *
     * @param deletion who has deleted the message, and when
     */
    public Attributes deleted(Deleted deletion) {
        return new Attributes(Map.of(), ref, to, pair, author, Optional.of(deletion));
    }

    /** {@return whether the message only changes an earlier one} */
    public boolean isAnnotation() {
        return ref.isPresent() && ref.get().isAnnotation();
    }

    /** {@return whether the message is the deletion of an earlier one} */
    public boolean isDeletion() {
        return ref.isPresent() && ref.get().kind() == Reference.Kind.DELETE;
    }

    /** {@return whether the message is the new content of an earlier one} */
    public boolean isEdit() {
        return ref.isPresent() && ref.get().kind() == Reference.Kind.EDIT;
    }

    /** {@return about how many characters the attributes have} */
    public int length() {
        int length = to.length() + pair.length() + author.length();
        for (Map.Entry<String, String> header : headers.entrySet()) {
            length += header.getKey().length() + header.getValue().length();
        }
        return length;
    }

    /**
     * {@return why a message can't have these attributes with a content, for its sender; empty if it can}
     *
     * @param content the content
     */
    public Optional<String> flawWith(Content content) {
        boolean without = content instanceof Content.None;
        if (ref.isEmpty()) {
            return without ? Optional.of(NO_CONTENT) : headers.isEmpty() ? Optional.empty() : flawOfHeaders(headers);
        }
        Reference.Kind kind = ref.get().kind();
        if (without != (kind == Reference.Kind.DELETE)) {
            return Optional.of(without ? NO_CONTENT : "a deletion has no content");
        }
        return kind == Reference.Kind.REACTION && !Reference.isReaction(content)
                ? Optional.of("a reaction is a text of 1 to " + Reference.MAX_REACTION_LENGTH + " characters")
                : flawOfHeaders(headers);
    }

    /**
     * {@return what is wrong with headers, for the client; empty if nothing is}
     *
     * @param headers the headers
     */
    public static Optional<String> flawOfHeaders(Map<String, String> headers) {
        for (Map.Entry<String, String> header : headers.entrySet()) {
            if (!isHeaderName(header.getKey())) {
                return Optional.of("a header's name must have 1 to " + MAX_NAME + " of the characters a-z, 0-9 and -");
            }
            if (!Names.isUnicode(header.getValue())) {
                return Optional.of("a header must be valid Unicode");
            }
        }
        return Optional.empty();
    }

    /**
     * {@return whether headers are more, or larger, than a message may have}
     *
     * @param headers the headers
     */
    public static boolean areTooLarge(Map<String, String> headers) {
        long bytes = 0;
        for (Map.Entry<String, String> header : headers.entrySet()) {
            bytes += header.getKey().length() + header.getValue().getBytes(StandardCharsets.UTF_8).length;
        }
        return headers.size() > MAX_HEADERS || bytes > MAX_HEADER_BYTES;
    }

    private static boolean isHeaderName(String name) {
        return !name.isEmpty()
                && name.length() <= MAX_NAME
                && name.chars().allMatch(one -> one >= 'a' && one <= 'z' || one >= '0' && one <= '9' || one == '-');
    }
}
