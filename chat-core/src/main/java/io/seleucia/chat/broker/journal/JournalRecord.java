package io.seleucia.chat.broker.journal;

import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** A record of a journal. Its bytes are its type, then its texts, each after its length, then its numbers. */
public sealed interface JournalRecord {
    /** The type of a {@link Read}. */
    int READ = 22;

    /** A record about one channel. */
    sealed interface OfChannel extends JournalRecord {}

    /** A record about the journal itself. */
    sealed interface OfJournal extends JournalRecord {}

    /**
     * A message that took the next offset of its channel.
     *
     * @param key its idempotency key; {@code ""} if it has none
     * @param erasure the messages that it deletes, if it is a deletion
     */
    record Published(Message message, String key, Erasure erasure) implements OfChannel {
        public Published(Message message, String key) {
            this(message, key, Erasure.NONE);
        }
    }

    /** The fold of a message that has left the channel's history in memory. The newest of several is valid. */
    record Folded(String channel, Position position, Fold fold) implements OfChannel {}

    /**
     * A channel's position, for its messages have expired or its epoch has changed.
     *
     * @param usedAt when the channel was last used, in milliseconds since 1970
     * @param former the epoch that a new one continues; {@code ""} if the epoch is not new
     */
    record ChannelCheckpoint(String channel, Position position, long usedAt, String former) implements OfChannel {}

    /**
     * A client has read a channel up to this position, or had before the record was repeated.
     *
     * @param client the client's {@link io.seleucia.chat.message.Sender#key}
     * @param usedAt when the channel was last used, in milliseconds since 1970
     */
    record Read(String channel, Position position, String client, long usedAt) implements OfChannel {}

    /** Replaces deleted messages of a channel, of which the last had this position. */
    record Tombstone(String channel, Position position, long time) implements OfChannel {}

    /** A channel has a new description, or none any more; or a copy of that, for its segment is about to go. */
    record Described(String channel, ChannelInfo info) implements OfChannel {}

    /**
     * Deletes the messages of a channel or of a sender in all earlier segments. The second record of its segment.
     *
     * @param channel {@code ""} for all
     * @param sender {@code ""} for all
     */
    record Deletion(String channel, String sender) implements OfJournal {
        public boolean concerns(Message message) {
            return (channel.isEmpty() || channel.equals(message.channel()))
                    && (sender.isEmpty() || sender.equals(message.sender()));
        }

        /** Returns what the deletion leaves of a fold in a channel. */
        public Fold left(String folded, Fold fold) {
            if (!channel.isEmpty() && !channel.equals(folded)) {
                return fold;
            }
            return sender.isEmpty() ? Fold.NONE : fold.without(sender);
        }
    }

    /** The deletion at the beginning of a segment has been carried out in all earlier segments. */
    record DeletionDone(long segment) implements OfJournal {}

    /** Begins a segment: messages that were deleted in earlier segments are being erased from them. */
    record ErasureBegun() implements OfJournal {}

    /** The messages that were deleted in segments before this one have been erased from all segments. */
    record ErasureDone(long segment) implements OfJournal {}

    /**
     * A message that is deleted, although its segment still has the content. Only in the list beside that segment.
     *
     * @param position where it was published
     * @param by who has deleted it
     * @param deletedIn the segment that has the deletion
     */
    record Listed(String channel, Position position, String by, long time, long deletedIn) implements OfJournal {}

    /**
     * A process begins to write, or a new epoch or segment begins.
     *
     * @param boot the machine's boot; {@code ""} if it is unknown
     * @param durable whether delivered messages survive even the end of that boot
     * @param epoch the epoch of the channels in which nothing was published yet
     */
    record Start(String boot, boolean durable, String epoch) implements OfJournal {}

    /**
     * A damage has been reported, and new epochs have begun.
     *
     * @param magic the damaged segment's; 0 if it is unknown
     * @param to the first byte behind the damage; negative if the first version of the format wrote this
     */
    record DamageReported(long segment, int magic, long from, long to) implements OfJournal {}

    /**
     * The segment is a copy, and the original was damaged here.
     *
     * @param magic the original's
     * @param from where the damage began in the original
     * @param to the first byte behind the damage
     */
    record OriginalDamage(int magic, long from, long to) implements OfJournal {}

    /** The last record of a segment. An older segment without it has been cut off. */
    record Sealed() implements OfJournal {}

    /** The process has closed the journal. */
    record Stop() implements OfJournal {}

    /** Returns the record's bytes. */
    default byte[] encoded() {
        return switch (this) {
            case Published published -> encoded(published);
            case Folded folded -> ReferenceRecords.encoded(folded.channel(), folded.position(), folded.fold());
            case ChannelCheckpoint checkpoint -> encoded(checkpoint);
            case Read read ->
                encoded(
                        READ,
                        List.of(read.channel(), read.position().epoch(), read.client()),
                        read.position().offset(),
                        read.usedAt());
            case Tombstone gone ->
                encoded(
                        8,
                        List.of(gone.channel(), gone.position().epoch()),
                        gone.position().offset(),
                        gone.time());
            case Described described -> encoded(described.channel(), described.info());
            case Deletion deletion -> encoded(9, List.of(deletion.channel(), deletion.sender()));
            case DeletionDone done -> encoded(10, List.of(), done.segment());
            case ErasureBegun begun -> encoded(19, List.of());
            case ErasureDone done -> encoded(20, List.of(), done.segment());
            case Listed listed ->
                encoded(
                        23,
                        List.of(listed.channel(), listed.position().epoch(), listed.by()),
                        listed.position().offset(),
                        listed.time(),
                        listed.deletedIn());
            case Start start -> encoded(start.durable() ? 4 : 3, List.of(start.boot(), start.epoch()));
            case DamageReported damage ->
                damage.to() < 0
                        ? encoded(5, List.of(), damage.segment(), damage.from())
                        : encoded(12, List.of(), damage.segment(), damage.magic(), damage.from(), damage.to());
            case OriginalDamage damage -> encoded(13, List.of(), damage.magic(), damage.from(), damage.to());
            case Sealed sealed -> encoded(11, List.of());
            case Stop stop -> encoded(6, List.of());
        };
    }

    private static byte[] encoded(String channel, ChannelInfo info) {
        String json = info.json().map(Content.Json::asText).orElse("");
        return encoded(info.by().guest() ? 31 : 30, List.of(channel, info.by().name(), json), info.time());
    }

    private static byte[] encoded(ChannelCheckpoint checkpoint) {
        String channel = checkpoint.channel();
        Position position = checkpoint.position();
        return checkpoint.former().isEmpty()
                ? encoded(2, List.of(channel, position.epoch()), position.offset(), checkpoint.usedAt())
                : encoded(
                        7,
                        List.of(channel, position.epoch(), checkpoint.former()),
                        position.offset(),
                        checkpoint.usedAt());
    }

    private static byte[] encoded(Published published) {
        Message message = published.message();
        if (message.attributes() != Attributes.NONE && !message.attributes().equals(Attributes.NONE)) {
            return ReferenceRecords.encoded(message, published.key(), published.erasure());
        }
        return switch (message.content()) {
            case Content.Text said -> encoded(message.guest() ? 14 : 0, message, published.key());
            case Content.Json said -> encoded(message.guest() ? 15 : 1, message, published.key());
            case Content.None none -> ReferenceRecords.encoded(message, published.key(), published.erasure());
        };
    }

    private static byte[] encoded(int type, Message message, String key) {
        Position position = message.position();
        String text = message.content().asText();
        List<String> texts = List.of(message.channel(), position.epoch(), message.sender(), key, text);
        return encoded(type, texts, position.offset(), message.time());
    }

    private static byte[] encoded(int type, List<String> texts, long... numbers) {
        byte[][] utf8 = new byte[texts.size()][];
        int length = 1 + Long.BYTES * numbers.length;
        for (int i = 0; i < utf8.length; i++) {
            utf8[i] = texts.get(i).getBytes(StandardCharsets.UTF_8);
            length += Integer.BYTES + utf8[i].length;
        }
        ByteBuffer bytes = ByteBuffer.allocate(length).put((byte) type);
        for (byte[] text : utf8) {
            bytes.putInt(text.length).put(text);
        }
        for (long number : numbers) {
            bytes.putLong(number);
        }
        return bytes.array();
    }

    /**
     * Returns the record that these bytes are.
     *
     * @throws RuntimeException of any kind if they are not a record
     */
    static JournalRecord decoded(ByteBuffer bytes) {
        int type = bytes.get();
        return switch (type) {
            case 0, 1, 14, 15 -> {
                String channel = text(bytes);
                String epoch = text(bytes);
                String sender = text(bytes);
                String key = text(bytes);
                String said = text(bytes);
                Content content = type == 0 || type == 14 ? Content.Text.ofAny(said) : Content.ofJsonOrText(said);
                Position position = new Position(epoch, bytes.getLong());
                yield new Published(new Message(channel, position, sender, type >= 14, bytes.getLong(), content), key);
            }
            case 2, 7 -> {
                String channel = text(bytes);
                String epoch = text(bytes);
                String former = type == 7 ? text(bytes) : "";
                yield new ChannelCheckpoint(channel, new Position(epoch, bytes.getLong()), bytes.getLong(), former);
            }
            case 3, 4 -> new Start(text(bytes), type == 4, text(bytes));
            case 5 -> new DamageReported(bytes.getLong(), 0, bytes.getLong(), -1);
            case 6 -> new Stop();
            case 8 -> new Tombstone(text(bytes), new Position(text(bytes), bytes.getLong()), bytes.getLong());
            case 9 -> new Deletion(text(bytes), text(bytes));
            case 10 -> new DeletionDone(bytes.getLong());
            case READ -> {
                String channel = text(bytes);
                String epoch = text(bytes);
                String client = text(bytes);
                yield new Read(channel, new Position(epoch, bytes.getLong()), client, bytes.getLong());
            }
            case 11 -> new Sealed();
            case 12 -> new DamageReported(bytes.getLong(), (int) bytes.getLong(), bytes.getLong(), bytes.getLong());
            case 13 -> new OriginalDamage((int) bytes.getLong(), bytes.getLong(), bytes.getLong());
            case ReferenceRecords.MESSAGE, ReferenceRecords.DELETION ->
                ReferenceRecords.message(type, bytes, Published::new);
            case ReferenceRecords.FOLD -> ReferenceRecords.fold(bytes, Folded::new);
            case 19 -> new ErasureBegun();
            case 20 -> new ErasureDone(bytes.getLong());
            case 23 -> {
                String channel = text(bytes);
                String epoch = text(bytes);
                String by = text(bytes);
                yield new Listed(channel, new Position(epoch, bytes.getLong()), by, bytes.getLong(), bytes.getLong());
            }
            case 30, 31 -> {
                String channel = text(bytes);
                Sender by = new Sender(text(bytes), type == 31);
                Optional<Content.Json> json =
                        Optional.of(text(bytes)).filter(text -> !text.isEmpty()).map(Content.Json::ofValid);
                yield new Described(channel, new ChannelInfo(json, by, bytes.getLong()));
            }
            default -> throw new IllegalArgumentException("no record has type " + type);
        };
    }

    private static String text(ByteBuffer bytes) {
        return ReferenceRecords.text(bytes);
    }
}
