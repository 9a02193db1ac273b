package io.seleucia.chat.protocol.xsockets;

import com.google.gson.JsonElement;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The controllers of one server, by name, with the connections that have opened them. Any thread. */
final class ControllerRegistry {
    /** The controller whose topics are the server's own commands. */
    static final String CHAT = "chat";

    /** A controller, and the connections that have opened it. */
    private record Entry<C>(Controller<C> controller, ControllerGroup<ControllerMember<C>> group) {
        Entry(Controller<C> controller) {
            this(controller, new ControllerGroup<>());
        }

        ControllerMember<C> open(ControllerMember.Client client) {
            return ControllerMember.open(controller, group, client);
        }
    }

    private final int maxTopics;
    private final Map<String, Entry<?>> entries = new HashMap<>(); // by name; unchanged after construction

    /** @throws IllegalArgumentException if two controllers have the same name */
    ControllerRegistry(Collection<Controller<?>> controllers, int maxTopics) {
        this.maxTopics = maxTopics;
        add(new Controller<>(CHAT, Object.class, caller -> new Object()));
        add(Controller.relay("generic", Generic.class, Generic::new));
        controllers.forEach(this::add);
    }

    private void add(Controller<?> controller) {
        if (entries.put(controller.name(), new Entry<>(controller)) != null) {
            throw new IllegalArgumentException("there are two controllers called " + controller.name());
        }
    }

    /** Opens a controller for a client, which runs its factory. Returns empty if there is no such controller. */
    Optional<ControllerMember<?>> open(String controller, ControllerMember.Client client) {
        Entry<?> entry = entries.get(controller);
        return entry == null ? Optional.empty() : Optional.of(entry.open(client));
    }

    /** Returns whether a controller passes on what its clients send, so that the rules are asked before. */
    boolean relays(String controller) {
        Entry<?> entry = entries.get(controller);
        return entry != null && entry.controller.relays();
    }

    int maxTopics() {
        return maxTopics;
    }

    /**
     * The controller {@code generic}: passes on everything to all clients that have opened it, also to the sender. Opening
     * it and sending to it are subject to the rules of a channel called {@code generic}.
     */
    static final class Generic {
        private final Caller<Generic> caller;

        private Generic(Caller<Generic> caller) {
            this.caller = caller;
        }

        public void onMessage(String topic, JsonElement data) {
            caller.invokeToAll(data, topic);
        }
    }
}
