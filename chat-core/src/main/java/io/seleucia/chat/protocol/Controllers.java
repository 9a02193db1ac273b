package io.seleucia.chat.protocol;

import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * XSockets.NET's protocol: {@code {"c":controller,"t":topic,"d":data}}. A client opens controllers, calls their methods,
 * and is called by them. Holds who has opened which controller of one server; each connection is spoken to by a {@link
 * ControllerConnection}.
 *
 * <p>Two controllers are always there: {@code chat}, by which these clients share channels with all others, and {@code
 * generic}.
 */
public final class Controllers implements Protocol {
    /** A controller, and who has opened it. */
    private record Entry<C>(Controller<C> controller, ControllerGroup<C> group) {
        Entry(Controller<C> controller) {
            this(controller, new ControllerGroup<>());
        }

        ControllerMember<C> open(ControllerConnection connection) {
            return ControllerMember.open(controller, group, connection);
        }
    }

    private final int maxTopics;
    private final Map<String, Entry<?>> entries = new HashMap<>(); // by name; not changed any more

    /**
     * For one server.
     *
     * @param maxTopics how many topics a connection may be subscribed to at a time, on all controllers together
     * @throws IllegalArgumentException if two controllers bear one name
     */
    public Controllers(Collection<Controller<?>> controllers, int maxTopics) {
        this.maxTopics = maxTopics;
        add(new Controller<>(ControllerConnection.CHAT, Object.class, caller -> new Object()));
        add(new Controller<>("generic", GenericController.class, GenericController::new));
        controllers.forEach(this::add);
    }

    private void add(Controller<?> controller) {
        if (entries.put(controller.name(), new Entry<>(controller)) != null) {
            throw new IllegalArgumentException("there are two controllers called " + controller.name());
        }
    }

    /** Has a controller serve a connection; empty if there is no such controller. Runs its factory. */
    Optional<ControllerMember<?>> open(String controller, ControllerConnection connection) {
        Entry<?> entry = entries.get(controller);
        return entry == null ? Optional.empty() : Optional.of(entry.open(connection));
    }

    int maxTopics() {
        return maxTopics;
    }

    @Override
    public String name() {
        return "XSocketsNET";
    }

    @Override
    public Protocol open(Peer peer, Map<String, String> parameters) {
        return new ControllerConnection(this, peer, parameters);
    }

    @Override
    public Request decode(Payload message) {
        throw eachHasItsOwn();
    }

    @Override
    public Optional<Payload> encode(Request request, Event.Reply reply) {
        throw eachHasItsOwn();
    }

    @Override
    public Optional<Payload> encode(Event.Push push) {
        throw eachHasItsOwn();
    }

    private static IllegalStateException eachHasItsOwn() {
        return new IllegalStateException("every connection is spoken to by an object of its own");
    }
}
