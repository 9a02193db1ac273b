package io.seleucia.chat.protocol;

import com.google.gson.JsonElement;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Names;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * A connection that has opened a controller, with the object that serves it. Its inbound loop opens, calls, subscribes
 * and closes; any thread may send through it.
 */
final class ControllerMember<C> implements Caller<C> {
    private final Controller<C> controller;
    private final ControllerGroup<C> group;
    private final ControllerConnection connection;
    private final Set<String> topics = new HashSet<>(0); // what it is subscribed to
    private C object; // set before the group knows of this

    private ControllerMember(Controller<C> controller, ControllerGroup<C> group, ControllerConnection connection) {
        this.controller = controller;
        this.group = group;
        this.connection = connection;
    }

    /** Has the controller make an object for a connection; from now on the others can reach it. */
    static <C> ControllerMember<C> open(
            Controller<C> controller, ControllerGroup<C> group, ControllerConnection connection) {
        ControllerMember<C> member = new ControllerMember<>(controller, group, connection);
        member.object = controller.objectFor(member);
        group.join(member);
        return member;
    }

    /** Takes it from the others' reach, and lets go of the object. */
    void close() {
        group.leave(this);
        controller.release(object, peer().address());
    }

    /**
     * Calls the method for a topic, and answers with what it gives. Where there is none, the message goes to all who are
     * subscribed to the topic. Blocks as long as the method does.
     */
    Optional<Event.Failed> call(String topic, JsonElement data) {
        Optional<ControllerMethod> method = controller.method(topic);
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

    void subscribe(String topic) {
        topics.add(topic);
        group.subscribe(this, topic);
    }

    void unsubscribe(String topic) {
        topics.remove(topic);
        group.unsubscribe(this, topic);
    }

    Set<String> topics() {
        return topics;
    }

    Peer peer() {
        return connection.peer();
    }

    @Override
    public String connectionId() {
        return connection.id();
    }

    @Override
    public String persistentId() {
        return connection.persistentId();
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
        ControllerMessage message = push(data, topic);
        group.send(
                peer(),
                message,
                group.members().stream()
                        .filter(member -> chosen.test(member.object))
                        .toList());
    }

    @Override
    public void invokeToOthers(Object data, String topic) {
        ControllerMessage message = push(data, topic);
        group.send(
                peer(),
                message,
                group.members().stream().filter(member -> member != this).toList());
    }

    @Override
    public void publish(Object data, String topic) {
        group.publish(peer(), push(data, topic));
    }

    private ControllerMessage push(Object data, String topic) {
        String name = topic.toLowerCase(Locale.ROOT);
        Optional<String> flaw = Names.flawOfTopic(name)
                .or(() -> ControllerConnection.isReserved(name)
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
