package io.seleucia.chat.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Sender;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Keeps what a broker delivers. */
public final class RecordingListener implements Broker.Listener {
    private final LinkedBlockingQueue<Object> events = new LinkedBlockingQueue<>();

    @Override
    public void message(Message message) {
        events.add(message);
    }

    @Override
    public void lost(Position position) {
        events.add(position);
    }

    @Override
    public void signal(Broker.Signal signal) {
        events.add(signal);
    }

    @Override
    public void joined(Sender client) {
        events.add("joined " + client.key());
    }

    @Override
    public void left(Sender client) {
        events.add("left " + client.key());
    }

    /** What a listener was told of a client that has read further. */
    public record Read(Broker.Reader reader, ReadMark mark) {}

    @Override
    public void read(Broker.Reader reader, ReadMark mark) {
        events.add(new Read(reader, mark));
    }

    /** The next event, which must be that a client has read further. */
    public Read nextRead() throws InterruptedException {
        return (Read) assertThat(next()).isInstanceOf(Read.class).actual();
    }

    @Override
    public void described(ChannelInfo info) {
        events.add(info);
    }

    /** The next event, which must be a description. */
    public ChannelInfo nextInfo() throws InterruptedException {
        return (ChannelInfo) assertThat(next()).isInstanceOf(ChannelInfo.class).actual();
    }

    /** The next event, which must be a signal. */
    public Broker.Signal nextSignal() throws InterruptedException {
        return (Broker.Signal)
                assertThat(next()).isInstanceOf(Broker.Signal.class).actual();
    }

    /** The next event, which must be a client's coming or going: {@code joined ada}. */
    public String nextClient() throws InterruptedException {
        return (String) assertThat(next()).isInstanceOf(String.class).actual();
    }

    /** The next event, which must be a message. */
    public Message nextMessage() throws InterruptedException {
        return (Message) assertThat(next()).isInstanceOf(Message.class).actual();
    }

    /** The next event, which must be the report of a loss. */
    public Position nextLoss() throws InterruptedException {
        return (Position) assertThat(next()).isInstanceOf(Position.class).actual();
    }

    public boolean isEmpty() {
        return events.isEmpty();
    }

    private Object next() throws InterruptedException {
        Object event = events.poll(60, TimeUnit.SECONDS);
        assertThat(event).as("an event within a minute").isNotNull();
        return event;
    }
}
