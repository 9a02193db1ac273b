package io.seleucia.chat.transport;

import java.util.Arrays;

/** A plain inflater (RFC 1951) that notes how far back its input refers, which the JDK's does not tell. */
final class WindowInflater {
    private static final int[] LENGTH_BASE = {
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258
    };
    private static final int[] LENGTH_EXTRA = {
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0
    };
    private static final int[] CODE_ORDER = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

    private final byte[] input;
    private int bit;
    private final byte[] written = new byte[1 << 20];
    private int length;
    private int farthest;

    /** Inflates all of a message's payload, to which the four bytes are added that its sender left out. */
    WindowInflater(byte[] payload) {
        input = Arrays.copyOf(payload, payload.length + 4);
        input[payload.length + 2] = (byte) 0xff;
        input[payload.length + 3] = (byte) 0xff;
        while (bit < 8 * input.length) {
            block();
        }
    }

    byte[] output() {
        return Arrays.copyOf(written, length);
    }

    /** The largest distance of all references. */
    int farthest() {
        return farthest;
    }

    private void block() {
        if (bits(1) == 1) {
            throw new AssertionError("a final block");
        }
        switch (bits(2)) {
            case 0 -> stored();
            case 1 -> codes(fixedLengths(), new Huffman(filled(30, 5)));
            case 2 -> dynamic();
            default -> throw new AssertionError("no such type of block");
        }
    }

    private void stored() {
        bit = (bit + 7) / 8 * 8;
        int n = bits(16);
        bits(16);
        for (int i = 0; i < n; i++) {
            written[length++] = (byte) bits(8);
        }
    }

    private Huffman fixedLengths() {
        int[] lengths = filled(288, 8);
        Arrays.fill(lengths, 144, 256, 9);
        Arrays.fill(lengths, 256, 280, 7);
        return new Huffman(lengths);
    }

    private static int[] filled(int n, int value) {
        int[] filled = new int[n];
        Arrays.fill(filled, value);
        return filled;
    }

    private void dynamic() {
        int literals = bits(5) + 257;
        int distances = bits(5) + 1;
        int codes = bits(4) + 4;
        int[] codeLengths = new int[19];
        for (int i = 0; i < codes; i++) {
            codeLengths[CODE_ORDER[i]] = bits(3);
        }
        Huffman code = new Huffman(codeLengths);
        int[] lengths = new int[literals + distances];
        for (int i = 0; i < lengths.length; ) {
            int symbol = code.next();
            int repeated = symbol == 16 ? lengths[i - 1] : symbol < 16 ? symbol : 0;
            int times = symbol < 16 ? 1 : symbol == 16 ? 3 + bits(2) : symbol == 17 ? 3 + bits(3) : 11 + bits(7);
            for (int j = 0; j < times; j++) {
                lengths[i++] = repeated;
            }
        }
        codes(
                new Huffman(Arrays.copyOf(lengths, literals)),
                new Huffman(Arrays.copyOfRange(lengths, literals, lengths.length)));
    }

    private void codes(Huffman literals, Huffman distances) {
        for (int symbol = literals.next(); symbol != 256; symbol = literals.next()) {
            if (symbol < 256) {
                written[length++] = (byte) symbol;
                continue;
            }
            int n = LENGTH_BASE[symbol - 257] + bits(LENGTH_EXTRA[symbol - 257]);
            int code = distances.next();
            int extra = code < 4 ? 0 : code / 2 - 1;
            int distance = (code < 4 ? code + 1 : (2 + (code & 1) << extra) + 1) + bits(extra);
            farthest = Math.max(farthest, distance);
            for (int i = 0; i < n; i++, length++) {
                written[length] = written[length - distance];
            }
        }
    }

    private int bits(int n) {
        int value = 0;
        for (int i = 0; i < n; i++, bit++) {
            value |= (input[bit >> 3] >> (bit & 7) & 1) << i;
        }
        return value;
    }

    /** A canonical Huffman code (RFC 1951 §3.2.2): shorter codes first, equally long ones in the symbols' order. */
    private final class Huffman {
        private final int[] lengths;

        Huffman(int[] lengths) {
            this.lengths = lengths;
        }

        int next() {
            int code = 0;
            int first = 0;
            for (int n = 1; n <= 15; n++) {
                code = code << 1 | bits(1);
                int rank = code - first;
                int count = 0;
                for (int symbol = 0; symbol < lengths.length; symbol++) {
                    if (lengths[symbol] == n && count++ == rank) {
                        return symbol;
                    }
                }
                first = first + count << 1;
            }
            throw new AssertionError("no such code");
        }
    }
}
