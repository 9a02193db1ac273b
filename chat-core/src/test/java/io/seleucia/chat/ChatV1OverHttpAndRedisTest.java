package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Each POST reaches another server than the one that has the stream, as behind a load balancer that knows no sessions. */
class ChatV1OverHttpAndRedisTest extends ChatV1OverRedisTest {
    private StreamClient open(ChatServer server, String protocol, boolean quoted) throws Exception {
        ChatServer other = server == here() ? there() : here();
        return StreamClient.events(ChatV1OverHttpTest.at(server), protocol, quoted)
                .sendingTo(ChatV1OverHttpTest.at(other));
    }

    @Override
    TestClient connect(ChatServer server, String subprotocol) throws Exception {
        return TestClient.over(
                subprotocol.isEmpty() ? open(server, "ctesiphon", true) : open(server, subprotocol, false));
    }

    @Test
    void carriesOutAPostOnceThatReachesBothServers() throws Exception {
        try (StreamClient ada = open(here(), "chat.v1", false)) {
            ada.send("{\"id\":1,\"type\":\"connect\",\"client\":\"ada\"}");
            ada.send("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}");
            List<CompletableFuture<Integer>> answers = new ArrayList<>();
            for (ChatServer server : List.of(here(), there(), there(), here())) {
                URI to = ChatV1OverHttpTest.at(server);
                CompletableFuture<Integer> answer = new CompletableFuture<>();
                answers.add(answer);
                Thread.ofVirtual().start(() -> {
                    try {
                        answer.complete(ada.postTo(
                                        to, 3, "{\"id\":3,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"ä\"}")
                                .statusCode());
                    } catch (Exception e) {
                        answer.completeExceptionally(e);
                    }
                });
            }
            for (CompletableFuture<Integer> answer : answers) {
                assertThat(answer.get()).isEqualTo(204);
            }
            assertThat(here().broker().historyAfter("lobby", 0, 10).messages())
                    .singleElement()
                    .satisfies(message -> assertThat(message.content().asText()).isEqualTo("ä"));
        }
    }

    @Test
    void endsASessionOfAnotherServerThatSendsTooLargeAFrame() throws Exception {
        try (StreamClient ada = open(here(), "chat.v1", false)) {
            assertThat(ada.post(1, "x".repeat(70_000)).statusCode()).isEqualTo(413);
            assertThat(ada.closing().get("code").getAsInt()).isEqualTo(1009);
            assertThat(ada.post(1, "x").statusCode()).isEqualTo(404);
        }
    }

    @Test
    void saysThatAnotherServerCanNotBeReached() throws Exception {
        StreamClient ada = open(here(), "chat.v1", false);
        here().close();
        HttpResponse<String> answer = ada.post(1, "{\"id\":1,\"type\":\"ping\"}");

        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).isEqualTo("the server of the session can't be reached: send the request again\n");
        assertThat(answer.headers().firstValue("Retry-After")).isPresent();
        ada.close();
    }

    @Test
    void leavesNoKeysBehindForRefusedPosts() throws Exception {
        try (StreamClient ada = open(here(), "chat.v1", false)) {
            assertThat(ada.postAs("AAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA", 1, "x").statusCode())
                    .isEqualTo(503);
            assertThat(keys()).noneMatch(key -> key.contains("AAAAAAAAAAA"));
            assertThat(keys())
                    .allSatisfy(key -> assertThat(secondsLeft(key)).as(key).isPositive());
        }
    }
}
