package io.seleucia.chat.broker;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * A file in blocks, each with a checksum behind it, so that any part of it can be read and trusted without the rest. Used
 * by one thread at a time.
 */
final class IndexBlocks implements AutoCloseable {
    private static final int BLOCK = 4096;
    private static final int CONTENT = BLOCK - Integer.BYTES;

    private final JournalFile file;
    private final long size;
    private final ByteBuffer block = ByteBuffer.allocate(BLOCK);
    private long held = -1; // the block that is in there

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

    /** How many bytes there are, without the checksums. */
    long size() {
        return size;
    }

    /**
     * The bytes from a place on. Only one such stream can be read at a time.
     *
     * @throws DamagedException when what is read is not what was written
     */
    DataInputStream from(long position) throws IOException {
        if (position < 0 || position > size) {
            throw new DamagedException();
        }
        return new DataInputStream(new Bytes(position));
    }

    /** What is read is not what was written. */
    static final class DamagedException extends IOException {
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
        if (block.limit() < Integer.BYTES) {
            throw new DamagedException();
        }
        int content = block.limit() - Integer.BYTES;
        if (checksum(block.array(), content) != block.getInt(content)) {
            throw new DamagedException();
        }
        held = number;
    }

    private static int checksum(byte[] bytes, int length) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, 0, length);
        return (int) checksum.getValue();
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

    /** Writes a file; what is written is on the disk when this has been closed. */
    static OutputStream write(Path file) throws IOException {
        return new Writer(JournalFile.create(file));
    }

    private static final class Writer extends OutputStream {
        private static final int BLOCKS = 64; // at a time

        private final JournalFile to;
        private final byte[] content = new byte[CONTENT];
        private final ByteBuffer blocks = ByteBuffer.allocate(BLOCKS * BLOCK);
        private int filled;
        private long written;
        private boolean closed;

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
                int more = Math.min(length - done, CONTENT - filled);
                System.arraycopy(bytes, offset + done, content, filled, more);
                filled += more;
                done += more;
                if (filled == CONTENT) {
                    finishBlock();
                }
            }
        }

        private void finishBlock() throws IOException {
            blocks.put(content, 0, filled).putInt(checksum(content, filled));
            filled = 0;
            if (blocks.remaining() < BLOCK) {
                writeBlocks();
            }
        }

        private void writeBlocks() throws IOException {
            to.write(blocks.flip(), written);
            written += blocks.limit();
            blocks.clear();
        }

        @Override
        public void close() throws IOException {
            try (to) {
                if (!closed) {
                    closed = true;
                    if (filled > 0) {
                        finishBlock();
                    }
                    writeBlocks();
                    to.force();
                }
            }
        }
    }
}
