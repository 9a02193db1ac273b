package io.seleucia.chat.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.TokenMaker;
import io.seleucia.chat.auth.Tokens;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.message.Credentials;
import java.io.IOException;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients of servers on which one has to log in. */
@Timeout(120)
class ChatClientLoginTest {
    private final Recorder recorder = new Recorder();

    @Test
    void logsInWithAPassword() throws Exception {
        try (ChatServer server = server(ChatClientLoginTest::adaOnly);
                ChatClient ada = builder(server).name("ada").password("right").start()) {
            ada.subscribe("lobby").get(60, TimeUnit.SECONDS);
            ada.publish("lobby", "hi").get(60, TimeUnit.SECONDS);
            assertThat(recorder.next()).isEqualTo("lobby 1 ada: hi");
        }
    }

    @Test
    void endsWhereThePasswordIsWrong() throws Exception {
        try (ChatServer server = server(ChatClientLoginTest::adaOnly);
                ChatClient ada = builder(server).name("ada").password("wrong").start()) {
            ada.subscribe("lobby");
            assertThat(recorder.end()).hasMessageContaining("unauthorized");
        }
    }

    @Test
    void comesBackWithANewTokenWhenTheOldOneHasExpired() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        try (ChatServer server = server(Tokens.signedWith(TokenMaker.SECRET));
                ChatClient ada = builder(server)
                        .token(() -> asked.getAndIncrement() == 0 ? expiresSoon() : lasts())
                        .start()) {
            ada.subscribe("lobby").get(60, TimeUnit.SECONDS);
            recorder.connection("disconnected");
            recorder.connection("connected");
            ada.publish("lobby", "still here").get(60, TimeUnit.SECONDS);
            assertThat(recorder.next()).isEqualTo("lobby 1 ada: still here");
            assertThat(asked).hasValue(2);
        }
    }

    @Test
    void endsWhenAnOperatorDisconnectsIt() throws Exception {
        try (ChatServer server = server(ChatClientLoginTest::adaOnly);
                ChatClient ada = builder(server).name("ada").password("right").start()) {
            ada.subscribe("lobby").get(60, TimeUnit.SECONDS);
            server.disconnect("ada");
            assertThat(recorder.end()).hasMessageContaining("disconnected by an operator");
        }
    }

    private static Optional<User> adaOnly(Credentials credentials, String address) {
        return credentials.equals(new Credentials.Password("ada", "right"))
                ? Optional.of(new User("ada"))
                : Optional.empty();
    }

    private static ChatServer server(Authenticator authenticator) throws IOException {
        return ChatServer.builder().port(0).authenticator(authenticator).start();
    }

    private ChatClient.Builder builder(ChatServer server) {
        return ChatClient.builder(URI.create("ws://localhost:" + server.port() + "/"))
                .listener(recorder)
                .closeTimeout(Duration.ofMillis(200))
                .backoff(Duration.ofMillis(50), Duration.ofMillis(500));
    }

    /** The clocks may differ by so much, and so it lives that much longer. */
    private static String expiresSoon() {
        return token(Instant.now().minus(Tokens.SKEW).plusSeconds(6));
    }

    private static String lasts() {
        return token(Instant.now().plusSeconds(600));
    }

    private static String token(Instant expires) {
        try {
            return TokenMaker.token("ada", expires, "");
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
