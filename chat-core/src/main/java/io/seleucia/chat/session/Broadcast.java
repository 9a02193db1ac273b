package io.seleucia.chat.session;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.transport.Frame;
import io.seleucia.chat.transport.Framing;
import java.lang.System.Logger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A push on its way to many: encoded once for each protocol and framing among them. Used by one thread. */
final class Broadcast {
    private static final Logger LOG = System.getLogger(Broadcast.class.getName());

    /** What one kind of member gets: a frame, nothing because its protocol has no word for it, or a failure. */
    record Variant(Object format, Framing framing, Optional<Frame> frame, boolean failed) {}

    private static final Variant FAILED = new Variant("", null, Optional.empty(), true);

    private final Event.Push push;
    private final List<Variant> variants = new ArrayList<>(1);
    private boolean reported; // that a protocol has failed before it could encode

    Broadcast(Event.Push push) {
        this.push = push;
    }

    Event.Push push() {
        return push;
    }

    /** What a member gets. A plug-in's fault, of whatever kind, ends the sessions that speak its protocol, and no others. */
    Variant variantFor(Protocol protocol, Framing framing) {
        try {
            return find(protocol, framing);
        } catch (Throwable e) {
            if (!reported) {
                reported = true; // one line says it for all members
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
        boolean certain = format.equals(protocol.format()); // if not, it has changed meanwhile, and this is either
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

    /** Returns what a protocol is called, even if that throws. */
    static String name(Protocol protocol) {
        try {
            return protocol.name();
        } catch (Throwable e) {
            return "without a name";
        }
    }
}
