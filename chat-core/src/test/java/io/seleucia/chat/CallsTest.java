package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.client.ChatClient;
import io.seleucia.chat.client.ChatException;
import io.seleucia.chat.faults.FaultyProxy;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Methods of the program, called by clients of chat.v1. */
class CallsTest {
    private final AtomicInteger calls = new AtomicInteger();
    private final CountDownLatch held = new CountDownLatch(1);
    private final ChatServer server = ChatServer.builder()
            .port(0)
            .method("echo", (user, data) -> data)
            .method("who", (user, data) -> new Content.Text(user.name() + (user.guest() ? ", a guest" : "")))
            .method("nothing", (user, data) -> Content.NONE)
            .method("refuse", (user, data) -> {
                throw new CallException(ErrorCode.FORBIDDEN, "not on a Monday");
            })
            .method("fail", (user, data) -> {
                throw new IllegalStateException("a fault of the program");
            })
            .method("forget", (user, data) -> null)
            .method("flood", (user, data) -> new Content.Text("x".repeat(Limits.DEFAULT.maxMessageBytes() + 1)))
            .method("hold", (user, data) -> {
                calls.incrementAndGet();
                awaitRelease();
                return data;
            })
            .start();

    CallsTest() throws IOException {}

    private void awaitRelease() {
        try {
            held.await(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @AfterEach
    void end() {
        held.countDown();
        server.close();
    }

    private static JsonObject ask(InMemoryClient client, String call) throws IOException {
        client.send("{\"id\":7,\"type\":\"call\"," + call.replace('\'', '"') + "}");
        return JsonParser.parseString(client.receive()).getAsJsonObject();
    }

    @Test
    void answersWithWhatTheMethodReturns() throws IOException {
        try (InMemoryClient ada = server.connect("chat.v1")) {
            assertThat(ask(ada, "'method':'echo','data':{'n':[1,null,'two']}"))
                    .hasToString("{\"id\":7,\"type\":\"result\",\"data\":{\"n\":[1,null,\"two\"]}}");
            assertThat(ask(ada, "'method':'echo','data':'text'").get("data").getAsString())
                    .isEqualTo("text");
            assertThat(ask(ada, "'method':'echo','data':null").get("data").isJsonNull())
                    .isTrue();
            assertThat(ask(ada, "'method':'nothing','data':1").get("data").isJsonNull())
                    .isTrue();
            assertThat(ask(ada, "'method':'who','data':1").get("data").getAsString())
                    .startsWith("guest-")
                    .endsWith(", a guest");
        }
    }

    @Test
    void saysWhyACallFailsAndTheSessionGoesOn() throws IOException {
        try (InMemoryClient ada = server.connect("chat.v1")) {
            assertThat(ask(ada, "'method':'missing','data':1"))
                    .hasToString(
                            "{\"id\":7,\"type\":\"error\",\"code\":\"unknown_type\",\"message\":\"there is no method missing\"}");
            assertThat(ask(ada, "'method':'refuse','data':1"))
                    .hasToString(
                            "{\"id\":7,\"type\":\"error\",\"code\":\"forbidden\",\"message\":\"not on a Monday\"}");
            assertThat(ask(ada, "'data':1").get("code").getAsString()).isEqualTo("bad_request");
            assertThat(ask(ada, "'method':'echo'").get("code").getAsString()).isEqualTo("bad_request");
            assertThat(ask(ada, "'method':'','data':1").get("code").getAsString())
                    .isEqualTo("bad_request");
            try (LoggedLines log = new LoggedLines()) {
                for (String method : new String[] {"fail", "forget", "flood"}) {
                    assertThat(ask(ada, "'method':'" + method + "','data':1")
                                    .get("code")
                                    .getAsString())
                            .isEqualTo("internal");
                }
                assertThat(log.lines()).hasSize(3);
            }
            assertThat(ask(ada, "'method':'echo','data':2").get("data").getAsInt())
                    .isEqualTo(2);
        }
    }

    private static ChatClient client(String name, int port) {
        return ChatClient.builder(URI.create("ws://localhost:" + port + "/"))
                .name(name)
                .closeTimeout(Duration.ofMillis(200))
                .backoff(Duration.ofMillis(50), Duration.ofMillis(500))
                .start();
    }

    @Test
    void theJavaClientGetsResultsAndErrors() throws Exception {
        try (ChatClient ada = client("ada", server.port())) {
            assertThat(ada.call("who", Content.NONE).get(60, TimeUnit.SECONDS))
                    .isEqualTo(new Content.Text("ada, a guest"));
            assertThat(ada.call("nothing", new Content.Text("")).get(60, TimeUnit.SECONDS))
                    .isEqualTo(Content.NONE);
            assertThatThrownBy(() -> ada.call("refuse", Content.NONE).get(60, TimeUnit.SECONDS))
                    .hasMessageContaining("forbidden: not on a Monday");
            assertThatThrownBy(() -> ada.call("", Content.NONE)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aCallThatWasSentIsNotRepeatedAfterALostConnection() throws Exception {
        try (FaultyProxy network = new FaultyProxy(server.port());
                ChatClient ada = client("ada", network.port())) {
            CompletableFuture<Content> call = ada.call("hold", new Content.Text("once"));
            Eventually.eventually(() -> assertThat(calls).hasValue(1));
            network.cut();
            held.countDown();
            assertThatThrownBy(() -> call.get(60, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOfSatisfying(ChatException.class, why -> {
                        assertThat(why.reason()).isEqualTo(ChatException.Reason.OFFLINE);
                        assertThat(why.isUncertain()).isTrue();
                    });
            assertThat(ada.call("echo", new Content.Text("again")).get(60, TimeUnit.SECONDS))
                    .isEqualTo(new Content.Text("again"));
            assertThat(calls).hasValue(1);
        }
    }

    @Test
    void refusesTwoMethodsOfOneNameAndNamesThatAreNone() {
        ChatServerBuilder builder = ChatServer.builder().method("time", (user, data) -> data);
        assertThatThrownBy(() -> builder.method("time", (user, data) -> data))
                .hasMessage("there are two methods called time");
        assertThatThrownBy(() -> builder.method("a\nb", (user, data) -> data))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a method's name");
    }
}
