package io.seleucia.chat.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rules of RFC 6455 §5, spoken in bytes. A mask of zeros leaves a payload readable. */
class FrameReaderTest {
    private static final int LIMIT = 70_000;
    private static final Consumer<Frame> NO_ANSWERS = frame -> fail("nothing here wants an answer");

    @AutoClose
    private final Loopback loopback = new Loopback();

    @Test
    void readsMaskedText() throws IOException {
        var reader = readerOf("81 85 37 fa 21 3d 7f 9f 4d 51 58"); // the example of RFC 6455 §5.7

        assertText(reader, "Hello");
    }

    @Test
    void readsBinary() throws IOException {
        var reader = readerOf("82 82 01 02 03 04 ff 00"); // binary, masked, two bytes

        Payload message = Frames.message(reader, NO_ANSWERS);

        assertThat(message.text()).isFalse();
        assertThat(message.bytes()).isEqualTo(bytes("fe 02"));
    }

    @Test
    void takesAnyBytesAsBinary() throws IOException {
        var reader = readerOf("82 83 00 00 00 00 ff c0 80"); // no valid UTF-8

        assertThat(Frames.message(reader, NO_ANSWERS).bytes()).isEqualTo(bytes("ff c0 80"));
    }

    @Test
    void readsOneMessageAfterTheOther() throws IOException {
        var reader = readerOf(
                "81 81 00 00 00 00 61", // text "a"
                "81 80 00 00 00 00", // text, empty
                "81 81 00 00 00 00 62"); // text "b"

        assertText(reader, "a");
        assertText(reader, "");
        assertText(reader, "b");
        assertThatThrownBy(() -> Frames.message(reader, NO_ANSWERS)).isInstanceOf(EOFException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 125, 126, 127, 511, 512, 513, 65_535, 65_536})
    void readsPayloadsOfAnyLength(int length) throws IOException {
        byte[] payload = new byte[length];
        new Random(length).nextBytes(payload);
        var reader = readerOf(frame(0x82, payload), frame(0x82, bytes("2a")));

        assertThat(Frames.message(reader, NO_ANSWERS).bytes()).isEqualTo(payload);
        assertThat(Frames.message(reader, NO_ANSWERS).bytes()).isEqualTo(bytes("2a"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"c1", "a1", "91", "f1"})
    void refusesReservedBits(String first) throws IOException {
        assertProtocolError("reserved bits must be 0 without an extension", first + " 80 00 00 00 00");
    }

    @ParameterizedTest
    @ValueSource(strings = {"81 01 61", "82 00", "89 00", "88 02 03 e8"}) // text, binary, ping, close
    void refusesUnmaskedFrame(String frame) throws IOException {
        assertProtocolError("frames from a client must be masked", frame);
    }

    @ParameterizedTest
    @ValueSource(strings = {"83", "84", "85", "86", "87", "8b", "8c", "8d", "8e", "8f"})
    void refusesUnknownOpcode(String first) throws IOException {
        assertProtocolError("unknown opcode", first + " 80 00 00 00 00");
    }

    @ParameterizedTest
    @ValueSource(strings = {"08", "09", "0a"}) // close, ping, pong, FIN clear
    void refusesFragmentedControlFrame(String first) throws IOException {
        assertProtocolError("control frames must be final", first + " 80 00 00 00 00");
    }

    @ParameterizedTest
    @ValueSource(ints = {0x88, 0x89, 0x8a}) // close, ping, pong
    void refusesLongControlFrame(int first) throws IOException {
        assertProtocolError("control frames must not exceed 125 bytes", frame(first, new byte[126]));
    }

    @ParameterizedTest
    @ValueSource(strings = {"00", "80"}) // with more to come, and final
    void refusesStrayContinuation(String first) throws IOException {
        assertProtocolError("a continuation must follow a frame that is not final", first + " 81 00 00 00 00 61");
    }

    @Test
    void refusesContinuationOfMessageThatIsComplete() throws IOException {
        var reader = readerOf(
                "01 81 00 00 00 00 61", // text "a", more to come
                "80 81 00 00 00 00 62", // continuation "b", final
                "80 81 00 00 00 00 63"); // continuation "c", of nothing

        assertText(reader, "ab");
        assertRefused(reader, CloseCode.PROTOCOL_ERROR, "a continuation must follow a frame that is not final");
    }

    @ParameterizedTest
    @ValueSource(strings = {"81", "82", "01", "02"}) // text and binary, final and not
    void refusesNewMessageWithinAnother(String first) throws IOException {
        assertProtocolError(
                "a new message must not begin within another",
                "01 81 00 00 00 00 61", // text "a", more to come
                first + " 81 00 00 00 00 62");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "fe 00 00", // 0 in 16 bits
                "fe 00 7d", // 125 in 16 bits
                "ff 00 00 00 00 00 00 00 7d", // 125 in 64 bits
                "ff 00 00 00 00 00 00 00 7e", // 126 in 64 bits
                "ff 00 00 00 00 00 00 ff ff" // 65,535 in 64 bits
            })
    void refusesLengthThatIsNotShortest(String length) throws IOException {
        assertProtocolError("lengths must take the shortest form", "82 " + length);
    }

    @ParameterizedTest
    @ValueSource(strings = {"80 00 00 00 00 00 00 00", "ff ff ff ff ff ff ff ff", "80 00 00 00 00 00 00 01"})
    void refusesLengthWithItsTopBitSet(String length) throws IOException {
        assertProtocolError("the most significant bit of a length must be 0", "82 ff " + length);
    }

    @Test
    void joinsFragments() throws IOException {
        var reader = readerOf(
                "01 83 00 00 00 00 48 65 6c", // text "Hel", more to come
                "00 80 00 00 00 00", // continuation, empty
                "00 81 0f 0f 0f 0f 63", // continuation "l", masked
                "80 81 00 00 00 00 6f"); // continuation "o", final

        assertText(reader, "Hello");
    }

    @Test
    void keepsTheKindOfTheFirstFragment() throws IOException {
        var reader = readerOf("02 81 00 00 00 00 ff", "80 81 00 00 00 00 fe"); // binary in two frames

        Payload message = Frames.message(reader, NO_ANSWERS);

        assertThat(message.text()).isFalse();
        assertThat(message.bytes()).isEqualTo(bytes("ff fe"));
    }

    @Test
    void answersPingsWithTheirPayload() throws IOException {
        var reader = readerOf(
                "89 82 01 01 01 01 69 68", // ping "hi"
                "89 80 00 00 00 00", // ping, empty
                "81 81 00 00 00 00 61"); // text "a"
        List<byte[]> answers = new ArrayList<>();

        Frames.message(reader, answer -> answers.add(answer.bytes()));

        assertThat(answers).containsExactly(bytes("8a 02 68 69"), bytes("8a 00"));
    }

    @Test
    void answersLongestPing() throws IOException {
        byte[] payload = new byte[125];
        Arrays.fill(payload, (byte) 'x');
        var reader = readerOf(frame(0x89, payload), frame(0x81, bytes("61")));
        List<Frame> answers = new ArrayList<>();

        Frames.message(reader, answers::add);

        assertThat(answers).singleElement().satisfies(pong -> {
            assertThat(pong.bytes()).isEqualTo(joined(bytes("8a 7d"), payload));
            assertThat(pong.control()).isTrue();
        });
    }

    @Test
    void answersPingBeforeTheNextFrameComes() throws IOException {
        var reader = readerOf("89 80 00 00 00 00"); // ping, and nothing more
        List<byte[]> answers = new ArrayList<>();

        assertThatThrownBy(() -> Frames.message(reader, answer -> answers.add(answer.bytes())))
                .isInstanceOf(EOFException.class);

        assertThat(answers).containsExactly(bytes("8a 00"));
    }

    @Test
    void takesPongsInSilence() throws IOException {
        var reader = readerOf("8a 81 00 00 00 00 2a", "81 81 00 00 00 00 61"); // pong "*", text "a"

        assertText(reader, "a");
    }

    @Test
    void takesControlFramesBetweenFragments() throws IOException {
        var reader = readerOf(
                "01 81 00 00 00 00 61", // text "a", more to come
                "89 81 00 00 00 00 31", // ping "1"
                "00 81 00 00 00 00 62", // continuation "b"
                "8a 80 00 00 00 00", // pong
                "89 81 00 00 00 00 32", // ping "2"
                "80 81 00 00 00 00 63"); // continuation "c", final
        List<byte[]> answers = new ArrayList<>();

        Payload message = Frames.message(reader, answer -> answers.add(answer.bytes()));

        assertThat(message.asString()).isEqualTo("abc");
        assertThat(answers).containsExactly(bytes("8a 01 31"), bytes("8a 01 32"));
    }

    @Test
    void keepsControlFramesOutOfTheText() throws IOException {
        var reader = readerOf(
                "01 81 00 00 00 00 c3", // text, the first byte of "ä", more to come
                "89 81 00 00 00 00 ff", // ping, no UTF-8
                "80 81 00 00 00 00 a4"); // continuation, its second byte

        Payload message = Frames.message(reader, answer -> {});

        assertThat(message.asString()).isEqualTo("ä");
    }

    @Test
    void takesCloseBetweenFragments() throws IOException {
        var reader = readerOf("01 81 00 00 00 00 61", "88 82 00 00 00 00 03 e8"); // text "a", close 1000

        assertRefused(reader, CloseCode.NORMAL, "closed by the peer with 1000");
    }

    @Test
    void takesCloseWithoutCode() throws IOException {
        assertRefused(readerOf("88 80 00 00 00 00"), CloseCode.NORMAL, "closed by the peer");
    }

    @Test
    void takesCloseWithReason() throws IOException {
        var reader = readerOf("88 86 00 00 00 00 03 e9 62 79 c3 a4"); // close 1001 "byä"

        assertRefused(reader, CloseCode.NORMAL, "closed by the peer with 1001");
    }

    @ParameterizedTest
    @ValueSource(
            ints = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999})
    void takesCloseCodes(int code) throws IOException {
        assertRefused(readerOf(close(code)), CloseCode.NORMAL, "closed by the peer with " + code);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535})
    void refusesCloseCodesThatMustNotBeSent(int code) throws IOException {
        assertProtocolError("the close code must not stand in a frame", close(code));
    }

    @Test
    void refusesHalfCloseCode() throws IOException {
        assertProtocolError("a close code must have two bytes", "88 81 00 00 00 00 03");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ff", "c3"}) // never in UTF-8; half a character
    void refusesCloseWhoseReasonIsNotUtf8(String reason) throws IOException {
        var reader = readerOf("88 83 00 00 00 00 03 e8 " + reason);

        assertRefused(reader, CloseCode.INVALID_TEXT, "the reason of a close is not UTF-8");
    }

    @Test
    void answersCloseWithItsCodeAlone() throws IOException {
        var webSocket = webSocketOf("88 84 00 00 00 00 0f a1 68 69"); // close 4001 "hi"

        assertThatThrownBy(() -> webSocket.read(NO_ANSWERS)).isInstanceOf(ConnectionClosedException.class);

        assertThat(webSocket.closeFrame(CloseCode.NORMAL).bytes()).isEqualTo(bytes("88 02 0f a1"));
        assertThat(webSocket.closeFrame(CloseCode.SLOW_CONSUMER).bytes()).isEqualTo(bytes("88 02 0f a1"));
    }

    @Test
    void answersCloseWithoutCodeByOneWithout() throws IOException {
        var webSocket = webSocketOf("88 80 00 00 00 00");

        assertThatThrownBy(() -> webSocket.read(NO_ANSWERS)).isInstanceOf(ConnectionClosedException.class);

        assertThat(webSocket.closeFrame(CloseCode.NORMAL).bytes()).isEqualTo(bytes("88 00"));
    }

    @Test
    void closesOnItsOwnWithCodeAndReason() throws IOException {
        var webSocket = webSocketOf("");

        assertThat(webSocket.closeFrame(CloseCode.NORMAL).bytes()).isEqualTo(bytes("88 02 03 e8"));
        assertThat(webSocket.closeFrame(CloseCode.RATE_LIMITED).bytes())
                .isEqualTo(joined(bytes("88 0c 11 30"), utf8("rate limit")));
    }

    @Test
    void doesNotEchoCloseThatBreaksTheRules() throws IOException {
        var webSocket = webSocketOf("88 82 00 00 00 00 03 ed"); // close 1005

        assertThatThrownBy(() -> webSocket.read(NO_ANSWERS)).isInstanceOf(ConnectionClosedException.class);

        assertThat(webSocket.closeFrame(CloseCode.PROTOCOL_ERROR).bytes())
                .isEqualTo(joined(bytes("88 10 03 ea"), utf8("protocol error")));
    }

    @Test
    void takesMessageOfExactlyTheLimit() throws IOException {
        var reader = readerOf(frame(0x82, new byte[LIMIT]));

        assertThat(Frames.message(reader, NO_ANSWERS).bytes()).hasSize(LIMIT);
    }

    @Test
    void refusesMessageOverTheLimitByItsLengthAlone() throws IOException {
        var reader = readerOf("82 ff 00 00 00 00 00 01 11 71"); // 70,001 bytes, none of which has come

        assertRefused(reader, CloseCode.TOO_LARGE, "the message passes the size limit");
    }

    @Test
    void refusesLengthBeyondAnyMemory() throws IOException {
        var reader = readerOf("82 ff 7f ff ff ff ff ff ff ff");

        assertRefused(reader, CloseCode.TOO_LARGE, "the message passes the size limit");
    }

    @Test
    void takesFragmentsOfExactlyTheLimit() throws IOException {
        var reader = readerOf(frame(0x02, new byte[LIMIT - 3]), frame(0x00, new byte[2]), frame(0x80, new byte[1]));

        assertThat(Frames.message(reader, NO_ANSWERS).bytes()).hasSize(LIMIT);
    }

    @Test
    void refusesFragmentThatPassesTheLimit() throws IOException {
        var reader = readerOf(frame(0x02, new byte[LIMIT - 1]), bytes("80 82 00 00 00 00")); // two bytes more

        assertRefused(reader, CloseCode.TOO_LARGE, "the message passes the size limit");
    }

    @Test
    void countsTheLimitForEachMessageAnew() throws IOException {
        var reader = readerOf(frame(0x82, new byte[LIMIT]), frame(0x82, new byte[LIMIT]));

        assertThat(Frames.message(reader, NO_ANSWERS).bytes()).hasSize(LIMIT);
        assertThat(Frames.message(reader, NO_ANSWERS).bytes()).hasSize(LIMIT);
    }

    @Test
    void takesPingAtTheLimit() throws IOException {
        var reader = readerOf(
                frame(0x02, new byte[LIMIT]), // binary, more to come
                bytes("89 81 00 00 00 00 2a"), // ping
                bytes("80 80 00 00 00 00")); // continuation, empty, final

        assertThat(Frames.message(reader, answer -> {}).bytes()).hasSize(LIMIT);
    }

    @Test
    void takesTextSplitWithinCharacters() throws IOException {
        var reader = readerOf(
                "01 81 00 00 00 00 f0", // "😀" is f0 9f 98 80
                "00 81 00 00 00 00 9f",
                "00 80 00 00 00 00",
                "80 82 00 00 00 00 98 80");

        assertText(reader, "😀");
    }

    @Test
    void refusesBadByteInFragmentBeforeTheMessageIsComplete() throws IOException {
        var reader = readerOf("01 81 00 00 00 00 c3", "00 81 00 00 00 00 28"); // c3 28 is no character

        assertRefused(reader, CloseCode.INVALID_TEXT, "the text is not UTF-8");
    }

    @Test
    void refusesBadByteBeforeTheFrameIsComplete() throws IOException {
        var reader = readerOf("81 fe 10 00 00 00 00 00 61 ff"); // 4,096 bytes are to come, two are there

        assertRefused(reader, CloseCode.INVALID_TEXT, "the text is not UTF-8");
    }

    @Test
    void refusesOverlongFormAtItsSecondByte() throws IOException {
        var reader = readerOf("81 83 00 00 00 00 e0 80"); // three bytes are to come

        assertRefused(reader, CloseCode.INVALID_TEXT, "the text is not UTF-8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"81 81 00 00 00 00 c3", "81 83 00 00 00 00 f0 9f 98"})
    void refusesTextThatEndsWithinCharacter(String frame) throws IOException {
        assertRefused(readerOf(frame), CloseCode.INVALID_TEXT, "the text ends within a character");
    }

    @Test
    void refusesFragmentsThatEndWithinCharacter() throws IOException {
        var reader = readerOf("01 81 00 00 00 00 c3", "80 80 00 00 00 00");

        assertRefused(reader, CloseCode.INVALID_TEXT, "the text ends within a character");
    }

    @Test
    void joinsManySmallFragments() throws IOException {
        byte[] text = utf8("äöü€😀 and so on; ".repeat(2_000));
        List<byte[]> frames = new ArrayList<>();
        for (int i = 0; i < text.length; i++) {
            int first = (i == 0 ? 0x01 : 0x00) | (i == text.length - 1 ? 0x80 : 0x00);
            frames.add(frame(first, new byte[] {text[i]}));
        }

        Payload message = Frames.message(readerOf(frames.toArray(byte[][]::new)), NO_ANSWERS);

        assertThat(message.bytes()).isEqualTo(text);
    }

    @Test
    void joinsFragmentsOfManySizes() throws IOException {
        byte[] whole = new byte[LIMIT];
        Random random = new Random(6455);
        random.nextBytes(whole);
        List<byte[]> frames = new ArrayList<>();
        for (int from = 0; from < LIMIT; ) {
            int to = Math.min(LIMIT, from + 1 + random.nextInt(1 << random.nextInt(15)));
            frames.add(frame(
                    (from == 0 ? 0x02 : 0x00) | (to == LIMIT ? 0x80 : 0x00), Arrays.copyOfRange(whole, from, to)));
            from = to;
        }

        Payload message = Frames.message(readerOf(frames.toArray(byte[][]::new)), NO_ANSWERS);

        assertThat(message.bytes()).isEqualTo(whole);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "81", // within the head
                "81 fe 01", // within the length
                "81 81 00 00", // within the mask
                "81 82 00 00 00 00 61", // within the payload
                "89 82 00 00 00 00 61", // within a ping
                "01 81 00 00 00 00 61" // within a message
            })
    void reportsConnectionThatBreaks(String bytes) throws IOException {
        var reader = readerOf(bytes);

        assertThatThrownBy(() -> Frames.message(reader, NO_ANSWERS)).isInstanceOf(EOFException.class);
    }

    @Test
    void unmasksAsTheRfcDoes() {
        byte[] original = new byte[96];
        new Random(5).nextBytes(original);
        byte[] mask = bytes("01 a2 f3 84");
        for (int offset = 0; offset <= 40; offset++) {
            for (int length = 0; length <= 40; length++) {
                byte[] expected = original.clone();
                for (int i = 0; i < length; i++) {
                    expected[offset + i] ^= mask[i % 4]; // RFC 6455 §5.3
                }
                byte[] actual = original.clone();
                FrameReader.unmask(actual, offset, length, 0x84f3a201);
                assertThat(actual).as("offset %d, length %d", offset, length).isEqualTo(expected);
            }
        }
    }

    private FrameReader readerOf(String... frames) throws IOException {
        return readerOf(bytes(String.join(" ", frames)));
    }

    private FrameReader readerOf(byte[]... frames) throws IOException {
        return Loopback.reader(loopback.wireOf(joined(frames)), LIMIT, Optional.empty());
    }

    private WebSocketConnection webSocketOf(String frames) throws IOException {
        return new WebSocketConnection(loopback.wireOf(bytes(frames)), Optional.empty(), LIMIT);
    }

    private void assertProtocolError(String rule, String... frames) throws IOException {
        assertRefused(readerOf(frames), CloseCode.PROTOCOL_ERROR, rule);
    }

    private void assertProtocolError(String rule, byte[] frame) throws IOException {
        assertRefused(readerOf(frame), CloseCode.PROTOCOL_ERROR, rule);
    }

    private static void assertRefused(FrameReader reader, CloseCode code, String message) {
        assertThatThrownBy(() -> Frames.message(reader, NO_ANSWERS))
                .hasMessage(message)
                .isInstanceOfSatisfying(
                        ConnectionClosedException.class,
                        closed -> assertThat(closed.code()).isEqualTo(code));
    }

    private static void assertText(FrameReader reader, String text) throws IOException {
        Payload message = Frames.message(reader, NO_ANSWERS);
        assertThat(message.text()).isTrue();
        assertThat(message.asString()).isEqualTo(text);
    }

    private static byte[] close(int code) {
        return frame(0x88, new byte[] {(byte) (code >> 8), (byte) code});
    }

    /** A masked frame. */
    private static byte[] frame(int first, byte[] payload) {
        byte[] mask = bytes("9a 3b 5c 7d");
        byte[] masked = payload.clone();
        for (int i = 0; i < masked.length; i++) {
            masked[i] ^= mask[i % 4];
        }
        return joined(new byte[] {(byte) first}, maskedLength(payload.length), mask, masked);
    }

    private static byte[] maskedLength(int length) {
        if (length < 126) {
            return new byte[] {(byte) (0x80 | length)};
        }
        return bytes(length <= 0xffff ? "fe %04x".formatted(length) : "ff %016x".formatted(length));
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            whole.writeBytes(part);
        }
        return whole.toByteArray();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }
}
