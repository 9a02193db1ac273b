package io.seleucia.chat.protocol.xsockets;

import com.google.gson.JsonElement;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.protocol.Peer;
import io.seleucia.chat.protocol.json.Json;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * A connection that has opened a controller, with the object that serves it. Its inbound loop opens, calls and subscribes;
 * any thread may send through it, and end its subscriptions.
 */
final class ControllerMember<C> implements Caller<C>, ControllerGroup.Recipient {
    /** The client of a connection. The id is a random name of the connection. */
    record Client(Peer peer, String id, String persistentId) {}

    private final Controller<C> controller;
    private final ControllerGroup<ControllerMember<C>> group;
    private final Client client;
    private final Set<String> topics = ConcurrentHashMap.newKeySet(1); // of its subscriptions
    private C object; // set before the member joins the group

    private ControllerMember(Controller<C> controller, ControllerGroup<ControllerMember<C>> group, Client client) {
        this.controller = controller;
        this.group = group;
        this.client = client;
    }

    /** Creates an object of the controller for a connection, which other members can reach from now on. */
    static <C> ControllerMember<C> open(
            Controller<C> controller, ControllerGroup<ControllerMember<C>> group, Client client) {
        ControllerMember<C> member = new ControllerMember<>(controller, group, client);
        member.object = controller.objectFor(member);
        group.join(member);
        return member;
    }

    /** Leaves the group, and releases the object. */
    void close() {
        group.leave(this);
        controller.release(object, peer().address());
    }

    /**
     * Calls the method for a topic, and sends its result to the client. Without a method, publishes the message to the
     * subscribers of the topic, if the client may do that. Blocks as long as the method does.
     */
    Optional<Event.Failed> call(String topic, JsonElement data) {
        Optional<ControllerMethod> method = controller.method(topic);
        boolean passedOn = method.isEmpty() || controller.relays();
        if (passedOn && !maySend(controller.name(), Json.text(data))) {
            return Optional.of(refused());
        }
        if (method.isEmpty()) {
            group.publish(peer(), message(topic, Json.text(data)));
            return Optional.empty();
        }
        try {
            method.get().call(object, topic, data).ifPresent(answer -> peer().send(message(topic, answer)));
            return Optional.empty();
        } catch (Json.MalformedException e) {
            return Optional.of(new Event.Failed(ErrorCode.BAD_REQUEST, e.getMessage()));
        }
    }

    /** Subscribes to a topic, if the client may receive messages here. */
    Optional<Event.Failed> subscribe(String topic) {
        if (!mayReceive(controller.name())) {
            return Optional.of(refused());
        }
        topics.add(topic);
        group.subscribe(this, topic);
        if (!mayReceive(controller.name())) { // the rules have changed meanwhile
            unsubscribeAll();
            return Optional.of(refused());
        }
        return Optional.empty();
    }

    /** Unsubscribes from all topics; returns whether there was one. Any thread. */
    boolean unsubscribeAll() {
        boolean any = !topics.isEmpty();
        topics.forEach(this::unsubscribe);
        return any;
    }

    private Event.Failed refused() {
        return new Event.Failed(ErrorCode.FORBIDDEN, "not allowed in " + controller.name());
    }

    void unsubscribe(String topic) {
        topics.remove(topic);
        group.unsubscribe(this, topic);
    }

    @Override
    public Set<String> topics() {
        return topics;
    }

    @Override
    public Peer peer() {
        return client.peer();
    }

    @Override
    public String connectionId() {
        return client.id();
    }

    @Override
    public String persistentId() {
        return client.persistentId();
    }

    @Override
    public boolean mayReceive(String channel) {
        return peer().mayReceive(channel);
    }

    @Override
    public boolean maySend(String channel, String text) {
        return peer().maySend(channel, new Content.Text(text));
    }

    @Override
    public void invoke(Object data, String topic) {
        group.send(peer(), push(data, topic), List.of(this));
    }

    @Override
    public void invokeToAll(Object data, String topic) {
        group.send(peer(), push(data, topic), group.members());
    }

    @Override
    public void invokeTo(Predicate<? super C> chosen, Object data, String topic) {
        sendTo(member -> chosen.test(member.object), data, topic);
    }

    @Override
    public void invokeToOthers(Object data, String topic) {
        sendTo(member -> member != this, data, topic);
    }

    private void sendTo(Predicate<ControllerMember<C>> chosen, Object data, String topic) {
        ControllerMessage message = push(data, topic);
        group.send(peer(), message, group.members().stream().filter(chosen).toList());
    }

    @Override
    public void publish(Object data, String topic) {
        group.publish(peer(), push(data, topic));
    }

    private ControllerMessage push(Object data, String topic) {
        String name = topic.toLowerCase(Locale.ROOT);
        Optional<String> flaw = Names.flawOfTopic(name)
                .or(() -> ControllerMessage.isReserved(name)
                        ? Optional.of("the topics 0 to 8 are the protocol's own")
                        : Optional.empty());
        if (flaw.isPresent()) {
            throw new IllegalArgumentException(flaw.get());
        }
        return message(name, Json.text(data));
    }

    private ControllerMessage message(String topic, String data) {
        return new ControllerMessage(controller.name(), topic, data);
    }
}
