package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Pages of sessions that begin after a place in their order. */
class SessionPagesTest {
    private static List<String> clients(ChatServer server, SessionSnapshot.Query query) {
        return server.sessions(query).page().stream()
                .map(SessionSnapshot::client)
                .toList();
    }

    private static SessionSnapshot.Query all(SessionSnapshot.Order order, int limit) {
        return new SessionSnapshot.Query("", "", order, Optional.empty(), false, limit);
    }

    private static SessionSnapshot.Query after(SessionSnapshot last, boolean inclusive) {
        return new SessionSnapshot.Query(
                "",
                "",
                SessionSnapshot.Order.CLIENT,
                Optional.of(new SessionSnapshot.Place(last.client(), last.since(), last.queuedBytes(), last.id())),
                inclusive,
                10);
    }

    @Test
    void beginAfterAPlaceAndCountAllThatMatch() throws Exception {
        try (ChatServer server = ChatServer.builder().port(0).start()) {
            List<TestClient> open = new ArrayList<>();
            for (String name : List.of("cid", "ada", "bob", "ada")) {
                open.add(TestClient.member(server.port(), name, name.equals("bob") ? "den" : "lobby"));
            }

            assertThat(clients(server, all(SessionSnapshot.Order.CLIENT, 10)))
                    .containsExactly("ada", "ada", "bob", "cid");
            SessionSnapshot first =
                    server.sessions(all(SessionSnapshot.Order.CLIENT, 1)).page().getFirst();
            assertThat(clients(server, after(first, false))).containsExactly("ada", "bob", "cid");
            assertThat(clients(server, after(first, true))).containsExactly("ada", "ada", "bob", "cid");
            assertThat(server.sessions(after(first, false)).total()).isEqualTo(4);
            assertThat(clients(
                            server,
                            new SessionSnapshot.Query(
                                    "DA", "", SessionSnapshot.Order.NEWEST, Optional.empty(), false, 10)))
                    .containsExactly("ada", "ada");
            assertThat(clients(
                            server,
                            new SessionSnapshot.Query(
                                    "127.0", "den", SessionSnapshot.Order.NEWEST, Optional.empty(), false, 10)))
                    .containsExactly("bob");
            for (TestClient client : open) {
                client.close();
            }
        }
    }

    @Test
    void refuseANegativeLimit() {
        assertThatThrownBy(() -> all(SessionSnapshot.Order.CLIENT, -1)).isInstanceOf(IllegalArgumentException.class);
        assertThat(new SessionSnapshot.Place("ada", Instant.EPOCH, 0, "ws-1").client())
                .isEqualTo("ada");
    }
}
