package io.seleucia.chat.broker.journal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * The bytes of one file of a journal: a head, then records, each with the magic number, its length and a checksum of both
 * and of the payload. The last record of a sealed segment is {@link JournalRecord.Sealed}; files of version 1 have no such
 * end.
 *
 * <pre>
 *   head    format (8 bytes)  magic (4)  checksum (4)
 *   record  magic (4)  length (4)  checksum (4)  payload
 * </pre>
 *
 * <p>The magic number is random for each file. By it a reader finds the next record behind a damage. A sender can't guess it,
 * and so can't forge a record inside a message. As every record has it, a damaged head can be repaired.
 */
public final class SegmentFormat {
    /** The length of the head. */
    public static final int HEAD = 16;

    /** The length of what precedes a payload. */
    public static final int RECORD_HEAD = 12;

    static final long FORMAT = 0x53454c4555434a02L; // "SELEUCJ", version 2
    static final long FORMAT_1 = 0x53454c4555434a01L;
    static final int MAX_RECORD = 128 * 1024 * 1024; // more than a message can be

    private SegmentFormat() {}

    static ByteBuffer head(long format, int magic) {
        ByteBuffer head = ByteBuffer.allocate(HEAD).putLong(format).putInt(magic);
        return head.putInt(checksum(head.duplicate().flip())).flip();
    }

    static int checksum(ByteBuffer... parts) {
        CRC32C checksum = new CRC32C();
        for (ByteBuffer part : parts) {
            checksum.update(part);
        }
        return (int) checksum.getValue();
    }

    /** Returns the checksum of a text in UTF-8, as eight hexadecimal digits. */
    static String checksum(String text) {
        return String.format("%08x", checksum(StandardCharsets.UTF_8.encode(text)));
    }

    /** Returns the checksum of a record with this payload. */
    static int checksum(int magic, ByteBuffer payload) {
        ByteBuffer head = ByteBuffer.allocate(8).putInt(magic).putInt(payload.remaining());
        return checksum(head.flip(), payload);
    }
}
