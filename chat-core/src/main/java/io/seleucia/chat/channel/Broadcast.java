package io.seleucia.chat.channel;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.transport.Frame;
import io.seleucia.chat.transport.Framing;
import java.lang.System.Logger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A push on its way to many: encoded once for each protocol and framing among them. Used by one thread. */
public final class Broadcast {
    private static final Logger LOG = System.getLogger(Broadcast.class.getName());

    /** The result for one kind of member: a frame, nothing if its protocol does not express the push, or a failure. */
    public record Variant(Object format, Framing framing, Optional<Frame> frame, boolean failed) {}

    private static final Variant FAILED = new Variant("", null, Optional.empty(), true);

    private final Event.Push push;
    private final List<Variant> variants = new ArrayList<>(1);
    private int held; // the number of variants, from the first on, whose frames are held
    private boolean reported; // a failure of a protocol before it could encode

    public Broadcast(Event.Push push) {
        this.push = push;
    }

    /** Returns the push. */
    public Event.Push push() {
        return push;
    }

    /** Holds the frames that were made until now, until {@link #release}. */
    void hold(MemoryBudget memory) {
        for (; held < variants.size(); held++) {
            variants.get(held).frame.ifPresent(frame -> frame.hold(memory, MemoryBudget.Part.RECENT));
        }
    }

    /** Releases the frames that it holds. */
    void release(MemoryBudget memory) {
        for (; held > 0; held--) {
            variants.get(held - 1).frame.ifPresent(frame -> frame.release(memory));
        }
    }

    /** Returns the result for a member. Any failure of a plug-in ends the sessions of its protocol only. */
    public Variant variantFor(Protocol protocol, Framing framing) {
        try {
            return find(protocol, framing);
        } catch (Throwable e) {
            if (!reported) {
                reported = true; // one line for all members
                Loop.report(LOG, "protocol " + name(protocol) + ": the format of a push", e);
            }
            return FAILED;
        }
    }

    private Variant find(Protocol protocol, Framing framing) {
        Object format = protocol.format();
        for (Variant variant : variants) {
            if (variant.framing == framing && format.equals(variant.format)) {
                return variant;
            }
        }
        Variant variant = encode(protocol, format, framing);
        boolean certain = format.equals(protocol.format()); // if not, it has changed meanwhile
        if (certain) {
            variants.add(variant);
        }
        return variant;
    }

    private Variant encode(Protocol protocol, Object format, Framing framing) {
        try {
            return new Variant(format, framing, protocol.encode(push).map(framing::frame), false);
        } catch (Throwable e) {
            Loop.report(LOG, "protocol " + name(protocol) + ": encoding a push", e);
            return new Variant(format, framing, Optional.empty(), true);
        }
    }

    /** Returns the name of a protocol, even if that throws. */
    public static String name(Protocol protocol) {
        try {
            return protocol.name();
        } catch (Throwable e) {
            return "without a name";
        }
    }
}
