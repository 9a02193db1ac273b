package io.seleucia.chat.broker;

import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What a journal holds, one after the other, and how each looks in bytes: its type, then its fields in their order. */
sealed interface JournalRecord {
    /** A message took the next place in its channel. */
    record Published(Message message, String key) implements JournalRecord {}

    /**
     * Where a channel stands: its messages are gone, or its epoch has become another.
     *
     * @param usedAt when it was last used, in milliseconds since 1970
     * @param former the epoch that this one goes on from, {@code ""} if it is no new one
     */
    record Standing(String channel, Position position, long usedAt, String former) implements JournalRecord {}

    /** Messages of a channel were here, the last at this position, and have been deleted. */
    record Gone(String channel, Position position, long time) implements JournalRecord {}

    /**
     * All messages in earlier files are deleted that are of a channel, or of a sender. Stands at the beginning of its file.
     *
     * @param channel {@code ""} for all
     * @param sender {@code ""} for all
     */
    record Deletion(String channel, String sender) implements JournalRecord {
        boolean concerns(Message message) {
            return (channel.isEmpty() || channel.equals(message.channel()))
                    && (sender.isEmpty() || sender.equals(message.sender()));
        }
    }

    /** What the deletion at the beginning of a segment names is gone from all earlier files. */
    record Erased(long segment) implements JournalRecord {}

    /**
     * A process begins to write, or a new epoch or file begins.
     *
     * @param boot the machine's boot, {@code ""} if that can't be told
     * @param durable whether what was delivered survives even the end of that boot
     * @param epoch of the channels in which nothing was published yet
     */
    record Start(String boot, boolean durable, String epoch) implements JournalRecord {}

    /**
     * A damage before this place has been reported, and its consequences drawn.
     *
     * @param mark of the file that had it, 0 if that is not known
     * @param to the first byte behind it; negative in what the first version of the format wrote, which did not tell
     */
    record Noted(long segment, int mark, long from, long to) implements JournalRecord {}

    /**
     * The segment is a copy, and here the original had a damage.
     *
     * @param mark the original's
     * @param from where the damage began in the original
     * @param to the first byte behind it
     */
    record Damaged(int mark, long from, long to) implements JournalRecord {}

    /** Nothing follows in this segment, ever. A segment that another one follows and that does not end so is cut off. */
    record Sealed() implements JournalRecord {}

    /** The process has ended in good order. */
    record Stop() implements JournalRecord {}

    /** Its bytes. */
    default byte[] encoded() {
        return switch (this) {
            case Published published -> encoded(published.message(), published.key());
            case Standing standing -> encoded(standing);
            case Gone gone ->
                new Fields(8, gone.channel(), gone.position().epoch())
                        .with(gone.position().offset(), gone.time());
            case Deletion deletion -> new Fields(9, deletion.channel(), deletion.sender()).with();
            case Erased erased -> new Fields(10).with(erased.segment());
            case Start start -> new Fields(start.durable() ? 4 : 3, start.boot(), start.epoch()).with();
            case Noted noted -> encoded(noted);
            case Damaged damaged -> new Fields(13).with(damaged.mark(), damaged.from(), damaged.to());
            case Sealed sealed -> new Fields(11).with();
            case Stop stop -> new Fields(6).with();
        };
    }

    private static byte[] encoded(Noted noted) {
        return noted.to() < 0
                ? new Fields(5).with(noted.segment(), noted.from())
                : new Fields(12).with(noted.segment(), noted.mark(), noted.from(), noted.to());
    }

    private static byte[] encoded(Standing standing) {
        String channel = standing.channel();
        Position position = standing.position();
        Fields fields = standing.former().isEmpty()
                ? new Fields(2, channel, position.epoch())
                : new Fields(7, channel, position.epoch(), standing.former());
        return fields.with(position.offset(), standing.usedAt());
    }

    private static byte[] encoded(Message message, String key) {
        int type = switch (message.content()) {
            case Content.Text text -> 0;
            case Content.Json json -> 1;
        };
        return new Fields(
                        type,
                        message.channel(),
                        message.position().epoch(),
                        message.sender(),
                        key,
                        message.content().asText())
                .with(message.position().offset(), message.time());
    }

    /**
     * A record from its bytes.
     *
     * @throws RuntimeException of whatever kind if they are none
     */
    static JournalRecord decoded(ByteBuffer bytes) {
        int type = bytes.get();
        return switch (type) {
            case 0, 1 -> {
                String channel = text(bytes);
                String epoch = text(bytes);
                String sender = text(bytes);
                String key = text(bytes);
                String said = text(bytes);
                Content content = type == 0 ? Content.Text.ofAny(said) : Content.ofJsonOrText(said);
                Position position = new Position(epoch, bytes.getLong());
                yield new Published(new Message(channel, position, sender, bytes.getLong(), content), key);
            }
            case 2, 7 -> {
                String channel = text(bytes);
                String epoch = text(bytes);
                String former = type == 7 ? text(bytes) : "";
                yield new Standing(channel, new Position(epoch, bytes.getLong()), bytes.getLong(), former);
            }
            case 3, 4 -> new Start(text(bytes), type == 4, text(bytes));
            case 5 -> new Noted(bytes.getLong(), 0, bytes.getLong(), -1);
            case 6 -> new Stop();
            case 8 -> {
                String channel = text(bytes);
                String epoch = text(bytes);
                yield new Gone(channel, new Position(epoch, bytes.getLong()), bytes.getLong());
            }
            case 9 -> new Deletion(text(bytes), text(bytes));
            case 10 -> new Erased(bytes.getLong());
            case 11 -> new Sealed();
            case 12 -> new Noted(bytes.getLong(), (int) bytes.getLong(), bytes.getLong(), bytes.getLong());
            case 13 -> new Damaged((int) bytes.getLong(), bytes.getLong(), bytes.getLong());
            default -> throw new IllegalArgumentException("no record has type " + type);
        };
    }

    private static String text(ByteBuffer bytes) {
        byte[] utf8 = new byte[Math.min(bytes.getInt(), bytes.remaining())];
        bytes.get(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }

    /** A type and texts, each with its length before it; then numbers. */
    final class Fields {
        private final int type;
        private final byte[][] texts;

        private Fields(int type, String... texts) {
            this.type = type;
            this.texts = new byte[texts.length][];
            for (int i = 0; i < texts.length; i++) {
                this.texts[i] = texts[i].getBytes(StandardCharsets.UTF_8);
            }
        }

        private byte[] with(long... numbers) {
            int length = 1 + Long.BYTES * numbers.length;
            for (byte[] text : texts) {
                length += Integer.BYTES + text.length;
            }
            ByteBuffer bytes = ByteBuffer.allocate(length).put((byte) type);
            for (byte[] text : texts) {
                bytes.putInt(text.length).put(text);
            }
            for (long number : numbers) {
                bytes.putLong(number);
            }
            return bytes.array();
        }
    }
}
