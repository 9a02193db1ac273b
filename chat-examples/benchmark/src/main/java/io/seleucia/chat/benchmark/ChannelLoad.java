package io.seleucia.chat.benchmark;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The members of all channels; the first ones of each channel publish. In a closed loop, a sender's next message waits until
 * every member has the previous one, so that no server can hide a backlog. At a fixed rate, messages are stamped with the
 * time at which they were due, so that delays of the load itself count.
 *
 * <p>An echo is a channel with one member.
 */
final class ChannelLoad extends Load {
    private static final int MAX_CONNECTING = 64;
    private static final int MAX_OUTSTANDING = 4096; // of each sender, at a fixed rate
    private static final long SECOND = 1_000_000_000;

    private final Dialect dialect;
    private final Workload workload;
    private final String name = "%08x".formatted(ThreadLocalRandom.current().nextInt());
    private final List<Sender> senders = new ArrayList<>();
    private final Sequences sequences;
    private int begun; // connections
    private int ready;
    private boolean publishing;
    private int turn; // at a fixed rate, the next sender
    private long due; // and the time of its message

    ChannelLoad(URI url, Dialect dialect, Workload workload) throws IOException {
        super(url, dialect);
        this.dialect = dialect;
        this.workload = workload;
        sequences = new Sequences(workload.connections(), workload.senders());
    }

    @Override
    void step() throws IOException {
        while (begun < workload.connections() && begun - ready < MAX_CONNECTING) {
            addMember(begun++);
        }
        long wait = STEP_NANOS;
        if (publishing && workload.rate() > 0) {
            wait = Math.min(wait, publishDue());
        }
        poll(wait);
    }

    private void addMember(int number) throws IOException {
        Client client = connect(number);
        if (number % workload.members() < workload.senders()) {
            String text = "x".repeat(workload.bytes());
            String request = dialect.publication(nameOf(client), channelOf(client), text);
            senders.add(new Sender(
                    client,
                    senders.size(),
                    workload.members(),
                    workload.rate() > 0 ? MAX_OUTSTANDING : workload.window(),
                    request.getBytes(StandardCharsets.US_ASCII),
                    request.indexOf(text)));
        }
    }

    private static String nameOf(Client client) {
        return "m%05d".formatted(client.number());
    }

    private String channelOf(Client client) {
        return "fanout-%s-%d".formatted(name, client.number() / workload.members());
    }

    @Override
    public void opened(Client client, long now) throws IOException {
        List<String> requests = dialect.subscription(nameOf(client), channelOf(client));
        for (String request : requests) {
            client.send(request.getBytes(StandardCharsets.US_ASCII));
        }
        ready += requests.isEmpty() ? 1 : 0;
    }

    @Override
    int ready() {
        return ready;
    }

    @Override
    boolean isReady() {
        return ready == workload.connections();
    }

    @Override
    void start() throws IOException {
        publishing = true;
        due = System.nanoTime();
        if (workload.rate() == 0) {
            for (Sender sender : senders) {
                fillWindow(sender);
            }
        }
    }

    private void fillWindow(Sender sender) throws IOException {
        while (publishing && sender.hasRoom()) {
            sender.publish(System.nanoTime());
        }
    }

    /** Publishes due messages. Returns the nanoseconds until the next one is due. */
    private long publishDue() throws IOException {
        long now = System.nanoTime();
        while (now - due >= 0) {
            Sender sender = senders.get(turn++ % senders.size());
            if (!sender.hasRoom()) {
                throw new IOException("the server can't keep up with " + workload.rate() + " messages a second");
            }
            sender.publish(due);
            due += SECOND / workload.rate();
        }
        return due - now;
    }

    @Override
    public void received(Client client, ByteBuffer in, int at, int length, long now) throws IOException {
        if (length >= workload.bytes() && dialect.isMessage(in, at)) {
            delivered(client.number(), in, at + length - dialect.tail() - workload.bytes(), now);
            return;
        }
        byte[] text = new byte[length];
        in.get(at, text);
        String answer = new String(text, StandardCharsets.UTF_8);
        switch (dialect.answer(answer)) {
            case SUBSCRIBED -> ready++;
            case EXPECTED -> {}
            case REFUSED -> throw new IOException("the server answered " + answer);
        }
    }

    private void delivered(int receiver, ByteBuffer in, int at, long now) throws IOException {
        int number = Stamp.sender(in, at);
        int sequence = Stamp.sequence(in, at);
        int place = number - receiver / workload.members() * workload.senders();
        if (place < 0 || place >= workload.senders() || !senders.get(number).hasSent(sequence)) {
            throw new IOException("an unexpected message arrived");
        }
        Sender sender = senders.get(number);
        if (!sequences.receive(receiver, place, sequence)) {
            return;
        }
        completed(now - Stamp.time(in, at));
        if (sender.received(sequence) && workload.rate() == 0) {
            fillWindow(sender);
        }
    }

    @Override
    void stop() {
        publishing = false;
    }

    @Override
    boolean isDone() {
        return senders.stream().allMatch(Sender::isIdle);
    }

    @Override
    Faults faults() {
        return sequences.faults();
    }
}
