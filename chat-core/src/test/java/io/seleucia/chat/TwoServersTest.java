package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.redis.RedisBroker;
import io.seleucia.chat.broker.redis.RedisBrokers;
import io.seleucia.chat.broker.redis.RedisProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.RedisClient;

/** Two servers over one Redis are one chat, and stay one when Redis comes and goes. */
@Concurrent
class TwoServersTest {
    private RedisProcess redis;
    private RedisBroker hereBroker;
    private RedisBroker thereBroker;
    private ChatServer here;
    private ChatServer there;

    @BeforeEach
    void start() throws Exception {
        redis = RedisProcess.begin();
        hereBroker = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT);
        thereBroker = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT);
        assertThat(hereBroker.awaitReachable(Duration.ofSeconds(30))).isTrue();
        assertThat(thereBroker.awaitReachable(Duration.ofSeconds(30))).isTrue();
        here = ChatServer.builder().port(0).tcpPort(0).broker(hereBroker).start();
        there = ChatServer.builder().port(0).tcpPort(0).broker(thereBroker).start();
    }

    @AfterEach
    void stop() throws Exception {
        if (redis != null) {
            here.close();
            there.close();
            hereBroker.close();
            thereBroker.close();
            redis.close();
        }
    }

    @Test
    void areOneChat() throws Exception {
        try (TestClient ada = TestClient.member(here.port(), "ada", "lobby");
                TestClient bob = TestClient.member(there.port(), "bob", "lobby")) {
            for (int i = 0; i < 50; i++) {
                ada.publish("ada", "lobby", "message " + i);
            }
            for (int i = 0; i < 50; i++) {
                assertThat(ada.next()).isEqualTo("Channel : lobby, Sender : ada, Message : message " + i);
                assertThat(bob.next()).isEqualTo("Channel : lobby, Sender : ada, Message : message " + i);
            }
            bob.publish("bob", "lobby", "hello back");
            assertThat(ada.next()).isEqualTo("Channel : lobby, Sender : bob, Message : hello back");
            assertThat(hereBroker.members("lobby")).isEqualTo(Map.of("ada", 1, "bob", 1));
        }
        try (RedisClient client = redis.client()) {
            eventually(() -> assertThat(client.keys("chat:client:*")).isEmpty());
        }
    }

    @Test
    void giveANicknameOnceThoughOneHasNotHeardOfTheOtherYet() throws Exception {
        try (RedisBroker oldBroker = RedisBrokers.looksAtOthersOnlyOnce(redis.uri());
                ChatServer old = tcp(oldBroker);
                TcpClient ada = TcpClient.called("ada", old.tcpPort().orElseThrow());
                RedisBroker freshBroker = RedisBrokers.looksAtOthersOnlyOnce(redis.uri());
                ChatServer fresh = tcp(freshBroker);
                TcpClient bob = TcpClient.called("bob", fresh.tcpPort().orElseThrow())) {
            assertThat(ada.rename("bob")).isEqualTo("Nickname already taken.");
            assertThat(bob.rename("ada")).isEqualTo("Nickname already taken.");
            assertThat(oldBroker.members("@bob")).isEqualTo(Map.of("bob", 1));
            assertThat(oldBroker.members("lobby")).isEqualTo(Map.of("ada", 1, "bob", 1));
        }
    }

    private static ChatServer tcp(RedisBroker broker) throws Exception {
        return ChatServer.builder().port(0).tcpPort(0).broker(broker).start();
    }

    @Test
    void bothHearWhatAPersonPushes() throws Exception {
        try (TestClient ada = TestClient.member(here.port(), "ada", "lobby");
                TestClient bob = TestClient.member(there.port(), "bob", "lobby");
                RedisClient client = redis.client()) {
            client.publish("chat:{lobby}:live", "plain text");

            assertThat(ada.next()).isEqualTo("Channel : lobby, Sender : redis, Message : plain text");
            assertThat(bob.next()).isEqualTo("Channel : lobby, Sender : redis, Message : plain text");
        }
    }

    @Test
    void sayUnavailableWhileRedisIsDownAndGoOnWhenItIsBack() throws Exception {
        try (TestClient ada = TestClient.member(here.port(), "ada", "lobby");
                TestClient bob = TestClient.member(there.port(), "bob", "lobby")) {
            redis.kill();
            assertThat(ada.publish("ada", "lobby", "lost?").nextResult()).startsWith("Error: unavailable");
            assertThat(ada.subscribe("ada", "den").nextResult()).startsWith("Error: unavailable");

            redis.start();

            // Each attempt is answered in line: by the message itself, or by the error.
            String answer = eventuallyGet(() -> {
                String reply = ada.publish("ada", "lobby", "back").next();
                if (!reply.endsWith("Message : back")) {
                    throw new IllegalStateException(reply);
                }
                return reply;
            });
            assertThat(answer).isEqualTo("Channel : lobby, Sender : ada, Message : back");
            assertThat(bob.next()).isEqualTo(answer);
            assertThat(eventuallyGet(() -> {
                        String reply = ada.subscribe("ada", "den").nextResult();
                        if (reply.startsWith("Error: unavailable")) {
                            throw new IllegalStateException(reply);
                        }
                        return reply;
                    }))
                    .isEqualTo("Subscribed to channel : den SUCCESSFULLY !");
        }
    }

    @Test
    void sendNobodysOwnMessagesBackButThoseOfNamesakes() throws Exception {
        try (TcpClient ada = TcpClient.called("ada", tcpPort(here));
                TestClient namesake = TestClient.member(there.port(), "ada", "lobby")) {
            for (int i = 0; i < 50; i++) {
                ada.say("own " + i);
                namesake.publish("ada", "lobby", "namesake " + i);
                if (i == 25) {
                    ada.send(TcpClient.nickname("eve")); // while messages may be on their way
                }
            }
            List<String> received = new ArrayList<>();
            boolean renamed = false;
            while (received.size() < 50) {
                TcpClient.Received next = ada.next();
                renamed |= next.type() == TcpClient.ACK;
                if (next.type() == TcpClient.BROADCAST) {
                    received.add(next.broadcast());
                }
            }
            for (int i = 0; i < 50; i++) {
                assertThat(received.get(i)).isEqualTo("ada: namesake " + i);
            }
            if (!renamed) {
                assertThat(ada.answer()).isEqualTo("ack");
            }
            namesake.publish("ada", "lobby", "the end");
            assertThat(ada.nextBroadcast()).isEqualTo("ada: the end");
        }
    }

    @Test
    void giveANicknameToOneClientOnly() throws Exception {
        try (TcpClient ada = TcpClient.called("ada", tcpPort(here));
                TestClient bob = TestClient.member(here.port(), "bob", "den");
                TcpClient late = TcpClient.connect(tcpPort(there))) {
            assertThat(late.rename("ada")).isEqualTo("Nickname already taken.");
            assertThat(late.rename("bob")).isEqualTo("Nickname already taken.");
            assertThat(ada.rename("eve")).isEqualTo("ack");
            assertThat(late.rename("ada")).isEqualTo("ack");
            bob.expectNothingElse();

            for (int i = 0; i < 50; i++) {
                ada.send(TcpClient.nickname("name " + i));
                late.send(TcpClient.nickname("name " + i));
                List<String> answers = List.of(ada.answer(), late.answer());
                assertThat(answers.stream().filter("ack"::equals)).hasSizeLessThanOrEqualTo(1);
            }
        }
        eventually(() -> {
            try {
                assertThat(thereBroker.members("lobby")).isEmpty();
            } catch (UnavailableException e) {
                throw new AssertionError(e);
            }
        });
    }

    @Test
    void publishOnceWhatWasSaidWhileRedisWasDown() throws Exception {
        try (TcpClient ada = TcpClient.called("ada", tcpPort(here));
                TcpClient bob = TcpClient.called("bob", tcpPort(there))) {
            redis.kill();
            assertThat(ada.rename("eve")).startsWith("unavailable");
            ada.say("said while it was down").say("said after that");

            redis.start();

            assertThat(bob.nextBroadcast()).isEqualTo("ada: said while it was down");
            assertThat(bob.nextBroadcast()).isEqualTo("ada: said after that");
            assertThat(ada.rename("ada")).isEqualTo("ack");
            assertThat(bob.rename("bob")).isEqualTo("ack");
        }
    }

    @Test
    void letInWhoCameWhileRedisWasDown() throws Exception {
        try (TcpClient bob = TcpClient.called("bob", tcpPort(there))) {
            redis.kill();
            assertThat(bob.rename("eve")).startsWith("unavailable");
            try (TcpClient ada = TcpClient.connect(tcpPort(here))) {
                ada.say("hello at last");

                redis.start();

                assertThat(bob.nextBroadcast()).isEqualTo(ada.address() + ": hello at last");
                bob.say("welcome");
                assertThat(ada.nextBroadcast()).isEqualTo("bob: welcome");
            }
        }
    }

    @Test
    @ReadsLog
    void closeWhoCanNotBeToldThatRedisStaysDown() throws Exception {
        try (LoggedLines log = new LoggedLines();
                TcpClient ada = TcpClient.called("ada", tcpPort(here));
                TcpClient bob = TcpClient.called("bob", tcpPort(here))) {
            redis.kill();
            ada.say("lost");

            ada.awaitEnd();
            eventually(() -> assertThat(log.lines())
                    .filteredOn(line -> line.contains(ada.address()))
                    .singleElement()
                    .asString()
                    .contains("1013 unavailable: the broker can't be reached, try again later"));
            assertThat(bob.rename("bob")).isEqualTo("ack"); // who said nothing is still here
        }
    }

    private static int tcpPort(ChatServer server) {
        return server.tcpPort().orElseThrow();
    }
}
