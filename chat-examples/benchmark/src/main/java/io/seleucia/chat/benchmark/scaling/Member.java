package io.seleucia.chat.benchmark.scaling;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.benchmark.Client;
import io.seleucia.chat.benchmark.Stamp;
import io.seleucia.chat.benchmark.scaling.Status.Counter;
import io.seleucia.chat.benchmark.scaling.Status.Latency;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A client that speaks chat.v1: it connects, subscribes to its channels, a few at a time, and publishes by its
 * {@link Publications}. When its connection ends, it reconnects with its positions, as docs/java-client.md says.
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

    private static final int CONNECT = 1; // request ids; a subscription has 2 plus the index of its channel
    private static final int SUBSCRIBE = 2;
    private static final String MESSAGE = "{\"type\":\"message\",\"channel\":\"";
    private static final int AFTER_CHANNEL = "\",\"offset\":".length();
    private static final int TAIL = "\"}".length();
    private static final long RETRY_NANOS = 500_000_000; // after unavailable
    private static final long CAP_MILLIS = 20_000; // this and the next as in the client library
    private static final long CONNECT_NANOS = 15_000_000_000L;
    private static final long ANSWER_NANOS = 30_000_000_000L;

    private final Crowd crowd;
    private final Plan plan;
    private final int own; // index of its place in this part
    private final int place;
    private final int round;
    private final Publications publications;
    private State state = State.AWAY;
    private Client client;
    private int server;
    private Optional<Receipts.Since> inbox = Optional.empty();
    private int requested; // subscriptions, on this connection
    private int subscribed;
    private int attempts;
    private long returningSince; // time of the first attempt to reconnect, or 0
    private long waitingSince; // for the login, or for all subscriptions

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

    List<Publisher> publishers() {
        return publications.publishers();
    }

    void loop(int window) throws IOException {
        publications.loop(client, window);
    }

    void connect(long now) {
        waitingSince = now;
        state = State.CONNECTING;
        requested = 0;
        subscribed = 0;
        try {
            client = crowd.open(own * plan.rounds() + round, server, this);
        } catch (IOException e) {
            ended(null, e);
        }
    }

    @Override
    public void opened(Client opened, long now) throws IOException {
        Receipts.Since since = inbox.orElse(new Receipts.Since("none", 0)); // so that the reply has a position
        opened.send(
                bytes("{\"id\":%d,\"type\":\"connect\",\"client\":\"%s\",\"inbox\":{\"epoch\":\"%s\",\"offset\":%d}}"
                        .formatted(CONNECT, plan.client(place, round), since.epoch(), since.offset())));
    }

    /** Begins to subscribe, if it is connected. */
    void subscribe() {
        if (state == State.CONNECTED) {
            state = State.SUBSCRIBING;
            while (requested < Math.min(plan.perClient(), crowd.subscribeWindow())) {
                subscribe(requested++);
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
            return; // of a former connection
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
        waitingSince = now;
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
            crowd.tally().add(Counter.RECOVERED, 1);
        } else {
            receipts.begin(channel(index), round, since(reply));
            crowd.tally().add(Counter.UNRECOVERED, 1);
        }
        subscribed++;
        crowd.tally().count(Counter.SUBSCRIBED, now);
        if (requested < plan.perClient()) {
            subscribe(requested++);
        } else if (subscribed == plan.perClient()) {
            ready(now);
        }
    }

    private void ready(long now) {
        state = State.READY;
        attempts = 0;
        crowd.tally().add(Counter.READY, 1);
        if (returningSince != 0) {
            crowd.tally().record(Latency.RETURN, now - returningSince);
            returningSince = 0;
        }
        publications.resume();
    }

    private void refused(int id, JsonObject reply, long now) {
        String code = reply.get("code").getAsString();
        boolean unavailable = code.equals("unavailable");
        if (id == CONNECT) {
            crowd.tally().error("connect " + code);
            leave();
            comeBack(now);
        } else if (id < SUBSCRIBE + plan.perClient()) {
            crowd.tally().error("subscribe " + code);
            if (unavailable) {
                retry(() -> subscribe(id - SUBSCRIBE));
            }
        } else {
            crowd.tally().error("publish " + code);
            if (unavailable) {
                retry(() -> publications.repeat(id));
            }
        }
    }

    /** Repeats a request later, if the connection is still the same. */
    private void retry(Runnable request) {
        Client connection = client;
        crowd.later(System.nanoTime() + RETRY_NANOS, () -> {
            if (client == connection) {
                request.run();
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
            crowd.tally().error("an unexpected message");
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

    void cut(long now) {
        leave();
        comeBack(now);
    }

    private void leave() {
        if (state == State.READY) {
            crowd.tally().add(Counter.READY, -1);
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
            return; // of a former connection
        }
        if (!crowd.isDead(server)) {
            crowd.tally()
                    .error("connection: " + String.valueOf(why.getMessage()).replaceFirst("^client [0-9]+: ", ""));
        }
        leave();
        comeBack(System.nanoTime());
    }

    /** Reconnects to a random living server after a random time, whose bound doubles with each failed attempt. */
    private void comeBack(long now) {
        long bound = Math.min(CAP_MILLIS, (long) plan.spreadMillis() << Math.min(attempts++, 20));
        crowd.later(now + ThreadLocalRandom.current().nextLong(bound * 1_000_000 + 1), () -> {
            server = crowd.livingServer();
            returningSince = returningSince == 0 ? System.nanoTime() : returningSince;
            connect(System.nanoTime());
        });
    }

    /** Starts another attempt to reconnect if the present one takes too long. */
    void checkDeadline(long now) {
        long patience = state == State.CONNECTING ? CONNECT_NANOS : ANSWER_NANOS;
        if (returningSince != 0 && state != State.AWAY && state != State.READY && now - waitingSince > patience) {
            crowd.tally().error("no answer to " + (state == State.CONNECTING ? "connect" : "subscribe") + " in time");
            cut(now);
        }
    }
}
