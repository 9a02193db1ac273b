package io.seleucia.chat.examples.benchmark.scaling;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.examples.benchmark.Client;
import io.seleucia.chat.examples.benchmark.Stamp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * One client and what it says, in chat.v1: it connects, subscribes to its channels, a few at a time, and has its
 * {@link Publications}. When its connection ends it comes back as docs/java-client.md says, with its positions.
 *
 * <pre>
 *   AWAY ──► CONNECTING ──► CONNECTED ──► SUBSCRIBING ──► READY
 *     ▲           │             │              │            │
 *     └───────────┴─────────────┴──────────────┴────────────┘  the connection ends
 * </pre>
 */
final class Member implements Client.Listener {
    private enum State {
        AWAY,
        CONNECTING,
        CONNECTED,
        SUBSCRIBING,
        READY
    }

    private static final int CONNECT = 1; // ids of requests; a subscription's is 2 and its channel's index
    private static final int SUBSCRIBE = 2;
    private static final String MESSAGE = "{\"type\":\"message\",\"channel\":\"";
    private static final int AFTER_CHANNEL = "\",\"offset\":".length();
    private static final int TAIL = "\"}".length();
    private static final long AGAIN_NANOS = 500_000_000; // after unavailable
    private static final long CAP_MILLIS = 20_000; // this and those below as the client library has them
    private static final long CONNECT_NANOS = 15_000_000_000L;
    private static final long ANSWER_NANOS = 30_000_000_000L;

    private final Crowd crowd;
    private final Plan plan;
    private final int own; // its place's index among those of this part
    private final int place;
    private final int round;
    private final Publications publications;
    private State state = State.AWAY;
    private Client client;
    private int server;
    private Optional<Receipts.Since> inbox = Optional.empty();
    private int asked; // subscriptions, on this connection
    private int subscribed;
    private int attempts;
    private long returning; // since when it tries to come back, or 0
    private long asking; // since when it waits for the login, or for all its subscriptions

    Member(Crowd crowd, Plan plan, int own, int round) {
        this.crowd = crowd;
        this.plan = plan;
        this.own = own;
        this.round = round;
        place = plan.place(own);
        server = plan.server(place, round);
        publications = new Publications(this, crowd, plan, own, round, SUBSCRIBE + plan.perClient());
    }

    int round() {
        return round;
    }

    int server() {
        return server;
    }

    boolean isReady() {
        return state == State.READY;
    }

    /** The index among all channels of this part. */
    private int channel(int index) {
        return own * plan.perClient() + index;
    }

    /** Its publishers, one for each of its channels, if it publishes. */
    List<Publisher> publishers() {
        return publications.publishers();
    }

    /** Begins to publish in a closed loop in each of its channels, if it publishes. */
    void loop(int window) throws IOException {
        publications.loop(client, window);
    }

    /** Begins to connect. */
    void connect(long now) {
        asking = now;
        state = State.CONNECTING;
        asked = 0;
        subscribed = 0;
        try {
            client = crowd.open(own * plan.rounds() + round, server, this);
        } catch (IOException e) {
            ended(null, e);
        }
    }

    @Override
    public void opened(Client opened, long now) throws IOException {
        Receipts.Since since = inbox.orElse(new Receipts.Since("none", 0)); // so that the answer has a position
        opened.send(
                bytes("{\"id\":%d,\"type\":\"connect\",\"client\":\"%s\",\"inbox\":{\"epoch\":\"%s\",\"offset\":%d}}"
                        .formatted(CONNECT, plan.client(place, round), since.epoch(), since.offset())));
    }

    /** Subscribes to all its channels, when it is connected. */
    void subscribe() {
        if (state == State.CONNECTED) {
            state = State.SUBSCRIBING;
            while (asked < Math.min(plan.perClient(), crowd.subscribeWindow())) {
                subscribe(asked++);
            }
        }
    }

    private void subscribe(int index) {
        String since = crowd.receipts()
                .since(channel(index), round)
                .map(it -> ",\"since\":{\"epoch\":\"%s\",\"offset\":%d}".formatted(it.epoch(), it.offset()))
                .orElse("");
        send(bytes("{\"id\":%d,\"type\":\"subscribe\",\"channel\":\"%s\"%s}"
                .formatted(SUBSCRIBE + index, plan.channel(place, index), since)));
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Sends a request; if that fails, its connection has ended. */
    void send(byte[] request) {
        try {
            client.send(request);
        } catch (IOException e) {
            leave();
            ended(client, e);
        }
    }

    @Override
    public void received(Client from, ByteBuffer in, int at, int length, long now) {
        if (from != client) {
            return; // of a connection that was given up
        }
        if (in.get(at + 2) == 't' && in.get(at + 9) == 'm') {
            message(in, at, length, now);
            return;
        }
        byte[] bytes = new byte[length];
        in.get(at, bytes);
        String text = new String(bytes, StandardCharsets.UTF_8);
        if (!text.startsWith("{\"id\":")) {
            crowd.tally()
                    .error("pushed "
                            + JsonParser.parseString(text)
                                    .getAsJsonObject()
                                    .get("type")
                                    .getAsString());
            return;
        }
        int comma = text.indexOf(',');
        int id = Integer.parseInt(text, 6, comma, 10);
        if (text.startsWith(",\"type\":\"published\"", comma)) {
            publications.published(id, now);
            return;
        }
        JsonObject reply = JsonParser.parseString(text).getAsJsonObject();
        switch (reply.get("type").getAsString()) {
            case "connected" -> connected(reply, now);
            case "subscribed" -> subscribed(id - SUBSCRIBE, reply, now);
            case "error" -> refused(id, reply, now);
            default -> crowd.tally().error("answered " + text);
        }
    }

    private void connected(JsonObject reply, long now) {
        JsonObject position = reply.getAsJsonObject("inbox");
        if (inbox.isPresent() && !position.get("recovered").getAsBoolean()) {
            crowd.tally().error("inbox not recovered");
        }
        inbox = Optional.of(since(position));
        state = State.CONNECTED;
        asking = now;
        crowd.connected(this, now);
    }

    private static Receipts.Since since(JsonObject position) {
        return new Receipts.Since(
                position.get("epoch").getAsString(), position.get("offset").getAsLong());
    }

    private void subscribed(int index, JsonObject reply, long now) {
        Receipts receipts = crowd.receipts();
        if (!reply.has("recovered")) {
            receipts.begin(channel(index), round, since(reply));
        } else if (reply.get("recovered").getAsBoolean()) {
            receipts.resume(channel(index), round, reply.get("epoch").getAsString());
            crowd.tally().recovered(true);
        } else {
            receipts.begin(channel(index), round, since(reply));
            crowd.tally().recovered(false);
        }
        subscribed++;
        crowd.tally().subscribed(now);
        if (asked < plan.perClient()) {
            subscribe(asked++);
        } else if (subscribed == plan.perClient()) {
            ready(now);
        }
    }

    private void ready(long now) {
        state = State.READY;
        attempts = 0;
        crowd.tally().ready();
        if (returning != 0) {
            crowd.tally().returned(now - returning);
            returning = 0;
        }
        publications.resume();
    }

    private void refused(int id, JsonObject reply, long now) {
        String code = reply.get("code").getAsString();
        boolean again = code.equals("unavailable");
        if (id == CONNECT) {
            crowd.tally().error("connect " + code);
            leave();
            comeBack(now);
        } else if (id < SUBSCRIBE + plan.perClient()) {
            crowd.tally().error("subscribe " + code);
            if (again) {
                onSame(client, () -> subscribe(id - SUBSCRIBE));
            }
        } else {
            crowd.tally().error("publish " + code);
            if (again) {
                onSame(client, () -> publications.again(id));
            }
        }
    }

    private void onSame(Client connection, Runnable what) {
        crowd.later(System.nanoTime() + AGAIN_NANOS, () -> {
            if (client == connection) {
                what.run();
            }
        });
    }

    private void message(ByteBuffer in, int at, int length, long now) {
        int digitsAt = at + MESSAGE.length() + plan.digitsAt();
        int index = number(in, digitsAt, digitsAt + plan.digits()) - place * plan.perClient();
        int text = at + length - TAIL - plan.bytes();
        int perChannel = 2 * plan.senders();
        int sender = Stamp.sender(in, text) - channel(index) * perChannel;
        if (index < 0 || index >= plan.perClient() || sender < 0 || sender >= perChannel) {
            crowd.tally().error("a message that nobody sent to this channel");
            return;
        }
        int offsetAt = digitsAt + plan.digits() + AFTER_CHANNEL;
        int sequence = Stamp.sequence(in, text);
        if (crowd.receipts().receive(channel(index), round, offset(in, offsetAt), sender, sequence)) {
            Member from = crowd.member(own, sender % plan.senders());
            crowd.delivered(this, from, now - Stamp.time(in, text), now);
            if (sender >= plan.senders()) {
                from.publications.looped(index, sequence);
            }
        }
    }

    private static int number(ByteBuffer in, int from, int to) {
        int number = 0;
        for (int i = from; i < to; i++) {
            number = 10 * number + in.get(i) - '0';
        }
        return number;
    }

    private static long offset(ByteBuffer in, int at) {
        long offset = 0;
        for (int i = at; in.get(i) != ','; i++) {
            offset = 10 * offset + in.get(i) - '0';
        }
        return offset;
    }

    /** Cuts its connection, and comes back. */
    void cut(long now) {
        leave();
        comeBack(now);
    }

    private void leave() {
        if (state == State.READY) {
            crowd.tally().away();
        }
        state = State.AWAY;
        publications.interrupt();
        try {
            if (client != null) {
                client.close();
            }
        } catch (IOException e) {
            crowd.tally().error("closing: " + e.getMessage());
        }
        client = null;
    }

    @Override
    public void ended(Client ended, IOException why) {
        if (ended != client && ended != null) {
            return; // it was given up before
        }
        if (!crowd.isDead(server)) {
            crowd.tally()
                    .error("connection: " + String.valueOf(why.getMessage()).replaceFirst("^client [0-9]+: ", ""));
        }
        leave();
        comeBack(System.nanoTime());
    }

    /** Waits for a random time, the longer the more attempts have failed, and tries one of the servers that live. */
    private void comeBack(long now) {
        long bound = Math.min(CAP_MILLIS, (long) plan.spreadMillis() << Math.min(attempts++, 20));
        crowd.later(now + crowd.random(bound * 1_000_000 + 1), () -> {
            server = crowd.livingServer();
            returning = returning == 0 ? System.nanoTime() : returning;
            connect(System.nanoTime());
        });
    }

    /** Gives an attempt to come back up, and begins another, if it takes too long. */
    void giveUp(long now) {
        long patience = state == State.CONNECTING ? CONNECT_NANOS : ANSWER_NANOS;
        if (returning != 0 && state != State.AWAY && state != State.READY && now - asking > patience) {
            crowd.tally().error("no answer to " + (state == State.CONNECTING ? "connect" : "subscribe") + " in time");
            cut(now);
        }
    }
}
