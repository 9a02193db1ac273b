package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.accept.ConnectionLimiter;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.Content;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Guests that have the server keep as much as it will, all together, while two others go on talking. */
@Timeout(120)
class SharedMemoryTest {
    private static final String CHANNEL = "lobby";
    private static final long BUDGET = 6 << 20;
    private static final String GUESTS = "127.0.0.2"; // the address that hostile guests come from

    private final MemoryBudget memory = MemoryBudget.ofBytes(BUDGET);
    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT, memory);
    private final List<RawClient> guests = new ArrayList<>();
    private ChatServer server;
    private Conversation conversation;

    @BeforeEach
    void start() throws Exception {
        server = ChatServer.builder().port(0).broker(broker).start();
        conversation = new Conversation(server.port(), CHANNEL);
        conversation.goesOn();
    }

    @AfterEach
    void stop() throws Exception {
        conversation.close();
        leave();
        server.close();
        broker.close();
        eventually(() -> assertThat(memory.used()).isZero()); // loops that have just ended give theirs back
    }

    @Test
    void historiesThatAreNotRead() throws Exception {
        for (int i = 0; i < 8; i++) {
            broker.publish("archive", "eve", new Content.Text("x".repeat(15_000)), "");
        }
        long[] most = new long[1]; // that has waited for them at a time: those that are cut off give it back
        for (int i = 0; i < 60; i++) { // of which each can have a megabyte wait for it
            RawClient guest = chat("archive");
            most[0] = Math.max(most[0], memory.used(Part.QUEUES));
            for (int n = 0; n < 9; n++) {
                sendIfOpen(guest, "{\"id\":9,\"type\":\"history\",\"channel\":\"archive\",\"limit\":100}");
            }
            assertThat(memory.used()).isLessThan(BUDGET);
        }
        eventually(() -> {
            most[0] = Math.max(most[0], memory.used(Part.QUEUES));
            assertThat(most[0]).isGreaterThan(BUDGET / 3); // the rest is pages that are still being read or encoded
        });

        conversation.goesOn();
        assertThat(memory.used()).isLessThan(BUDGET);
        leave();
        eventually(() -> {
            assertThat(memory.used(Part.QUEUES)).isZero();
            assertThat(memory.used(Part.PAGES)).isZero();
            assertThat(memory.used(Part.CONNECTIONS)).isEqualTo(2 * ConnectionLimiter.CONNECTION_BYTES);
        });
        conversation.goesOn();
    }

    @Test
    void recoveriesThatAreNotRead() throws Exception {
        for (int i = 0; i < 200; i++) {
            broker.publish("archive", "eve", new Content.Text("x".repeat(15_000)), "");
        }
        String epoch = broker.historyAfter("archive", 0, 1).position().epoch();
        long first = broker.historyAfter("archive", 0, 1)
                .messages()
                .getFirst()
                .position()
                .offset();
        for (int i = 0; i < 40; i++) {
            sendIfOpen(
                    chat(""),
                    "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"archive\",\"since\":{\"epoch\":\"" + epoch
                            + "\",\"offset\":" + first + "}}");
            assertThat(memory.used()).isLessThan(BUDGET);
        }

        conversation.goesOn();
        leave();
        eventually(() -> {
            assertThat(memory.used(Part.QUEUES)).isZero();
            assertThat(memory.used(Part.PAGES)).isZero();
        });
        conversation.goesOn();
    }

    @Test
    void messagesThatDoNotEnd() throws Exception {
        byte[] begun = Arrays.copyOf(RawClient.frame(0x81, new byte[60_000]), 50_000);
        for (int i = 0; i < 150; i++) { // would be 9 MB
            RawClient guest = RawClient.connectFrom(GUESTS, server.port());
            guests.add(guest);
            try {
                guest.send(RawClient.handshake()).send(begun);
            } catch (IOException e) {
                break; // it is refused by now
            }
            assertThat(memory.used()).isLessThan(BUDGET);
        }

        conversation.goesOn();
        leave();
        eventually(() -> assertThat(memory.used(Part.INCOMING)).isZero());
        conversation.goesOn();
    }

    @Test
    void recentFramesOfManyChannels() throws Exception {
        List<TestClient> members = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            members.add(TestClient.connect(server.port(), "chat.v1"));
        }
        for (int i = 0; i < 120; i++) {
            String channel = "channel-" + i;
            members.get(i % 4).send("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"" + channel + "\"}");
            eventually(() -> assertThat(server.channels()).containsKey(channel));
            for (int n = 0; n < 8; n++) { // would be 10 MB of frames
                broker.publish(channel, "eve", new Content.Text("x".repeat(10_000)), "");
            }
            assertThat(memory.used()).isLessThan(BUDGET);
        }
        conversation.goesOn();
        members.forEach(TestClient::abort);
        eventually(() -> {
            assertThat(memory.used(Part.QUEUES)).isZero();
            assertThat(memory.used(Part.RECENT)).isLessThan(BUDGET / 10); // of the two
        });
    }

    @Test
    void connectionsBeyondTheBudget() throws Exception {
        memory.charge(Part.WAITING, BUDGET / 100 * 91); // what can't be freed
        try {
            RawClient guest = RawClient.connectFrom(GUESTS, server.port());
            guests.add(guest);
            assertThat(guest.send(RawClient.handshake()).readLine()).contains(" 503 ");
            conversation.goesOn(); // those that are there go on, with histories that are cut
            assertThat(server.memory().isShort()).isTrue();
        } finally {
            memory.charge(Part.WAITING, -BUDGET / 100 * 91);
        }
        TestClient.member(server.port(), "carol", CHANNEL).close();
    }

    @Test
    void messagesBeyondTheBudget() throws Exception {
        try (TestClient member = TestClient.connect(server.port(), "chat.v1")) {
            member.send("{\"id\":1,\"type\":\"subscribe\",\"channel\":\"den\"}");
            assertThat(member.next()).contains("subscribed");
            long before = broker.historyAfter("den", 0, 10).position().offset();
            conversation.close(); // they would be refused as well
            memory.charge(Part.WAITING, BUDGET);
            member.send("{\"id\":2,\"type\":\"publish\",\"channel\":\"den\",\"data\":\"hi\"}");
            assertThat(member.next()).contains("\"unavailable\"").contains("short of memory");
            member.send("{\"id\":3,\"type\":\"history\",\"channel\":\"den\",\"limit\":10}");
            assertThat(member.next()).contains("\"unavailable\"");
            memory.charge(Part.WAITING, -BUDGET);
            assertThat(broker.historyAfter("den", 0, 10).position().offset()).isEqualTo(before);
            conversation = new Conversation(server.port(), CHANNEL);
            member.send("{\"id\":4,\"type\":\"publish\",\"channel\":\"den\",\"data\":\"hi\"}");
            assertThat(member.next()).contains("\"offset\":1");
        }
    }

    /** A guest that speaks chat.v1, in a channel or in none, and never reads. */
    private RawClient chat(String channel) throws IOException {
        RawClient guest = RawClient.connectFrom(GUESTS, server.port());
        guests.add(guest);
        String handshake = new String(RawClient.handshake(), StandardCharsets.US_ASCII);
        try {
            guest.send(handshake
                    .replace("Sec-WebSocket-Key", "Sec-WebSocket-Protocol: chat.v1\r\nSec-WebSocket-Key")
                    .getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            return guest; // refused, for memory is short
        }
        if (!channel.isEmpty()) {
            sendIfOpen(guest, "{\"id\":1,\"type\":\"subscribe\",\"channel\":\"" + channel + "\"}");
        }
        return guest;
    }

    private static void sendIfOpen(RawClient guest, String text) {
        try {
            guest.send(RawClient.frame(0x81, text.getBytes(StandardCharsets.UTF_8)));
        } catch (IOException e) {
            // It was ended, as it may be.
        }
    }

    private void leave() throws IOException {
        for (RawClient guest : guests) {
            guest.close();
        }
        guests.clear();
    }
}
