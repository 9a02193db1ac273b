package io.seleucia.chat.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The JDK's decoder is the reference. */
class Utf8Test {
    private static final int NEVER = -1;
    private static final int[] ANY = IntStream.range(0, 256).toArray();
    private static final int[] EDGES = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xff};

    /** What could complete any beginning: e0 and f0 want a0 or more next, ed and f4 want less, all others take both. */
    private static final List<byte[]> ENDINGS = List.of(
            bytes(""), bytes("80"), bytes("a0"), bytes("80 80"), bytes("a0 80"), bytes("80 80 80"), bytes("a0 80 80"));

    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    private final CharBuffer decoded = CharBuffer.allocate(4096);

    @Test
    void takesEveryCharacter() {
        StringBuilder all = new StringBuilder();
        IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
                .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
                .forEach(all::appendCodePoint);
        byte[] text = all.toString().getBytes(StandardCharsets.UTF_8);

        assertThat(accepts(text, text.length)).isTrue();
        assertThat(refusedAt(text)).isEqualTo(NEVER);
    }

    @Test
    void judgesAllSequencesOfOneByte() {
        for (int b : ANY) {
            assertAgrees(b);
        }
    }

    @Test
    void judgesAllSequencesOfTwoBytes() {
        for (int first : ANY) {
            for (int second : ANY) {
                assertAgrees(first, second);
            }
        }
    }

    @Test
    void judgesSequencesOfThreeBytes() {
        for (int first = 0xdf; first <= 0xf0; first++) {
            for (int second : ANY) {
                for (int third : EDGES) {
                    assertAgrees(first, second, third);
                }
            }
        }
    }

    @Test
    void judgesSequencesOfFourBytes() {
        for (int first = 0xef; first <= 0xf8; first++) {
            for (int second : ANY) {
                for (int third : EDGES) {
                    for (int fourth : EDGES) {
                        assertAgrees(first, second, third, fourth);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"80", "bf", "c0", "c1", "f5", "f6", "f7", "f8", "fb", "fc", "fd", "fe", "ff"})
    void refusesBytesThatBeginNoCharacter(String hex) {
        assertThat(refusedAt(bytes(hex))).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "e0 80", "e0 9f", // overlong: below U+0800
                "ed a0", "ed bf", // surrogates
                "f0 80", "f0 8f", // overlong: below U+10000
                "f4 90", "f4 bf" // beyond U+10FFFF
            })
    void refusesSecondByteThatLeadsNowhere(String hex) {
        assertThat(refusedAt(bytes(hex))).isEqualTo(1);
    }

    @Test
    void isIncompleteWithinCharacter() {
        Utf8 utf8 = new Utf8();

        assertThat(utf8.complete()).isTrue();
        assertThat(utf8.accept(bytes("61 e2 82"), 0, 3)).isTrue();
        assertThat(utf8.complete()).isFalse();
        assertThat(utf8.accept(bytes("ac"), 0, 1)).isTrue();
        assertThat(utf8.complete()).isTrue();
    }

    @Test
    void looksOnlyAtItsPartOfTheArray() {
        byte[] bytes = bytes("ff 61 62 63 64 65 66 67 68 69 ff");
        Utf8 utf8 = new Utf8();

        assertThat(utf8.accept(bytes, 1, 9)).isTrue();
        assertThat(utf8.accept(bytes, 0, 0)).isTrue();
        assertThat(utf8.accept(bytes, 9, 2)).isFalse();
    }

    @Test
    void findsBadByteAnywhereAmongAscii() {
        for (int length = 1; length <= 40; length++) {
            for (int bad = 0; bad < length; bad++) {
                byte[] text = "a".repeat(length).getBytes(StandardCharsets.US_ASCII);
                text[bad] = (byte) 0xff;

                assertThat(accepts(text, length)).as("%d of %d", bad, length).isFalse();
            }
        }
    }

    @Test
    void judgesRandomTextHoweverItIsCut() {
        Random random = new Random(3629);
        int valid = 0;
        for (int round = 0; round < 20_000; round++) {
            byte[] text = randomText(random);
            boolean expected = decodes(text);
            valid += expected ? 1 : 0;

            assertThat(accepts(text, text.length)).as(hex(text)).isEqualTo(expected);
            assertThat(accepts(text, 1 + random.nextInt(12))).as(hex(text)).isEqualTo(expected);
        }
        assertThat(valid).isBetween(2_000, 18_000); // both kinds were there
    }

    private static byte[] randomText(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(30); i > 0; i--) {
            text.appendCodePoint(
                    switch (random.nextInt(8)) {
                        case 0 -> 0x80 + random.nextInt(0x780);
                        case 1 -> 0x800 + random.nextInt(0xd000);
                        case 2 -> 0x10000 + random.nextInt(0x100000);
                        default -> random.nextInt(0x80);
                    });
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        if (bytes.length > 0 && random.nextBoolean()) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        return Arrays.copyOf(bytes, bytes.length - (random.nextInt(4) == 0 && bytes.length > 0 ? 1 : 0));
    }

    /** That the sequence is refused at the first byte after which nothing can make it valid, and no other is. */
    private void assertAgrees(int... sequence) {
        byte[] bytes = new byte[sequence.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) sequence[i];
        }
        if (refusedAt(bytes) != firstHopeless(bytes) || accepts(bytes, bytes.length) != decodes(bytes)) {
            assertThat(refusedAt(bytes)).as("%s is refused at", hex(bytes)).isEqualTo(firstHopeless(bytes));
            assertThat(accepts(bytes, bytes.length))
                    .as("%s is valid", hex(bytes))
                    .isEqualTo(decodes(bytes));
        }
    }

    private int firstHopeless(byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            byte[] beginning = Arrays.copyOf(bytes, i + 1);
            if (ENDINGS.stream().noneMatch(ending -> decodes(concat(beginning, ending)))) {
                return i;
            }
        }
        return NEVER;
    }

    private boolean decodes(byte[] bytes) {
        decoder.reset();
        decoded.clear();
        return !decoder.decode(ByteBuffer.wrap(bytes), decoded, true).isError();
    }

    private static int refusedAt(byte[] bytes) {
        Utf8 utf8 = new Utf8();
        for (int i = 0; i < bytes.length; i++) {
            if (!utf8.accept(bytes, i, 1)) {
                return i;
            }
        }
        return NEVER;
    }

    /** Whether the whole is valid text, given in pieces. */
    private static boolean accepts(byte[] bytes, int piece) {
        Utf8 utf8 = new Utf8();
        for (int from = 0; from < bytes.length; from += piece) {
            if (!utf8.accept(bytes, from, Math.min(piece, bytes.length - from))) {
                return false;
            }
        }
        return utf8.complete();
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] whole = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, whole, first.length, second.length);
        return whole;
    }

    private static String hex(byte[] bytes) {
        return HexFormat.ofDelimiter(" ").formatHex(bytes);
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }
}
