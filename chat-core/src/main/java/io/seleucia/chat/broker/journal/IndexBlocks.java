package io.seleucia.chat.broker.journal;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * A file in blocks, each with a checksum behind it, so that any part can be read and checked without the rest. Used by one
 * thread at a time.
 */
public final class IndexBlocks implements AutoCloseable {
    private static final int BLOCK = 4096;
    private static final int CONTENT = BLOCK - Integer.BYTES;

    private final JournalFile file;
    private final long size;
    private final ByteBuffer block = ByteBuffer.allocate(BLOCK);
    private long held = -1; // the number of the block in the buffer

    private IndexBlocks(JournalFile file) throws IOException {
        this.file = file;
        long length = file.length();
        int rest = (int) (length % BLOCK);
        this.size = length / BLOCK * CONTENT + Math.max(0, rest - Integer.BYTES);
    }

    /** Opens a file that was written by {@link #write}. */
    static IndexBlocks open(Path file) throws IOException {
        JournalFile opened = JournalFile.openForReading(file);
        try {
            return new IndexBlocks(opened);
        } catch (IOException e) {
            opened.close();
            throw e;
        }
    }

    /** Returns the number of bytes, without the checksums. */
    long size() {
        return size;
    }

    /** Returns the bytes from a position on. Only one such stream can be used at a time. */
    DataInputStream from(long position) throws IOException {
        if (position < 0 || position > size) {
            throw new DamagedException();
        }
        return new DataInputStream(new Bytes(position));
    }

    /** A block or its content is not as it was written. */
    public static final class DamagedException extends IOException {
        private static final long serialVersionUID = 1;

        DamagedException() {
            super("a journal's index is damaged");
        }
    }

    private void load(long number) throws IOException {
        if (held == number) {
            return;
        }
        held = -1;
        block.clear();
        file.read(block, number * BLOCK);
        block.flip();
        int content = block.limit() - Integer.BYTES;
        if (content < 0 || SegmentFormat.checksum(block.slice(0, content)) != block.getInt(content)) {
            throw new DamagedException();
        }
        held = number;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    private final class Bytes extends InputStream {
        private long position;

        private Bytes(long position) {
            this.position = position;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (position >= size) {
                return -1;
            }
            load(position / CONTENT);
            int at = (int) (position % CONTENT);
            int there = Math.min(length, block.limit() - Integer.BYTES - at);
            if (there <= 0) {
                throw new EOFException("an index has become shorter while it was read");
            }
            block.get(at, into, offset, there);
            position += there;
            return there;
        }
    }

    /** Creates a file. Its content is on the disk when the stream has been closed, once. */
    static OutputStream write(Path file) throws IOException {
        return new Writer(JournalFile.create(file));
    }

    private static final class Writer extends OutputStream {
        private final JournalFile to;
        private final ByteBuffer block = ByteBuffer.allocate(BLOCK);
        private long written;

        private Writer(JournalFile to) {
            this.to = to;
        }

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            for (int done = 0; done < length; ) {
                int more = Math.min(length - done, CONTENT - block.position());
                block.put(bytes, offset + done, more);
                done += more;
                if (block.position() == CONTENT) {
                    writeBlock();
                }
            }
        }

        private void writeBlock() throws IOException {
            block.putInt(SegmentFormat.checksum(block.duplicate().flip()));
            to.write(block.flip(), written);
            written += block.limit();
            block.clear();
        }

        @Override
        public void close() throws IOException {
            try (to) {
                if (block.position() > 0) {
                    writeBlock();
                }
                to.force();
            }
        }
    }
}
