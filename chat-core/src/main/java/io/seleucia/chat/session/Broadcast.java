package io.seleucia.chat.session;

import io.seleucia.chat.message.Event;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.transport.Frame;
import io.seleucia.chat.transport.Framing;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A push on its way to many: encoded once for each protocol and framing among them. Used by one thread. */
final class Broadcast {
    private static final Logger LOG = System.getLogger(Broadcast.class.getName());

    /** What one kind of member gets: a frame, nothing because its protocol has no word for it, or a failure. */
    record Variant(Object format, Framing framing, Optional<Frame> frame, boolean failed) {}

    private final Event.Push push;
    private final List<Variant> variants = new ArrayList<>(1);

    Broadcast(Event.Push push) {
        this.push = push;
    }

    Event.Push push() {
        return push;
    }

    Variant variantFor(Protocol protocol, Framing framing) {
        Object format = protocol.format();
        for (Variant variant : variants) {
            if (variant.framing == framing && variant.format.equals(format)) {
                return variant;
            }
        }
        Variant variant = encode(protocol, format, framing);
        boolean certain = protocol.format().equals(format); // if not, it has changed meanwhile, and this is either
        if (certain) {
            variants.add(variant);
        }
        return variant;
    }

    /** A plug-in's fault ends the sessions that speak it, and must not reach the broker's thread. */
    private Variant encode(Protocol protocol, Object format, Framing framing) {
        try {
            return new Variant(format, framing, protocol.encode(push).map(framing::frame), false);
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "protocol " + protocol.name() + " could not encode a push", e);
            return new Variant(format, framing, Optional.empty(), true);
        }
    }
}
