package io.seleucia.chat.transport;

import io.seleucia.chat.message.Payload;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * What a client sends that keeps all the rules of RFC 6455 §5, as bytes and as what must come of them. The plainest
 * encoder there can be: a byte at a time.
 */
final class Traffic {
    /** Something that must be delivered once the bytes up to {@code end} have come. */
    record Sent<T>(T what, int end) {}

    private static final int[] LENGTHS = {0, 1, 3, 4, 7, 8, 124, 125, 126, 127, 511, 512, 513, 4_000};
    private static final int[] LONG = {65_535, 65_536, 65_537, 100_000};

    private final Random random;
    private final int limit;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final List<Integer> frames = new ArrayList<>(); // where each begins
    private final List<Sent<Payload>> messages = new ArrayList<>();
    private final List<Sent<byte[]>> pings = new ArrayList<>();

    private Traffic(Random random, int limit) {
        this.random = random;
        this.limit = limit;
    }

    /** A few messages of up to {@code limit} bytes, in one frame or many, with control frames among them. */
    static Traffic random(Random random, int limit) {
        Traffic traffic = new Traffic(random, limit);
        for (int n = random.nextInt(6); n >= 0; n--) {
            traffic.controlFrames();
            traffic.message();
        }
        traffic.controlFrames();
        return traffic;
    }

    byte[] bytes() {
        return out.toByteArray();
    }

    List<Integer> frames() {
        return frames;
    }

    /** The messages that are complete within the first {@code length} bytes. */
    List<Payload> messages(int length) {
        return within(messages, length);
    }

    /** The payloads of the pings that are complete within the first {@code length} bytes. */
    List<byte[]> pings(int length) {
        return within(pings, length);
    }

    private static <T> List<T> within(List<Sent<T>> all, int length) {
        return all.stream().filter(sent -> sent.end <= length).map(Sent::what).toList();
    }

    private void message() {
        boolean text = random.nextBoolean();
        int length = Math.min(limit, length());
        byte[] payload = text ? text(length) : bytes(length);
        int opcode = text ? FrameReader.TEXT : FrameReader.BINARY;
        int from = 0;
        while (random.nextInt(3) == 0) {
            int to = from + random.nextInt(payload.length - from + 1);
            frame(false, opcode, Arrays.copyOfRange(payload, from, to));
            controlFrames();
            opcode = FrameReader.CONTINUATION;
            from = to;
        }
        frame(true, opcode, Arrays.copyOfRange(payload, from, payload.length));
        messages.add(new Sent<>(new Payload(text, payload), out.size()));
    }

    private int length() {
        int[] lengths = random.nextInt(60) == 0 ? LONG : LENGTHS;
        return random.nextInt(3) == 0 ? random.nextInt(200) : lengths[random.nextInt(lengths.length)];
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private byte[] text(int length) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        while (text.size() < length) {
            byte[] character = Payload.of(Character.toString(codePoint())).bytes();
            if (text.size() + character.length <= length) {
                text.writeBytes(character);
            }
        }
        return text.toByteArray();
    }

    private int codePoint() {
        return switch (random.nextInt(8)) {
            case 0 -> random.nextInt(0x80, 0x800);
            case 1 -> random.nextInt(0x800, Character.MIN_SURROGATE);
            case 2 -> random.nextInt(Character.MAX_SURROGATE + 1, 0x10000);
            case 3 -> random.nextInt(0x10000, Character.MAX_CODE_POINT + 1);
            default -> random.nextInt(0x80);
        };
    }

    private void controlFrames() {
        while (random.nextInt(4) == 0) {
            byte[] payload = bytes(random.nextInt(126));
            boolean ping = random.nextBoolean();
            frame(true, ping ? FrameReader.PING : FrameReader.PONG, payload);
            if (ping) {
                pings.add(new Sent<>(payload, out.size()));
            }
        }
    }

    /** The end of a conversation. */
    void close() {
        frame(
                true,
                FrameReader.CLOSE,
                random.nextBoolean() ? new byte[0] : new byte[] {0x03, (byte) 0xe8, 'b', 'y', 'e'});
    }

    private void frame(boolean fin, int opcode, byte[] payload) {
        frames.add(out.size());
        out.write((fin ? 0x80 : 0) | opcode);
        if (payload.length < 126) {
            out.write(0x80 | payload.length);
        } else if (payload.length < 0x10000) {
            out.write(0x80 | 126);
            out.writeBytes(
                    ByteBuffer.allocate(2).putShort((short) payload.length).array());
        } else {
            out.write(0x80 | 127);
            out.writeBytes(ByteBuffer.allocate(8).putLong(payload.length).array());
        }
        byte[] mask = bytes(4);
        out.writeBytes(mask);
        for (int i = 0; i < payload.length; i++) {
            out.write(payload[i] ^ mask[i % 4]);
        }
    }
}
