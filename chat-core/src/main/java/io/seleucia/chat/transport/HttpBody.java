package io.seleucia.chat.transport;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * The body of a request (RFC 9112 §6 and §7), as strict as its head: whatever two programs may read differently is refused,
 * because a proxy in between would pass on another request than this server sees. Runs in the connection's thread.
 */
final class HttpBody {
    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
    private static final int MAX_DIGITS = 15; // of a length
    private static final int MAX_CHUNK_DIGITS = 7; // hexadecimal
    private static final int PIECE = 8 * 1024;

    private final Wire wire;
    private final boolean chunked;
    private final boolean awaited; // the peer waits for a word before it sends the body
    private long left; // of the body, or of its current chunk
    private boolean complete;

    private HttpBody(Wire wire, boolean chunked, long length, boolean awaited) {
        this.wire = wire;
        this.chunked = chunked;
        this.left = length;
        this.awaited = awaited;
        this.complete = !chunked && length == 0;
    }

    /**
     * Returns the body that follows a head.
     *
     * @throws HandshakeException if its framing is ambiguous or unknown
     */
    static HttpBody of(HttpHead head, Wire wire) throws HandshakeException {
        List<String> codings = head.lines("transfer-encoding");
        Optional<String> length = head.single("content-length");
        List<String> expectations = head.lines("expect");
        if (!expectations.isEmpty() && !expectations.equals(List.of("100-continue"))) {
            throw new HandshakeException(417, "the only expectation that is met is 100-continue");
        }
        boolean awaited = !expectations.isEmpty() && head.minor() > 0;
        if (codings.isEmpty()) {
            return new HttpBody(wire, false, length(length.orElse("0")), awaited);
        }
        if (length.isPresent()) {
            throw malformed("Content-Length and Transfer-Encoding must not stand together");
        }
        if (head.minor() == 0) {
            throw malformed("HTTP/1.0 has no Transfer-Encoding");
        }
        if (codings.size() > 1 || !codings.getFirst().equalsIgnoreCase("chunked")) {
            throw new HandshakeException(501, "the only Transfer-Encoding that is read is chunked");
        }
        return new HttpBody(wire, true, 0, awaited);
    }

    private static long length(String digits) throws HandshakeException {
        if (!digits.matches("[0-9]{1," + MAX_DIGITS + "}")) {
            throw malformed("Content-Length must be a number");
        }
        return Long.parseLong(digits);
    }

    /** Returns whether there is nothing to read, or all has been read. */
    boolean isComplete() {
        return complete;
    }

    /**
     * Reads the body. Blocks until it has come.
     *
     * @param pieces takes each piece of the body; the array is used again
     */
    void read(Pieces pieces) throws IOException {
        if (complete) {
            return;
        }
        if (awaited && !wire.hasUnread()) {
            wire.write(CONTINUE);
        }
        byte[] piece = new byte[PIECE];
        boolean wanted = true;
        while (!complete && wanted) {
            if (left == 0) {
                left = chunkSize();
                complete = left == 0;
            } else {
                int n = wire.read(piece, 0, (int) Math.min(left, piece.length));
                left -= n;
                wanted = pieces.take(piece, n);
                complete = left == 0 && !chunked;
                if (left == 0 && chunked) {
                    lineEnd();
                }
            }
        }
    }

    /** Takes a piece of a body. */
    @FunctionalInterface
    interface Pieces {
        /**
         * Takes a piece. Returns whether the next one is wanted.
         *
         * @param length the number of bytes, from the first of the array on
         */
        boolean take(byte[] piece, int length) throws IOException;
    }

    /** Reads the size of a chunk. After the last one nothing may follow: no field of a trailer is of use here. */
    private long chunkSize() throws IOException {
        long size = 0;
        int digits = 0;
        int b = wire.read();
        for (int digit = Character.digit(b, 16); digit >= 0; digit = Character.digit(b, 16)) {
            if (++digits > MAX_CHUNK_DIGITS) {
                throw malformed("a chunk is too large");
            }
            size = size << 4 | digit;
            b = wire.read();
        }
        if (digits == 0 || b != '\r' || wire.read() != '\n') {
            throw malformed("a chunk must begin with its size and CR LF, without extensions");
        }
        if (size == 0) {
            lineEnd();
        }
        return size;
    }

    private void lineEnd() throws IOException {
        if (wire.read() != '\r' || wire.read() != '\n') {
            throw malformed("a chunk must end with CR LF, and the last one has no trailer");
        }
    }

    private static HandshakeException malformed(String rule) {
        return new HandshakeException(400, rule);
    }
}
