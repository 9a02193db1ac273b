package io.seleucia.chat.broker.journal;

import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The bytes of the records of messages that have attributes, and of folds. Numbers precede the lists that they count. */
final class ReferenceRecords {
    /** A message with attributes. */
    static final int MESSAGE = 16;

    /** A message that deletes another, with what it erases. */
    static final int DELETION = 17;

    /** A fold. */
    static final int FOLD = 18;

    private static final int CONTENT = 3; // bits of the flags: 0 text, 1 JSON, 2 none
    private static final int GUEST = 1 << 2;
    private static final int DELETED = 1 << 3;
    private static final int REMOVE = 1 << 4;
    private static final int KIND = 8; // from this bit on: 0 no reference, or the number of its kind

    private static final List<Reference.Kind> KINDS = List.of(
            Reference.Kind.REPLY, Reference.Kind.EDIT, Reference.Kind.DELETE, Reference.Kind.REACTION); // from 1 on

    private ReferenceRecords() {}

    /** Writes what follows the type of a record. */
    private interface Filling {
        void write(DataOutputStream out) throws IOException;
    }

    /** Makes a record of a message. */
    interface OfMessage<R> {
        R of(Message message, String key, Erasure erasure);
    }

    /** Makes a record of a fold. */
    interface OfFold<R> {
        R of(String channel, Position position, Fold fold);
    }

    private static byte[] bytes(int type, Filling content) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try {
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeByte(type);
            content.write(out);
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail so
        }
    }

    static byte[] encoded(Message message, String key, Erasure erasure) {
        Attributes attributes = message.attributes();
        return bytes(erasure.isEmpty() ? MESSAGE : DELETION, out -> {
            text(out, message.channel());
            text(out, message.position().epoch());
            text(out, message.sender());
            text(out, key);
            text(out, message.content().asText());
            text(out, attributes.to());
            text(out, attributes.pair());
            text(out, attributes.author());
            text(out, attributes.deleted().map(Attributes.Deleted::by).orElse(""));
            out.writeLong(message.position().offset());
            out.writeLong(message.time());
            out.writeLong(flags(message));
            out.writeLong(attributes.ref().map(Reference::offset).orElse(0L));
            out.writeLong(attributes.deleted().map(Attributes.Deleted::time).orElse(0L));
            out.writeLong(attributes.headers().size());
            for (Map.Entry<String, String> header : attributes.headers().entrySet()) {
                text(out, header.getKey());
                text(out, header.getValue());
            }
            if (!erasure.isEmpty()) {
                out.writeLong(erasure.epochs().size());
                for (String epoch : erasure.epochs()) {
                    text(out, epoch);
                }
                numbers(out, erasure.offsets());
            }
        });
    }

    private static long flags(Message message) {
        Attributes attributes = message.attributes();
        long kind = attributes.ref().map(it -> KINDS.indexOf(it.kind()) + 1).orElse(0);
        return kind(message.content())
                | (message.guest() ? GUEST : 0)
                | (message.isDeleted() ? DELETED : 0)
                | (attributes.ref().map(Reference::remove).orElse(false) ? REMOVE : 0)
                | kind << KIND;
    }

    private static int kind(Content content) {
        return switch (content) {
            case Content.Text text -> 0;
            case Content.Json json -> 1;
            case Content.None none -> 2;
        };
    }

    private static Content content(long kind, String text) {
        return switch ((int) kind & CONTENT) {
            case 0 -> Content.Text.ofAny(text);
            case 1 -> Content.ofJsonOrText(text);
            case 2 -> Content.NONE;
            default -> throw new IllegalArgumentException("no content is of kind " + kind);
        };
    }

    static <R> R message(int type, ByteBuffer bytes, OfMessage<R> record) {
        String channel = text(bytes);
        String epoch = text(bytes);
        String sender = text(bytes);
        String key = text(bytes);
        String content = text(bytes);
        String to = text(bytes);
        String pair = text(bytes);
        String author = text(bytes);
        String by = text(bytes);
        Position position = new Position(epoch, bytes.getLong());
        long time = bytes.getLong();
        long flags = bytes.getLong();
        long target = bytes.getLong();
        long deletedAt = bytes.getLong();
        Map<String, String> headers = new TreeMap<>();
        for (long left = bytes.getLong(); left > 0; left--) {
            headers.put(text(bytes), text(bytes));
        }
        int kind = (int) (flags >> KIND);
        Optional<Reference> reference = kind == 0
                ? Optional.empty()
                : Optional.of(new Reference(target, KINDS.get(kind - 1), (flags & REMOVE) != 0));
        Optional<Attributes.Deleted> deleted =
                (flags & DELETED) != 0 ? Optional.of(new Attributes.Deleted(by, deletedAt)) : Optional.empty();
        Message message = new Message(
                channel,
                position,
                sender,
                (flags & GUEST) != 0,
                time,
                content(flags, content),
                new Attributes(headers, reference, to, pair, author, deleted));
        return record.of(message, key, type == DELETION ? erasure(bytes) : Erasure.NONE);
    }

    private static Erasure erasure(ByteBuffer bytes) {
        List<String> epochs = new ArrayList<>();
        for (long left = bytes.getLong(); left > 0; left--) {
            epochs.add(text(bytes));
        }
        return new Erasure(epochs, numbers(bytes));
    }

    static byte[] encoded(String channel, Position position, Fold fold) {
        return bytes(FOLD, out -> {
            text(out, channel);
            text(out, position.epoch());
            out.writeLong(position.offset());
            out.writeLong(fold.replies());
            numbers(out, fold.edits());
            out.writeLong(fold.edit().isPresent() ? 1 : 0);
            if (fold.edit().isPresent()) {
                Fold.Edit edit = fold.edit().get();
                text(out, edit.sender());
                text(out, edit.content().asText());
                out.writeLong(edit.offset());
                out.writeLong(edit.time());
                out.writeLong(kind(edit.content()));
            }
            out.writeLong(fold.reactions().size());
            for (Map.Entry<String, List<String>> reaction : fold.reactions().entrySet()) {
                text(out, reaction.getKey());
                out.writeLong(reaction.getValue().size());
                for (String client : reaction.getValue()) {
                    text(out, client);
                }
            }
        });
    }

    static <R> R fold(ByteBuffer bytes, OfFold<R> record) {
        String channel = text(bytes);
        Position position = new Position(text(bytes), bytes.getLong());
        int replies = Math.toIntExact(bytes.getLong());
        List<Long> edits = numbers(bytes);
        Optional<Fold.Edit> edit = Optional.empty();
        if (bytes.getLong() > 0) {
            String sender = text(bytes);
            String content = text(bytes);
            edit = Optional.of(
                    new Fold.Edit(bytes.getLong(), bytes.getLong(), sender, content(bytes.getLong(), content)));
        }
        Map<String, List<String>> reactions = new LinkedHashMap<>();
        for (long left = bytes.getLong(); left > 0; left--) {
            String text = text(bytes);
            List<String> clients = new ArrayList<>();
            for (long clientsLeft = bytes.getLong(); clientsLeft > 0; clientsLeft--) {
                clients.add(text(bytes));
            }
            reactions.put(text, clients);
        }
        return record.of(channel, position, new Fold(edits, edit, reactions, replies));
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(utf8.length);
        out.write(utf8);
    }

    private static void numbers(DataOutputStream out, List<Long> numbers) throws IOException {
        out.writeLong(numbers.size());
        for (long number : numbers) {
            out.writeLong(number);
        }
    }

    /** Returns the next text. Allocates no more than the remaining bytes, even if the length says more. */
    static String text(ByteBuffer bytes) {
        byte[] utf8 = new byte[Math.min(bytes.getInt(), bytes.remaining())];
        bytes.get(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }

    private static List<Long> numbers(ByteBuffer bytes) {
        List<Long> numbers = new ArrayList<>();
        for (long left = bytes.getLong(); left > 0; left--) {
            numbers.add(bytes.getLong());
        }
        return numbers;
    }
}
