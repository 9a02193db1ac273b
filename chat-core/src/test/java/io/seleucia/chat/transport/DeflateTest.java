package io.seleucia.chat.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compressed messages, in and out (RFC 7692 §7.2), with the RFC's own examples. Client frames have the mask 0. */
class DeflateTest {
    private static final int LIMIT = 1_000_000;
    private static final Consumer<Frame> NO_ANSWERS = answer -> {
        throw new AssertionError("nothing was to be answered");
    };

    @Test
    void inflatesOneFrame() throws IOException {
        assertMessages(false, "c1 87 00000000  f2 48 cd c9 c9 07 00", "Hello"); // §7.2.3.1
    }

    @Test
    void inflatesAcrossFragments() throws IOException {
        assertMessages(false, "41 83 00000000  f2 48 cd   80 84 00000000  c9 c9 07 00", "Hello"); // §7.2.3.1
    }

    @Test
    void inflatesFragmentsOfOneByteWithEmptyOnesAndPingsBetween() throws IOException {
        StringBuilder frames = new StringBuilder("41 80 00000000");
        for (String b : "f2 48 cd c9 c9 07 00".split(" ")) {
            frames.append("00 81 00000000 ").append(b).append(" 8a 80 00000000"); // with a pong
        }
        assertMessages(false, frames + "80 80 00000000", "Hello");
    }

    @Test
    void inflatesReferencesToEarlierMessages() throws IOException {
        // §7.2.3.2: the second "Hello" refers to the first
        assertMessages(true, "c1 87 00000000  f2 48 cd c9 c9 07 00   c1 85 00000000  f2 00 11 00 00", "Hello", "Hello");
    }

    @Test
    void refusesReferencesToEarlierMessagesWhereNoneWereAgreedOn() throws IOException {
        FrameReader reader = reader(false, "c1 87 00000000  f2 48 cd c9 c9 07 00   c1 85 00000000  f2 00 11 00 00");
        Frames.message(reader, NO_ANSWERS);
        assertRefused(reader, CloseCode.INVALID_COMPRESSION);
    }

    @Test
    void inflatesABlockWithoutCompression() throws IOException {
        assertMessages(false, "c1 8b 00000000  00 05 00 fa ff 48 65 6c 6c 6f 00", "Hello"); // §7.2.3.3
    }

    @Test
    void inflatesAFinalBlock() throws IOException {
        assertMessages(false, "c1 88 00000000  f3 48 cd c9 c9 07 00 00", "Hello"); // §7.2.3.4
    }

    @Test
    void inflatesReferencesAcrossAFinalBlock() throws IOException {
        // "Hello" in a final block, then a reference to it, of the same message and of the next
        assertMessages(true, "c1 8c 00000000  f3 48 cd c9 c9 07 00  f2 00 11 00 00", "HelloHello");
        assertMessages(
                true, "c1 88 00000000  f3 48 cd c9 c9 07 00 00   c1 85 00000000  f2 00 11 00 00", "Hello", "Hello");
    }

    @Test
    void inflatesSeveralBlocks() throws IOException {
        assertMessages(false, "c1 8d 00000000  f2 48 05 00 00 00 ff ff ca c9 c9 07 00", "Hello"); // §7.2.3.5
    }

    @Test
    void inflatesEmptyMessages() throws IOException {
        assertMessages(false, "c1 81 00000000 00   c1 81 00000000 00", "", "");
    }

    @Test
    void inflatesManyEmptyBlocks() throws IOException {
        String blocks = "00 00 00 ff ff ".repeat(10_000);
        assertMessages(false, "c1 fe c357 00000000" + blocks + "f2 48 cd c9 c9 07 00", "Hello");
    }

    @Test
    void boundsTheWorkThatFinalBlocksMake() throws IOException {
        String blocks = "03 00 ".repeat(2_000); // empty and final: each makes the inflater start again
        assertRefused(reader(false, "c1 fe 0fa1 00000000" + blocks + "00"), CloseCode.INVALID_COMPRESSION);
        assertMessages(false, "c1 fe 03e9 00000000" + "03 00 ".repeat(500) + "00", "");
    }

    @Test
    void boundsWhatIsInflatedToNothing() throws IOException {
        byte[] blocks = new byte[2 * LIMIT];
        for (int i = 0; i + 5 <= blocks.length; i += 5) {
            blocks[i + 3] = blocks[i + 4] = (byte) 0xff;
        }
        assertRefused(reader(false, frame(0xc2, blocks, blocks.length)), CloseCode.TOO_LARGE);
    }

    @Test
    void mixesCompressedAndPlainMessages() throws IOException {
        assertMessages(
                false,
                "81 82 00000000 48 69   c1 87 00000000 f2 48 cd c9 c9 07 00   81 80 00000000",
                "Hi",
                "Hello",
                "");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "c1 80 00000000", // nothing at all: even an empty message is a block
                "c1 84 00000000  f2 48 cd c9", // breaks off within a block
                "c1 87 00000000  f3 48 cd c9 c9 07 00", // ends with a final block, to which no tail belongs
                "c1 81 00000000  07", // the type of block that there is none of
                "c1 85 00000000  00 05 00 00 00", // a length that its complement contradicts
                "c1 83 00000000  f2 00 11", // refers to before the beginning
            })
    void refusesWhatIsNotDeflate(String frames) throws IOException {
        assertRefused(reader(false, frames), CloseCode.INVALID_COMPRESSION);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "41 81 00000000 f2   c0 81 00000000 48", // RSV1 on a continuation
                "c9 80 00000000", // on a ping
                "c8 80 00000000", // on a close
                "a1 80 00000000", // RSV2
                "91 80 00000000", // RSV3
            })
    void refusesOtherReservedBits(String frames) throws IOException {
        assertRefused(reader(false, frames), CloseCode.PROTOCOL_ERROR);
    }

    @Test
    void refusesInvalidTextAsSoonAsItIsInflated() throws IOException {
        byte[] invalid = flushed(new byte[] {'a', (byte) 0xff, 'b'});
        // The frame says that more is to come, and nothing more comes: had the reader waited, it would find the end.
        byte[] frame = frame(0xc1, invalid, 1_000);
        assertRefused(reader(false, frame), CloseCode.INVALID_TEXT);
    }

    @Test
    void stopsInflatingAtTheLimit() throws IOException {
        byte[] bomb = flushed(new byte[64 * 1024 * 1024]);
        assertRefused(reader(false, frame(0xc2, bomb, bomb.length)), CloseCode.TOO_LARGE);
    }

    @Test
    void takesAMessageThatIsJustAsLongAsTheLimit() throws IOException {
        byte[] exact = stripped(flushed(new byte[LIMIT]));
        assertThat(Frames.message(reader(false, frame(0xc2, exact, exact.length)), NO_ANSWERS)
                        .bytes())
                .hasSize(LIMIT);
        byte[] over = stripped(flushed(new byte[LIMIT + 1]));
        assertRefused(reader(false, frame(0xc2, over, over.length)), CloseCode.TOO_LARGE);
    }

    @ParameterizedTest
    @ValueSource(ints = {9, 10, 11, 12, 13, 14, 15})
    void compressesWithinTheWindow(int windowBits) throws IOException {
        Random random = new Random(windowBits);
        for (int length : new int[] {256, 257, 511, 512, 513, 5_000, 70_000, 300_000}) {
            byte[] message = compressible(random, length);
            Frame frame = outgoing(windowBits).framing().frame(new Payload(true, message));
            assertThat(frame.bytes()[0] & 0xff).as("FIN, RSV1, text").isEqualTo(0xc1);
            byte[] payload = Arrays.copyOfRange(frame.bytes(), frame.length() - payloadLength(frame), frame.length());

            var inflated = new WindowInflater(payload);
            assertThat(inflated.output()).isEqualTo(message);
            boolean search = windowBits > 9 || length <= 512;
            assertThat(inflated.farthest()).isBetween(search ? 1 : 0, search ? 1 << windowBits : 0);
        }
    }

    @Test
    void leavesShortMessagesAndIncompressibleOnesAsTheyAre() throws IOException {
        byte[] noise = new byte[10_000];
        new Random(7).nextBytes(noise);
        WebSocketConnection socket = outgoing(15);

        assertThat(socket.framing().frame(new Payload(false, noise)).bytes()[0] & 0xff)
                .isEqualTo(0x82);
        assertThat(socket.framing()
                                .frame(new Payload(true, "a".repeat(255).getBytes(StandardCharsets.UTF_8)))
                                .bytes()[0]
                        & 0xff)
                .isEqualTo(0x81);
    }

    @Test
    void sharesTheFramingOfEqualWindows() throws IOException {
        assertThat(outgoing(12).framing()).isSameAs(outgoing(12).framing());
        assertThat(outgoing(12).framing()).isNotSameAs(outgoing(13).framing());
    }

    @Test
    void meetsDamageWithNothingButItsOwnExceptions() throws IOException {
        long seed = Long.getLong("fuzz.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int i = 0; i < 3_000; i++) {
            byte[] payload = stripped(flushed(compressible(random, random.nextInt(2_000))));
            for (int damage = random.nextInt(4); damage > 0 && payload.length > 0; damage--) {
                payload[random.nextInt(payload.length)] ^= (byte) (1 << random.nextInt(8));
            }
            FrameReader reader = reader(i % 2 == 0, frame(0xc2, payload, payload.length));
            try {
                assertThat(Frames.message(reader, NO_ANSWERS).bytes().length).isLessThanOrEqualTo(LIMIT);
            } catch (ConnectionClosedException e) {
                assertThat(e.code())
                        .as("seed %s, case %s", seed, i)
                        .isIn(CloseCode.INVALID_COMPRESSION, CloseCode.TOO_LARGE);
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ", case " + i, e);
            }
            reader.release();
        }
    }

    @Test
    void compressesInContextWhereItWasAgreedOn() throws IOException {
        byte[] message = compressible(new Random(3), 2_000);
        byte[] noise = new byte[1_000];
        new Random(8).nextBytes(noise);
        try (Loopback loopback = new Loopback()) {
            var agreed = new DeflateParameters(15, true, true, "");
            var socket = new WebSocketConnection(loopback.wireOf(new byte[0]), Optional.of(agreed), LIMIT);
            List<byte[]> sent = List.of(message, message, noise, message, message);
            var waiting = sent.stream()
                    .map(bytes -> socket.framing().frame(new Payload(false, bytes)))
                    .collect(Collectors.toCollection(ArrayDeque::new));
            socket.write(waiting.poll(), waiting::poll);
            socket.release();

            // A client's frames have a mask; apart from that they are the server's.
            byte[] received = loopback.received();
            List<byte[]> frames = unmaskedFrames(received);
            FrameReader reader = reader(true, joined(frames.stream().map(DeflateTest::masked)));
            for (byte[] expected : sent) {
                assertThat(Frames.message(reader, NO_ANSWERS).bytes()).isEqualTo(expected);
            }
            assertThat(frames.get(1).length).isLessThan(frames.get(0).length / 4);
        }
    }

    @Test
    void readsOnAfterManyMessagesInContext() throws IOException {
        Random random = new Random(11);
        Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        byte[][] messages = new byte[200][];
        for (int i = 0; i < messages.length; i++) {
            messages[i] = compressible(random, random.nextInt(3_000));
            byte[] payload = stripped(flushed(deflater, messages[i]));
            frames.writeBytes(frame(0xc2, payload, payload.length));
        }
        deflater.end();
        FrameReader reader = reader(true, frames.toByteArray());
        for (byte[] message : messages) {
            assertThat(Frames.message(reader, NO_ANSWERS).bytes()).isEqualTo(message);
        }
        assertThatThrownBy(() -> Frames.message(reader, NO_ANSWERS)).isInstanceOf(EOFException.class);
    }

    private static WebSocketConnection outgoing(int windowBits) throws IOException {
        try (Loopback loopback = new Loopback()) {
            var agreed = new DeflateParameters(windowBits, false, false, "");
            return new WebSocketConnection(loopback.wireOf(new byte[0]), Optional.of(agreed), LIMIT);
        }
    }

    private static void assertMessages(boolean takeover, String frames, String... messages) throws IOException {
        FrameReader reader = reader(takeover, frames);
        for (String message : messages) {
            assertThat(Frames.message(reader, NO_ANSWERS).asString()).isEqualTo(message);
        }
    }

    private static void assertRefused(FrameReader reader, CloseCode code) {
        assertThatThrownBy(() -> Frames.message(reader, NO_ANSWERS))
                .isInstanceOfSatisfying(
                        ConnectionClosedException.class,
                        closed -> assertThat(closed.code()).isEqualTo(code));
        reader.release();
    }

    private static FrameReader reader(boolean takeover, String frames) throws IOException {
        return reader(takeover, HexFormat.of().parseHex(frames.replace(" ", "")));
    }

    private static FrameReader reader(boolean takeover, byte[] frames) throws IOException {
        return Loopback.reader(new Loopback().wireOf(frames), LIMIT, Optional.of(new MessageInflater(takeover)));
    }

    /** Text-like bytes, in which much repeats at all distances. */
    private static byte[] compressible(Random random, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; ) {
            int n = Math.min(length - i, 3 + random.nextInt(40));
            int back = i == 0 ? 0 : 1 + random.nextInt(i);
            for (int j = 0; j < n; j++, i++) {
                bytes[i] = back < n || random.nextInt(20) == 0 ? (byte) ('a' + random.nextInt(26)) : bytes[i - back];
            }
        }
        return bytes;
    }

    private static byte[] flushed(byte[] message) {
        Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
        try {
            return flushed(deflater, message);
        } finally {
            deflater.end();
        }
    }

    private static byte[] flushed(Deflater deflater, byte[] message) {
        deflater.setInput(message);
        byte[] result = new byte[message.length + 1_000];
        return Arrays.copyOf(result, deflater.deflate(result, 0, result.length, Deflater.SYNC_FLUSH));
    }

    private static byte[] stripped(byte[] flushed) {
        return Arrays.copyOf(flushed, flushed.length - 4);
    }

    /** A frame that says it has {@code length} bytes. */
    private static byte[] frame(int first, byte[] payload, int length) {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        frame.write(first);
        if (length < 126) {
            frame.write(0x80 | length);
        } else if (length <= 0xffff) {
            frame.write(0x80 | 126);
            frame.write(length >> 8);
            frame.write(length);
        } else {
            frame.write(0x80 | 127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                frame.write((int) ((long) length >> shift));
            }
        }
        frame.writeBytes(new byte[4]);
        frame.writeBytes(payload);
        return frame.toByteArray();
    }

    private static int payloadLength(Frame frame) {
        int length = frame.bytes()[1] & 0x7f;
        return switch (length) {
            case 126 -> frame.length() - 4;
            case 127 -> frame.length() - 10;
            default -> length;
        };
    }

    private static List<byte[]> unmaskedFrames(byte[] bytes) {
        List<byte[]> frames = new ArrayList<>();
        for (int i = 0; i < bytes.length; ) {
            int length = bytes[i + 1] & 0x7f;
            int head = 2;
            if (length == 126) {
                length = (bytes[i + 2] & 0xff) << 8 | bytes[i + 3] & 0xff;
                head = 4;
            }
            frames.add(Arrays.copyOfRange(bytes, i, i + head + length));
            i += head + length;
        }
        return frames;
    }

    private static byte[] masked(byte[] frame) {
        int head = (frame[1] & 0x7f) == 126 ? 4 : 2;
        return frame(frame[0] & 0xff, Arrays.copyOfRange(frame, head, frame.length), frame.length - head);
    }

    private static byte[] joined(Stream<byte[]> arrays) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        arrays.forEach(joined::writeBytes);
        return joined.toByteArray();
    }
}
