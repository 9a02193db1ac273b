package io.seleucia.chat.examples.benchmark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.TimeUnit;

/** All connections of a load, to one address. They run in the thread that calls {@link #poll}. */
final class Clients implements AutoCloseable {
    private static final int READ_BUFFER = 512 * 1024;

    private final Handshake handshake;
    private final Selector selector = Selector.open();
    private final ByteBuffer in = ByteBuffer.allocateDirect(READ_BUFFER).order(Stamp.ORDER);
    private long reads;

    Clients(URI url, String subprotocol) throws IOException {
        handshake = new Handshake(url, subprotocol);
    }

    /** Begins to connect one more. */
    Client connect(int number, Client.Listener listener) throws IOException {
        return new Client(number, handshake, listener, selector);
    }

    /**
     * Waits for something to come, and has the clients read it. A time of less than a millisecond is not waited for at
     * all, so that whoever has something to do at a certain time is not late.
     *
     * @param nanos how long to wait at the most
     */
    void poll(long nanos) throws IOException {
        long millis = TimeUnit.NANOSECONDS.toMillis(nanos);
        try {
            if (millis > 0) {
                selector.select(this::ready, millis);
            } else {
                selector.selectNow(this::ready);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private void ready(SelectionKey key) {
        Client client = (Client) key.attachment();
        reads += key.isReadable() ? 1 : 0;
        try {
            client.ready(in);
        } catch (IOException e) {
            throw new UncheckedIOException(new IOException("client " + client.number() + ": " + e.getMessage(), e));
        }
    }

    /** How often a client has read what had come for it, which may be many messages. */
    long reads() {
        return reads;
    }

    /** Ends all connections without a word. */
    @Override
    public void close() throws IOException {
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }
}
