package io.seleucia.chat.benchmark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** All connections of a load, in the thread that calls {@link #poll}. */
public final class Clients implements AutoCloseable {
    private static final int READ_BUFFER = 512 * 1024;

    private final List<InetAddress> sources;
    private final Selector selector = Selector.open();
    private final ByteBuffer in = ByteBuffer.allocateDirect(READ_BUFFER).order(Stamp.ORDER);
    private long reads;

    /** Makes connections from some addresses in turn, or if there are none, from the one that the system chooses. */
    public Clients(List<InetAddress> sources) throws IOException {
        this.sources = List.copyOf(sources);
    }

    /** Begins to connect a client. */
    public Client connect(int number, Handshake handshake, Client.Listener listener) throws IOException {
        Optional<InetAddress> source =
                sources.isEmpty() ? Optional.empty() : Optional.of(sources.get(number % sources.size()));
        return new Client(number, handshake, source, listener, selector);
    }

    /**
     * Handles what has arrived. Blocks until something arrives, or for a time; not at all if it is less than a millisecond, so
     * that the caller is not late.
     *
     * @param nanos the time
     */
    public void poll(long nanos) throws IOException {
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
            end(client, new IOException("client " + client.number() + ": " + e.getMessage(), e));
        }
    }

    private static void end(Client client, IOException why) {
        try {
            client.close();
            client.listener().ended(client, why);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the number of reads, each of which may have brought many messages. */
    long reads() {
        return reads;
    }

    /** Resets all connections. */
    @Override
    public void close() throws IOException {
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }
}
