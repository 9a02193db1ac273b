package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.message.Credentials;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What an account or an address may take across its connections. */
@Concurrent
class QuotasTest {
    private static final int MANY = 1_000_000;
    private static final Limits LIMITS = Limits.DEFAULT.withRateMessages(MANY).withRateBurst(MANY);

    private ChatServer server;

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
    }

    private void start(Quotas quotas) throws Exception {
        start(LIMITS.withQuotas(quotas), ChatServer.builder());
    }

    private void start(Limits limits, ChatServerBuilder builder) throws Exception {
        server = builder.host("localhost").port(0).tcpPort(0).limits(limits).start();
    }

    private TestClient chat(String connect) throws Exception {
        TestClient client = TestClient.connect(server.port(), "chat.v1");
        assertThat(client.send("{\"id\":1,\"type\":\"connect\"," + connect + "}")
                        .next())
                .contains("\"connected\"");
        return client;
    }

    private TestClient guest(String name) throws Exception {
        return chat("\"client\":\"" + name + "\"");
    }

    private static String ask(TestClient client, String fields) throws Exception {
        client.send("{\"id\":7," + fields + "}");
        String answer = client.next();
        while (!answer.startsWith("{\"id\":7,")) {
            answer = client.next();
        }
        return answer;
    }

    private static String subscribe(TestClient client, String channel) throws Exception {
        return ask(client, "\"type\":\"subscribe\",\"channel\":\"" + channel + "\"");
    }

    private static String publish(TestClient client, String channel, String json) throws Exception {
        return ask(client, "\"type\":\"publish\",\"channel\":\"" + channel + "\",\"data\":" + json);
    }

    private long refusals(String quota) {
        return server.metrics().quotaRefusals().get(quota);
    }

    @Test
    void holdForRequestsOnAllConnections() throws Exception {
        start(Quotas.NONE.withRateMessages(1));
        try (TestClient one = guest("one");
                TestClient other = TestClient.connect(server.port(), "chat.v1")) {
            String answer = "";
            for (int i = 0; !answer.contains("error"); i++) {
                answer = ask(i % 2 == 0 ? one : other, "\"type\":\"ping\"");
            }
            assertThat(answer).contains("rate_limited", "too many requests from one account or address");
            assertThat(refusals("messages")).isPositive();
        }
    }

    @Test
    void areThoseOfTheAccountAfterALogin() throws Exception {
        Authenticator everyone = (credentials, address) -> credentials instanceof Credentials.Password password
                ? Optional.of(new User(password.user()))
                : Optional.empty();
        start(
                LIMITS.withQuotas(Quotas.NONE.withMaxChannels(1)),
                ChatServer.builder().authenticator(everyone).guests(true));
        try (TestClient ada = chat("\"user\":\"ada\",\"password\":\"secret\"");
                TestClient bob = chat("\"user\":\"bob\",\"password\":\"secret\"");
                TestClient again = chat("\"user\":\"ada\",\"password\":\"secret\"");
                TestClient guest = guest("guest-cyd");
                TestClient another = guest("guest-dee")) {
            assertThat(subscribe(ada, "lobby")).contains("subscribed");
            assertThat(subscribe(bob, "lobby")).contains("subscribed");
            assertThat(subscribe(guest, "lobby")).contains("subscribed");
            assertThat(subscribe(again, "lobby")).contains("too_many_channels", "unsubscribe from some");
            assertThat(subscribe(another, "lobby")).contains("too_many_channels");
        }
    }

    @Test
    void giveSubscriptionsBack() throws Exception {
        start(Quotas.NONE.withMaxChannels(2));
        TestClient one = guest("one");
        try (TestClient other = guest("other")) {
            assertThat(subscribe(one, "a")).contains("subscribed");
            assertThat(subscribe(one, "b")).contains("subscribed");
            assertThat(subscribe(other, "c")).contains("too_many_channels");
            ask(one, "\"type\":\"unsubscribe\",\"channel\":\"a\"");
            assertThat(subscribe(other, "c")).contains("subscribed");
            assertThat(subscribe(other, "d")).contains("too_many_channels");
            one.close();
            eventually(() -> assertThat(server.connections()).isEqualTo(1));
            assertThat(subscribe(other, "d")).contains("subscribed");
        }
    }

    @Test
    void countBytesAsTheyAreSent() throws Exception {
        start(LIMITS.withOutboundQueueBytes(100_000).withQuotas(Quotas.NONE.withRateBytes(1)), ChatServer.builder());
        try (TestClient one = guest("one");
                TestClient other = guest("other")) {
            subscribe(one, "lobby");
            subscribe(other, "lobby");
            // A control character is one byte in UTF-8, and six in JSON: 50,000 bytes may be sent at once.
            assertThat(publish(one, "lobby", "\"" + "\\u0001".repeat(9_000) + "\""))
                    .contains("published");
            assertThat(publish(other, "lobby", "\"hi\"")).contains("rate_limited", "too many bytes");
            assertThat(ask(other, "\"type\":\"signal\",\"channel\":\"lobby\",\"data\":1"))
                    .contains("rate_limited");
            assertThat(refusals("bytes")).isEqualTo(2);
        }
    }

    @Test
    void holdForTheDayAndAfterReconnecting() throws Exception {
        start(Quotas.NONE.withDailyBytes(1_000));
        try (TestClient one = guest("one")) {
            subscribe(one, "lobby");
            assertThat(publish(one, "lobby", "\"" + "x".repeat(1_000) + "\"")).contains("published");
            assertThat(publish(one, "lobby", "\"hi\"")).contains("rate_limited", "some hours");
        }
        eventually(() -> assertThat(server.connections()).isZero());
        try (TestClient other = guest("other")) {
            subscribe(other, "lobby");
            assertThat(publish(other, "lobby", "\"hi\"")).contains("rate_limited");
            assertThat(ask(other, "\"type\":\"signal\",\"channel\":\"lobby\",\"data\":1"))
                    .contains("signalled");
        }
    }

    @Test
    void keepOneAddressFromPushingOthersOutOfAHistory() throws Exception {
        start(LIMITS.withQuotas(Quotas.NONE.withChannelMessages(100)), ChatServer.builder());
        try (TestClient one = guest("one");
                TestClient other = guest("other")) {
            subscribe(one, "lobby");
            subscribe(other, "lobby");
            subscribe(other, "hall");
            int published = 0;
            while (publish(one, "lobby", "1").contains("published")) {
                published++;
            }
            assertThat(published).isBetween(50, 200);
            String answer = publish(other, "lobby", "1");
            for (int i = 0; answer.contains("published"); i++) { // as one is granted every 600 ms
                assertThat(i).as("beside those of one").isLessThan(25);
                answer = publish(other, "lobby", "1");
            }
            assertThat(answer).contains("rate_limited", "to this channel");
            assertThat(publish(other, "hall", "1")).contains("published");
            int sent = 0;
            while (ask(one, "\"type\":\"direct\",\"to\":\"other\",\"data\":1").contains("published")) {
                sent++;
            }
            assertThat(sent).isBetween(10, 50);
        }
    }

    @Test
    void countTheBytesOfTheCopyOfADirectMessage() throws Exception {
        start(LIMITS.withQuotas(Quotas.NONE.withDailyBytes(100_000)), ChatServer.builder());
        try (TestClient one = guest("one");
                TestClient other = guest("other")) {
            assertThat(subscribe(other, "lobby")).contains("subscribed");
            String large = "\"" + "x".repeat(1_000) + "\"";
            int sent = 0;
            while (ask(one, "\"type\":\"direct\",\"to\":\"other\",\"data\":" + large)
                    .contains("\"published\"")) {
                sent++;
            }
            assertThat(sent).isBetween(40, 50); // of some 1,100 bytes, twice
        }
    }

    @Test
    void boundNewChannelsAndNotOthers() throws Exception {
        start(Quotas.NONE.withNewChannels(1));
        server.publish("old", "operator", "hi");
        try (TestClient one = guest("one");
                TestClient other = guest("other")) {
            for (int i = 0; i < 20; i++) {
                assertThat(subscribe(one, "new-" + i)).contains("subscribed");
            }
            assertThat(subscribe(one, "new")).contains("rate_limited", "too many new channels");
            assertThat(subscribe(other, "new")).contains("rate_limited");
            assertThat(subscribe(other, "old")).contains("subscribed");
            assertThat(subscribe(other, "new-1")).contains("subscribed");
        }
    }

    @Test
    void letNoChannelBeginBeyondTheBoundForAll() throws Exception {
        start(LIMITS.withQuotas(Quotas.NONE).withMaxChannelsTotal(5), ChatServer.builder());
        server.publish("old", "operator", "hi");
        try (TestClient one = guest("one");
                TestClient other = guest("other")) {
            while (subscribe(one, "new-" + server.channels().size()).contains("subscribed")) {
                assertThat(server.channels()).hasSizeLessThan(5);
            }
            assertThat(subscribe(one, "another")).contains("too_many_channels", "use one that exists");
            assertThat(subscribe(other, "old")).contains("subscribed");
            assertThat(subscribe(other, "new-0")).contains("subscribed");
            assertThat(publish(other, "new-0", "1")).contains("published");
            assertThat(ask(other, "\"type\":\"direct\",\"to\":\"one\",\"data\":1"))
                    .contains("too_many_channels");
            assertThat(refusals("all_channels")).isPositive();
        }
    }

    @Test
    void holdForEveryProtocol() throws Exception {
        start(LIMITS.withQuotas(Quotas.NONE.withChannelMessages(2)), ChatServer.builder());
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby");
                TestClient bob = TestClient.connect(server.port(), "XSocketsNET")) {
            ada.publish("ada", "lobby", "first");
            assertThat(ada.next()).endsWith("first");
            ada.publish("ada", "lobby", "second");
            assertThat(ada.nextResult()).startsWith("Error: too many messages");
            bob.send("{\"c\":\"chat\",\"t\":\"1\",\"d\":\"\"}").next();
            bob.send("{\"c\":\"chat\",\"t\":\"join\",\"d\":{\"channel\":\"lobby\"}}")
                    .next();
            bob.send("{\"c\":\"chat\",\"t\":\"say\",\"d\":{\"channel\":\"lobby\",\"text\":\"hi\"}}");
            assertThat(bob.next()).contains("\"4\"", "too many messages");
        }
    }

    /** It has no words for a refusal: it is read later, and what it says is not lost. */
    @Test
    void slowTcpChatDown() throws Exception {
        start(LIMITS.withQuotas(Quotas.NONE.withChannelMessages(60)), ChatServer.builder());
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby");
                TcpClient bob = TcpClient.called("bob", server.tcpPort().orElseThrow())) {
            for (int i = 0; i < 32; i++) { // of which 30 may come at once
                bob.say("text " + i);
            }
            for (int i = 0; i < 32; i++) {
                assertThat(ada.next()).endsWith("text " + i);
            }
        }
    }

    @Test
    void holdForDirectMessagesToUnknownNames() throws Exception {
        start(Quotas.NONE.withUnknownNames(2));
        try (TestClient ada = guest("ada");
                TestClient bob = guest("bob")) {
            assertThat(direct(ada, "nobody")).contains("no_such_user");
            for (int i = 0; i < 100; i++) {
                assertThat(direct(ada, "bob")).contains("published"); // it is known without asking the broker
            }
            assertThat(direct(bob, "nobody")).contains("rate_limited", "names that do not exist");
            assertThat(refusals("unknown_names")).isEqualTo(1);
        }
    }

    @Test
    void doNotHoldForDirectMessagesToClientsThatAreAway() throws Exception {
        start(Quotas.NONE.withUnknownNames(2));
        try (TestClient ada = guest("ada")) {
            TestClient bob = guest("bob");
            assertThat(direct(ada, "bob")).contains("published");
            bob.close();
            eventually(() -> assertThat(server.sessions()).hasSize(1));
            for (int i = 0; i < 100; i++) {
                assertThat(direct(ada, "bob")).contains("published");
            }
        }
    }

    private static String direct(TestClient client, String to) throws Exception {
        return ask(client, "\"type\":\"direct\",\"to\":\"" + to + "\",\"data\":1");
    }

    @Test
    void doNotHoldForTheProgramItself() throws Exception {
        start(new Quotas(1, 1, 1, 1, 1, 1, 1, 1));
        for (int i = 0; i < 1_000; i++) {
            server.publish("lobby", "operator", "x".repeat(1_000));
        }
        assertThat(server.metrics().quotaRefusals())
                .allSatisfy((quota, count) -> assertThat(count).isZero());
    }

    /** The arithmetic of the defaults: one address, 20 connections, and a member that reads a megabyte a second. */
    @Test
    void letASlowMemberSurviveOneGuestWithManyConnections() throws Exception {
        start(Limits.DEFAULT, ChatServer.builder());
        int guests = 20;
        int messages = 40;
        String text = "x".repeat(60_000);
        try (RawClient member = RawClient.member(server.port(), "member", "lobby");
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> reading = threads.submit(() -> read(member, 1_000_000));
            List<Future<?>> sending = new ArrayList<>();
            for (int i = 0; i < guests; i++) {
                String name = "guest-" + i;
                RawClient guest = RawClient.connectFrom("127.0.0.2", server.port())
                        .send(RawClient.handshake())
                        .readHandshake()
                        .send(RawClient.subscribe(name, "lobby"));
                threads.submit(() -> read(guest, Long.MAX_VALUE));
                sending.add(threads.submit(() -> {
                    for (int n = 0; n < messages; n++) {
                        guest.send(RawClient.publish(name, "lobby", text));
                    }
                    return null;
                }));
            }
            for (Future<?> one : sending) {
                one.get();
            }
            eventually(() -> assertThat(refusals("bytes")).isGreaterThan(guests * messages / 2L));
            assertThat(reading.isDone()).isFalse();
            assertThat(server.metrics().slowConsumers()).isZero();
            server.close();
        }
    }

    /** Reads until the end, so many bytes a second on average: what a busy machine has delayed is caught up with. */
    private static Void read(RawClient client, long bytesPerSecond) throws IOException {
        long due = System.nanoTime();
        while (true) {
            RawClient.Received received;
            try {
                received = client.receive();
            } catch (IOException e) {
                return null;
            }
            if (received.first() == RawClient.CLOSE) {
                return null;
            }
            due += received.payload().length() * 1_000_000_000L / bytesPerSecond;
            LockSupport.parkNanos(due - System.nanoTime());
        }
    }

    @Test
    void endTheFullestConnectionOfAnAddress() throws Exception {
        start(
                LIMITS.withOutboundQueueBytes(64 * 1024 * 1024)
                        .withQuotas(Quotas.NONE.withQueuedBytes(4 * 1024 * 1024)),
                ChatServer.builder());
        try (RawClient one = RawClient.member(server.port(), "one", "much");
                RawClient other = RawClient.member(server.port(), "other", "little");
                TestClient reader = TestClient.member(server.port(), "reader", "lobby")) {
            String text = "x".repeat(60_000);
            for (int i = 0; i < 200; i++) {
                server.publish("much", "operator", text);
            }
            for (int i = 0; i < 30; i++) {
                server.publish("little", "operator", text);
            }
            eventually(() -> assertThat(server.metrics().slowConsumers()).isEqualTo(1));
            assertThat(refusals("queued_bytes")).isEqualTo(1);
            assertThat(List.of(one, other)).hasSize(2); // until here nobody has read
            assertThat(server.sessions()).extracting(SessionSnapshot::client).contains("other", "reader");
            reader.publish("reader", "lobby", "still here");
            assertThat(reader.next()).endsWith("still here");
        }
    }

    @Test
    void areNotNegative() {
        assertThatThrownBy(() -> Quotas.DEFAULT.withRateBytes(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("rateBytes");
    }
}
