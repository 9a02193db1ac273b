package io.seleucia.chat.transport;

import java.io.IOException;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/** The part of a {@link Connection} that is the same for every framing: the wire, its clocks and its end. */
abstract class WireConnection implements Connection {
    final Wire wire;
    final IncomingMemory memory;
    private final String kind;
    private final long number;

    WireConnection(Wire wire, String kind, long number) {
        this.wire = wire;
        this.memory = new IncomingMemory(wire.memory());
        this.kind = kind;
        this.number = number;
    }

    @Override
    public void beforeWaiting(Runnable action) {
        wire.beforeWaiting(action);
    }

    @Override
    public boolean hasUnread() {
        return wire.hasUnread();
    }

    @Override
    public void write(Frame first, Supplier<Frame> waiting) throws IOException {
        wire.write(first, waiting);
    }

    @Override
    public boolean writesUnblocked() {
        return wire.writesUnblocked();
    }

    @Override
    public final boolean tryWrite(Frame first, IntFunction<Frame> waiting, WriteBatch batch) throws IOException {
        return wire.tryWrite(first, waiting, batch);
    }

    @Override
    public final void writeRest() throws IOException {
        wire.writeRest();
    }

    @Override
    public void finish() {
        wire.finish();
    }

    @Override
    public void abort() {
        wire.abort();
    }

    @Override
    public void release() {
        wire.release();
        memory.release();
    }

    @Override
    public long lastReadNanos() {
        return wire.lastReadNanos();
    }

    @Override
    public long readingSince() {
        return wire.readingSince();
    }

    @Override
    public long incomingBytes() {
        return memory.bytes();
    }

    @Override
    public final long writingSince() {
        return wire.writingSince();
    }

    @Override
    public final String name() {
        return kind + "-" + number;
    }

    @Override
    public final String peer() {
        return wire.peer();
    }
}
