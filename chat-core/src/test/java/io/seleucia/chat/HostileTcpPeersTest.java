package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Peers on the TCP port that keep no rules: they are closed, the log says why in a line, and the others talk on. */
class HostileTcpPeersTest {
    private static final String CHANNEL = "lobby";

    @AutoClose
    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);

    private ChatServer server;
    private int tcpPort;

    private void start(Limits limits) throws IOException {
        server = ChatServer.builder()
                .port(0)
                .tcpPort(0)
                .broker(broker)
                .limits(limits)
                .start();
        tcpPort = server.tcpPort().orElseThrow();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @CsvSource({
        "00000000, 1002 a length has no room for a type",
        "00000003 000000, 1002 a length has no room for a type",
        "00010001 00000000, 1009 a length passes the size limit",
        "7fffffff 00000000, 1009 a length passes the size limit",
        "80000000 00000000, 1009 a length passes the size limit",
        "ffffffff 00000000, 1009 a length passes the size limit",
        "47455420 2f204854, 1009 a length passes the size limit", // GET / HT
        "00000004 00000000, 1002 a field overruns its message",
        "00000005 00000000 00, 1002 a field overruns its message",
        "00000007 00000000 0002 61, 1002 a field overruns its message",
        "00000006 00000000 ffff, 1002 a field overruns its message",
        "00000013 00000003 000102030405060708090a0b0c0d0e, 1002 a field overruns its message",
        "00000014 00000003 000102030405060708090a0b0c0d0eff, 1002 a field overruns its message",
        "00000016 00000003 000102030405060708090a0b0c0d0eff ff61, 1002 a field overruns its message",
        "00000008 00000004 00010203, 1002 a field overruns its message",
        "00000016 00000005 000102030405060708090a0b0c0d0eff 0001, 1002 a field overruns its message",
        "00000007 00000000 0001 ff, 1002 a string is not UTF-8",
        "00000008 00000000 0002 c080, 1002 a string is not UTF-8",
        "00000009 00000000 0003 eda080, 1002 a string is not UTF-8",
        "00000007 00000000 0001 c3, 1002 a string is not UTF-8",
        "00000016 00000003 000102030405060708090a0b0c0d0eff 01ff, 1002 a string is not UTF-8",
    })
    void areClosedAndTheLogSaysWhy(String hex, String why) throws Exception {
        start(Limits.DEFAULT);
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        try (TestClient bob = TestClient.member(server.port(), "bob", CHANNEL);
                LoggedLines log = new LoggedLines()) {
            eventually(
                    () -> { // more than once, if the log had a line like it a moment ago
                        String address = attack(bytes);
                        assertThat(log.lines())
                                .anySatisfy(line -> assertThat(line).contains(address, why));
                    });

            eventually(() -> assertThat(broker.members(CHANNEL)).isEqualTo(Map.of("bob", 1)));
            bob.publish("bob", CHANNEL, "still here");
            assertThat(bob.next()).endsWith("still here");
            assertThat(log.lines()).allSatisfy(line -> assertThat(line).contains(why));
            assertThat(log.stackTraces()).isEmpty();
        }
    }

    /** Connects, sends, and waits until it is closed; who that was. */
    private String attack(byte[] bytes) {
        try (TcpClient mallory = TcpClient.connect(tcpPort)) {
            assertThat(mallory.send(bytes).atEnd()).isTrue();
            return mallory.address();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void areWorthALineEachAtTheMost() throws Exception {
        start(Limits.DEFAULT);
        try (LoggedLines log = new LoggedLines()) {
            int peers = 50;
            for (int i = 0; i < peers; i++) {
                TcpClient mallory = TcpClient.connect(tcpPort);
                mallory.send(new byte[100_000]).awaitEnd().close();
            }
            assertThat(log.lines().size()).isLessThanOrEqualTo(peers);
            assertThat(log.lines()).allSatisfy(line -> assertThat(line).contains("a length has no room for a type"));
            assertThat(log.stackTraces()).isEmpty();
        }
    }

    @Test
    void areClosedForAMessageThatDoesNotEnd() throws Exception {
        start(Limits.DEFAULT.withFrameTimeout(Duration.ofSeconds(1)));
        byte[] message = TcpClient.chat("half a message");
        try (LoggedLines log = new LoggedLines()) {
            for (int length : new int[] {1, 4, 8, message.length - 1}) {
                try (TcpClient mallory = TcpClient.connect(tcpPort)) {
                    assertThat(mallory.send(Arrays.copyOf(message, length)).atEnd())
                            .isTrue();
                }
            }
            assertThat(log.lines()).allSatisfy(line -> assertThat(line).contains("4001 timed out"));
        }
    }

    @Test
    void sendNoFasterThanTheyMay() throws Exception {
        int burst = 20;
        int perSecond = 50;
        int messages = 120;
        start(Limits.DEFAULT.withRateMessages(perSecond).withRateBurst(burst));
        try (TcpClient flooder = TcpClient.connect(tcpPort);
                TestClient bob = TestClient.member(server.port(), "bob", CHANNEL)) {
            long began = System.nanoTime();
            byte[] keepalive = TcpClient.message(TcpClient.KEEPALIVE); // counts as well
            for (int i = 0; i < messages / 2; i++) {
                flooder.say("flood " + i).send(keepalive);
            }
            for (int i = 0; i < messages / 2; i++) {
                assertThat(bob.next()).endsWith("flood " + i);
            }
            double seconds = (System.nanoTime() - began) / 1e9;
            assertThat(seconds).isGreaterThan((messages - burst - 2.0) / perSecond);
            assertThat(flooder.rename("flooder")).isEqualTo("ack");
        }
    }

    @Test
    void areClosedWhenTheyNeverRead() throws Exception {
        start(Limits.DEFAULT
                .withOutboundQueueBytes(256 * 1024)
                .withRateMessages(1_000_000)
                .withRateBurst(1_000_000)
                .withQuotas(Quotas.NONE)
                .withWriteTimeout(Duration.ofSeconds(2)));
        String text = "x".repeat(16 * 1024);
        try (TcpClient mallory = TcpClient.called("mallory", tcpPort);
                TestClient loud = TestClient.member(server.port(), "loud", CHANNEL)) {
            for (int i = 0; broker.members(CHANNEL).containsKey("mallory"); i++) {
                assertThat(i).as("messages until it is closed").isLessThan(10_000);
                loud.publish("loud", CHANNEL, text);
                assertThat(loud.next()).endsWith(text);
            }
            mallory.awaitEnd();
        }
    }

    @Test
    void leaveNothingBehindWhateverTheySend() throws Exception {
        start(Limits.DEFAULT.withFrameTimeout(Duration.ofSeconds(1)));
        Random random = new Random(33333);
        byte[] conversation = HexFormat.of()
                .parseHex("0000001400000004000102030405060708090a0b0c0d0eff" + "0000000400000002"
                        + "00000008000000000002" + "6869" + "0000001600000003000102030405060708090a0b0c0d0eff0161");
        try (LoggedLines log = new LoggedLines()) {
            for (int i = 0; i < 300; i++) {
                byte[] bytes = Arrays.copyOf(conversation, 1 + random.nextInt(conversation.length));
                for (int damaged = random.nextInt(4); damaged > 0; damaged--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                }
                TcpClient.connect(tcpPort).send(bytes).close();
            }
            eventually(() -> assertThat(server.connections()).isZero());
            assertThat(broker.members(CHANNEL)).isEmpty();
            assertThat(broker.members("@a")).isEmpty();
            assertThat(log.stackTraces()).isEmpty();
        }
    }
}
