package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;

/** The chat.v1 protocol as its clients see it, the same on one server and across several. */
abstract class ChatV1Contract {
    /** A server, and another one of the same chat, or the same. */
    abstract ChatServer here();

    abstract ChatServer there();

    /** A client of a server; {@code ""} is no subprotocol. */
    TestClient connect(ChatServer server, String subprotocol) throws Exception {
        return subprotocol.isEmpty()
                ? TestClient.connect(server.port())
                : TestClient.connect(server.port(), subprotocol);
    }

    /** How many messages a channel keeps. */
    static final int HISTORY = 300;

    @Test
    void connects() throws Exception {
        try (Client ada = new Client(connect(here(), "chat.v1"))) {
            JsonObject connected = ada.ask("{\"id\":1,\"type\":\"connect\",\"client\":\"ada\",\"new field\":[]}");

            assertThat(connected.get("type").getAsString()).isEqualTo("connected");
            assertThat(connected.get("id").getAsLong()).isEqualTo(1);
            assertThat(connected.get("client").getAsString()).isEqualTo("ada");
            assertThat(connected.get("server").getAsString()).matches("seleucia/\\d+\\.\\d+\\.\\d+.*");
            assertThat(connected.get("pingSeconds").getAsInt()).isEqualTo(25);
            assertThat(connected.get("maxMessageBytes").getAsInt()).isEqualTo(65536);
            assertThat(connected.get("session").getAsString()).isNotEmpty();
            assertThat(connected.has("inbox")).isFalse();
            assertError(ada.ask("{\"id\":2,\"type\":\"connect\",\"client\":\"bob\"}"), 2, "bad_request");
        }
    }

    @Test
    void publishesToEveryMemberWithPositions() throws Exception {
        try (Client ada = connected(here(), "ada");
                Client bob = connected(there(), "bob")) {
            JsonObject subscribed = ada.ask("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}");
            bob.ask("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}");
            assertThat(subscribed.get("offset").getAsLong()).isZero();
            assertThat(subscribed.has("recovered")).isFalse();

            ada.send("{\"id\":3,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":{\"a\":[1,2.50,\"ä\",null]}}");
            JsonObject published = ada.reply(3);
            assertThat(published.get("type").getAsString()).isEqualTo("published");
            assertThat(published.get("epoch")).isEqualTo(subscribed.get("epoch"));
            assertThat(published.get("offset").getAsLong()).isEqualTo(1);
            assertThat(published.has("duplicate")).isFalse();

            for (Client member : List.of(ada, bob)) {
                JsonObject message = member.push("message");
                assertThat(message.get("channel").getAsString()).isEqualTo("lobby");
                assertThat(message.get("offset").getAsLong()).isEqualTo(1);
                assertThat(message.get("sender").getAsString()).isEqualTo("ada");
                assertThat(message.get("data")).hasToString("{\"a\":[1,2.50,\"ä\",null]}");
                assertThat(message.has("id")).isFalse();
            }
        }
    }

    @Test
    void answersPublishesThatAreSentTogetherInTheirOrder() throws Exception {
        try (Client ada = member(here(), "ada", "lobby");
                Client bob = member(there(), "bob", "lobby")) {
            int last = 200;
            for (int id = 10; id <= last; id++) {
                String request = switch (id % 50) {
                    case 7 -> "{\"id\":%d,\"type\":\"publish\",\"channel\":\"hall\",\"data\":0}";
                    case 17 -> "{\"id\":%d,\"type\":\"history\",\"channel\":\"lobby\",\"limit\":1}";
                    case 27 -> "{\"id\":%d,\"type\":\"publish\",\"channel\":\"\",\"data\":0}";
                    case 37 -> "{\"id\":%d,\"type\":\"ping\"}";
                    default -> "{\"id\":%d,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":%<d}";
                };
                ada.send(request.formatted(id));
            }

            long offset = 0;
            for (int id = 10; id <= last; id++) {
                JsonObject reply = ada.reply(id);
                switch (id % 50) {
                    case 7 -> assertError(reply, id, "not_subscribed");
                    case 17 -> // acts after the publishes before it
                        assertThat(reply.getAsJsonArray("messages")
                                        .asList()
                                        .getLast()
                                        .getAsJsonObject()
                                        .get("data")
                                        .getAsInt())
                                .isEqualTo(id - 1);
                    case 27 -> assertError(reply, id, "bad_request");
                    case 37 -> assertThat(reply.get("type").getAsString()).isEqualTo("pong");
                    default -> assertThat(reply.get("offset").getAsLong()).isEqualTo(++offset);
                }
            }
            for (int id = 10; id <= last; id++) {
                if (!List.of(7, 17, 27, 37).contains(id % 50)) {
                    assertThat(bob.push("message").get("data").getAsInt()).isEqualTo(id);
                }
            }
        }
    }

    @Test
    void publishesBeforeItUnsubscribes() throws Exception {
        try (Client ada = member(here(), "ada", "lobby");
                Client bob = member(there(), "bob", "lobby")) {
            for (int id = 10; id < 40; id++) {
                ada.send("{\"id\":%d,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":%<d}".formatted(id));
            }
            ada.send("{\"id\":40,\"type\":\"unsubscribe\",\"channel\":\"lobby\"}");
            ada.send("{\"id\":41,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":41}");

            for (int id = 10; id < 40; id++) {
                assertThat(ada.reply(id).get("type").getAsString()).isEqualTo("published");
                assertThat(bob.push("message").get("data").getAsInt()).isEqualTo(id);
            }
            assertThat(ada.reply(40).get("type").getAsString()).isEqualTo("unsubscribed");
            assertError(ada.reply(41), 41, "not_subscribed");
        }
    }

    @Test
    void publishesWhatCameBeforeTheEndOfAConnection() throws Exception {
        try (Client bob = member(there(), "bob", "lobby")) {
            try (Client ada = member(here(), "ada", "lobby")) {
                for (int id = 10; id < 40; id++) {
                    ada.send("{\"id\":%d,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":%<d}".formatted(id));
                }
            }
            for (int id = 10; id < 40; id++) {
                assertThat(bob.push("message").get("data").getAsInt()).isEqualTo(id);
            }
        }
    }

    @Test
    void publishesOnceForARepeatedKey() throws Exception {
        try (Client ada = member(here(), "ada", "lobby");
                Client again = member(there(), "ada", "lobby")) {
            ada.send("{\"id\":3,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"hi\",\"key\":\"k\"}");
            assertThat(ada.reply(3).get("offset").getAsLong()).isEqualTo(1);

            JsonObject duplicate =
                    again.ask("{\"id\":3,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"hi\",\"key\":\"k\"}");
            assertThat(duplicate.get("offset").getAsLong()).isEqualTo(1);
            assertThat(duplicate.get("duplicate").getAsBoolean()).isTrue();
            ada.push("message");
            ada.expectNoPush();
        }
    }

    @Test
    void replaysWhatWasMissed() throws Exception {
        JsonObject start;
        try (Client ada = connected(here(), "ada")) {
            start = ada.ask("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}");
            publish(ada, 5);
        }
        try (Client ada = connected(there(), "ada")) {
            JsonObject subscribed = ada.ask(since(start.get("epoch").getAsString(), 2));
            assertThat(subscribed.get("offset").getAsLong()).isEqualTo(5);
            assertThat(subscribed.get("recovered").getAsBoolean()).isTrue();
            for (long offset = 3; offset <= 5; offset++) {
                assertThat(ada.push("message").get("offset").getAsLong()).isEqualTo(offset);
            }
            publish(ada, 1);
            assertThat(ada.push("message").get("offset").getAsLong()).isEqualTo(6);
            ada.expectNoPush();
        }
    }

    @Test
    void replaysNothingThatWasDeleted() throws Exception {
        try (Client ada = member(here(), "ada", "lobby");
                Client bob = member(there(), "bob", "lobby");
                Client eve = member(here(), "eve", "lobby")) {
            publish(ada, 1);
            String epoch = publish(eve, 2).get("epoch").getAsString();
            for (long offset = 1; offset <= 3; offset++) {
                assertThat(bob.push("message").get("offset").getAsLong())
                        .isEqualTo(offset); // and so its server has them
            }

            here().broker().deleteFrom("eve");

            try (Client late = connected(there(), "late")) {
                JsonObject subscribed = late.ask(since(epoch, 0));
                assertThat(subscribed.get("recovered").getAsBoolean()).isTrue();
                assertThat(late.push("message").get("offset").getAsLong()).isEqualTo(1);
                assertThat(late.push("lost").get("offset").getAsLong()).isEqualTo(3);
                for (long offset = 4; offset <= 5; offset++) { // the deletions themselves
                    JsonObject deletion = late.push("message");
                    assertThat(deletion.get("offset").getAsLong()).isEqualTo(offset);
                    assertThat(deletion.get("sender").getAsString()).isEqualTo("operator");
                }
                publish(ada, 1);
                assertThat(late.push("message").get("offset").getAsLong()).isEqualTo(6);
                late.expectNoPush();
            }
        }
    }

    @Test
    void saysWhereItCanNotReplay() throws Exception {
        try (Client ada = member(here(), "ada", "lobby")) {
            String epoch = publish(ada, HISTORY + 10).get("epoch").getAsString();
            assertNotRecovered(epoch, 9); // just fallen out of the history
            assertRecovered(epoch, 10);
            assertRecovered(epoch, HISTORY + 10);
            assertNotRecovered(epoch, HISTORY + 11); // ahead
            assertNotRecovered("another", 20);
        }
    }

    private void assertNotRecovered(String epoch, long offset) throws Exception {
        try (Client bob = connected(there(), "bob")) {
            JsonObject subscribed = bob.ask(since(epoch, offset));
            assertThat(subscribed.get("recovered").getAsBoolean()).isFalse();
            assertThat(subscribed.get("offset").getAsLong()).isEqualTo(HISTORY + 10);
            bob.expectNoPush();
        }
    }

    private void assertRecovered(String epoch, long offset) throws Exception {
        try (Client bob = connected(there(), "bob")) {
            JsonObject subscribed = bob.ask(since(epoch, offset));
            assertThat(subscribed.get("recovered").getAsBoolean()).isTrue();
            for (long next = offset + 1; next <= HISTORY + 10; next++) {
                assertThat(bob.push("message").get("offset").getAsLong()).isEqualTo(next);
            }
            bob.expectNoPush();
        }
    }

    @Test
    void joinsWithoutGapOrDoubleWhileOthersPublish() throws Exception {
        int rounds = 30;
        int burst = (HISTORY - 2) / rounds; // all of them are in the history at the end, however slow the reader is
        Semaphore begin = new Semaphore(0);
        try (Client ada = member(here(), "ada", "lobby")) {
            String epoch = publish(ada, 1).get("epoch").getAsString();
            Thread publishing = Thread.ofVirtual().start(() -> {
                for (int round = 0; round < rounds; round++) {
                    begin.acquireUninterruptibly();
                    publish(ada, burst);
                }
            });
            for (int round = 1; round <= rounds; round++) {
                try (Client bob = connected(there(), "bob")) {
                    begin.release();
                    bob.send(since(epoch, 1));
                    assertThat(bob.reply(2).get("recovered").getAsBoolean()).isTrue();
                    for (long next = 2; next <= 1 + (long) round * burst; next++) {
                        assertThat(bob.push("message").get("offset").getAsLong())
                                .isEqualTo(next);
                    }
                }
            }
            publishing.join();
        }
    }

    @Test
    void pagesThroughTheHistory() throws Exception {
        try (Client ada = member(here(), "ada", "lobby")) {
            publish(ada, 10);
            assertThat(offsets(ada.ask("{\"id\":9,\"type\":\"history\",\"channel\":\"lobby\",\"limit\":3}")))
                    .containsExactly(8L, 9L, 10L);
            assertThat(offsets(
                            ada.ask("{\"id\":9,\"type\":\"history\",\"channel\":\"lobby\",\"limit\":3,\"before\":8}")))
                    .containsExactly(5L, 6L, 7L);
            JsonObject page = ada.ask("{\"id\":9,\"type\":\"history\",\"channel\":\"lobby\",\"limit\":3,\"after\":2}");
            assertThat(offsets(page)).containsExactly(3L, 4L, 5L);
            assertThat(page.get("offset").getAsLong()).isEqualTo(10);
            assertThat(page.get("messages")
                            .getAsJsonArray()
                            .get(0)
                            .getAsJsonObject()
                            .keySet())
                    .containsExactly("offset", "sender", "time", "data");
            assertError(
                    ada.ask("{\"id\":9,\"type\":\"history\",\"channel\":\"lobby\",\"before\":1,\"after\":2}"),
                    9,
                    "bad_request");
            assertError(ada.ask("{\"id\":9,\"type\":\"history\",\"channel\":\"den\"}"), 9, "not_subscribed");
        }
    }

    @Test
    void givesPresenceInPages() throws Exception {
        try (Client ada = member(here(), "ada", "lobby");
                Client bob = member(there(), "bob", "lobby");
                Client cyd = member(here(), "cyd", "lobby")) {
            assertThat(cyd.ask("{\"id\":8,\"type\":\"presence\",\"channel\":\"lobby\",\"limit\":2}"))
                    .hasToString("{\"id\":8,\"type\":\"presence\",\"channel\":\"lobby\",\"clients\":["
                            + "{\"client\":\"ada\",\"sessions\":1},{\"client\":\"bob\",\"sessions\":1}],"
                            + "\"total\":3,\"more\":true}");
            assertThat(cyd.ask("{\"id\":9,\"type\":\"presence\",\"channel\":\"lobby\",\"limit\":1,\"after\":\"bob\"}"))
                    .hasToString("{\"id\":9,\"type\":\"presence\",\"channel\":\"lobby\",\"clients\":["
                            + "{\"client\":\"cyd\",\"sessions\":1}],\"total\":3}");
            assertThat(ada.ask(
                                    "{\"id\":9,\"type\":\"presence\",\"channel\":\"lobby\",\"after\":\"zoe\",\"limit\":5000}")
                            .get("clients"))
                    .as("a limit beyond the largest is the largest")
                    .hasToString("[]");
            for (String wrong : List.of("\"limit\":0", "\"limit\":-1", "\"limit\":\"2\"", "\"after\":7")) {
                assertError(
                        bob.ask("{\"id\":10,\"type\":\"presence\",\"channel\":\"lobby\"," + wrong + "}"),
                        10,
                        "bad_request");
            }
        }
    }

    @Test
    void countsPresenceByClient() throws Exception {
        try (Client ada = member(here(), "ada", "lobby");
                Client bob = connected(there(), "bob")) {
            bob.ask("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\",\"presence\":true}");
            Client second = member(there(), "ada", "lobby");
            JsonObject presence = bob.ask("{\"id\":8,\"type\":\"presence\",\"channel\":\"lobby\"}");
            assertThat(presence.get("clients"))
                    .hasToString("[{\"client\":\"ada\",\"sessions\":2},{\"client\":\"bob\",\"sessions\":1}]");

            second.close();
            Client eve = member(here(), "eve", "lobby");
            assertThat(bob.push("joined"))
                    .hasToString("{\"type\":\"joined\",\"channel\":\"lobby\",\"client\":\"eve\"}");
            eve.ask("{\"id\":3,\"type\":\"unsubscribe\",\"channel\":\"lobby\"}");
            assertThat(bob.push("left")).hasToString("{\"type\":\"left\",\"channel\":\"lobby\",\"client\":\"eve\"}");
            eve.close();
            bob.expectNoPush();
            ada.expectNoPush();
        }
    }

    @Test
    void passesSignalsToTheOthers() throws Exception {
        try (Client ada = member(here(), "ada", "lobby");
                Client bob = member(there(), "bob", "lobby")) {
            JsonObject signalled =
                    ada.ask("{\"id\":4,\"type\":\"signal\",\"channel\":\"lobby\",\"data\":{\"typing\":true}}");
            assertThat(signalled).hasToString("{\"id\":4,\"type\":\"signalled\"}");
            assertThat(bob.push("signal"))
                    .hasToString(
                            "{\"type\":\"signal\",\"channel\":\"lobby\",\"sender\":\"ada\",\"data\":{\"typing\":true}}");
            ada.expectNoPush();
        }
    }

    @Test
    void sendsDirectMessagesToAllSessionsAndToTheNextIfAway() throws Exception {
        JsonObject published;
        try (Client ada = connected(here(), "ada")) {
            assertError(ada.ask("{\"id\":5,\"type\":\"direct\",\"to\":\"bob\",\"data\":\"hi\"}"), 5, "no_such_user");
            try (Client bob = connected(here(), "bob");
                    Client bobToo = connected(there(), "bob")) {
                published = ada.ask("{\"id\":5,\"type\":\"direct\",\"to\":\"bob\",\"data\":\"one\"}");
                assertThat(published.get("channel").getAsString()).isEqualTo("@bob");
                assertThat(published.get("offset").getAsLong()).isEqualTo(1);
                for (Client session : List.of(bob, bobToo)) {
                    JsonObject direct = session.push("direct");
                    assertThat(direct.get("offset").getAsLong()).isEqualTo(1);
                    assertThat(direct.get("sender").getAsString()).isEqualTo("ada");
                    assertThat(direct.get("data").getAsString()).isEqualTo("one");
                    assertThat(direct.has("channel")).isFalse();
                }
                assertThat(bob.ask("{\"id\":6,\"type\":\"channels\"}"))
                        .hasToString("{\"id\":6,\"type\":\"channels\",\"channels\":[]}");
            }
            ada.ask("{\"id\":7,\"type\":\"direct\",\"to\":\"bob\",\"data\":\"two\"}");
            assertError(ada.ask("{\"id\":8,\"type\":\"history\",\"channel\":\"@bob\"}"), 8, "forbidden");
        }
        try (Client bob = new Client(connect(there(), "chat.v1"))) {
            JsonObject connected = bob.ask("{\"id\":1,\"type\":\"connect\",\"client\":\"bob\",\"inbox\":{\"epoch\":\""
                    + published.get("epoch").getAsString() + "\",\"offset\":1}}");
            JsonObject inbox = connected.get("inbox").getAsJsonObject();
            assertThat(inbox.get("offset").getAsLong()).isEqualTo(2);
            assertThat(inbox.get("recovered").getAsBoolean()).isTrue();
            assertThat(bob.push("direct").get("data").getAsString()).isEqualTo("two");
            assertThat(offsets(bob.ask("{\"id\":2,\"type\":\"history\",\"channel\":\"@bob\"}")))
                    .containsExactly(1L, 2L);
        }
    }

    @Test
    void listsAndLeavesChannels() throws Exception {
        try (Client ada = member(here(), "ada", "b")) {
            ada.ask("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"a\"}");
            assertError(ada.ask("{\"id\":3,\"type\":\"subscribe\",\"channel\":\"a\"}"), 3, "already_subscribed");
            assertThat(ada.ask("{\"id\":6,\"type\":\"channels\"}"))
                    .hasToString("{\"id\":6,\"type\":\"channels\",\"channels\":[\"a\",\"b\"]}");
            assertThat(ada.ask("{\"id\":7,\"type\":\"unsubscribe\",\"channel\":\"a\"}"))
                    .hasToString("{\"id\":7,\"type\":\"unsubscribed\",\"channels\":[\"a\"]}");
            assertError(ada.ask("{\"id\":8,\"type\":\"unsubscribe\",\"channel\":\"a\"}"), 8, "not_subscribed");
            assertThat(ada.ask("{\"id\":9,\"type\":\"unsubscribe\"}"))
                    .hasToString("{\"id\":9,\"type\":\"unsubscribed\",\"channels\":[\"b\"]}");
            assertThat(ada.ask("{\"id\":10,\"type\":\"unsubscribe\"}"))
                    .hasToString("{\"id\":10,\"type\":\"unsubscribed\",\"channels\":[]}");
            assertError(ada.ask("{\"id\":11,\"type\":\"publish\",\"channel\":\"a\",\"data\":1}"), 11, "not_subscribed");
            assertThat(ada.ask("{\"id\":12,\"type\":\"ping\"}")).hasToString("{\"id\":12,\"type\":\"pong\"}");
        }
    }

    @Test
    void tellsTheOtherSessionsOfAClientHowFarItHasRead() throws Exception {
        try (Client ada = member(here(), "ada", "lobby");
                Client bob = member(here(), "bob", "lobby");
                Client bobAgain = member(there(), "bob", "lobby")) {
            publish(ada, 3);
            for (int i = 0; i < 3; i++) {
                ada.push("message");
                bob.push("message");
                bobAgain.push("message");
            }

            assertThat(bob.ask("{\"id\":2,\"type\":\"read\",\"channel\":\"lobby\",\"offset\":2}"))
                    .hasToString("{\"id\":2,\"type\":\"read\",\"channel\":\"lobby\",\"offset\":2,\"unread\":1}");
            assertThat(bobAgain.push("read"))
                    .hasToString("{\"type\":\"read\",\"channel\":\"lobby\",\"offset\":2,\"unread\":1}");
            assertThat(bobAgain.ask("{\"id\":3,\"type\":\"read\",\"channel\":\"lobby\",\"offset\":1}"))
                    .hasToString("{\"id\":3,\"type\":\"read\",\"channel\":\"lobby\",\"offset\":2,\"unread\":1}");
            assertThat(bobAgain.ask("{\"id\":4,\"type\":\"read\",\"channel\":\"lobby\",\"offset\":9}"))
                    .hasToString("{\"id\":4,\"type\":\"read\",\"channel\":\"lobby\",\"offset\":3,\"unread\":0}");
            assertThat(bob.push("read"))
                    .hasToString("{\"type\":\"read\",\"channel\":\"lobby\",\"offset\":3,\"unread\":0}");
            publish(ada, 1);
            bobAgain.push("message");
            bobAgain.expectNoPush();
            ada.push("message");
            ada.expectNoPush();
        }
    }

    @Test
    void saysInASubscriptionHowMuchIsUnread() throws Exception {
        String subscribe = "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\",\"read\":true}";
        String leave = "{\"id\":3,\"type\":\"unsubscribe\",\"channel\":\"lobby\"}";
        String read = "{\"id\":4,\"type\":\"read\",\"channel\":\"lobby\",\"offset\":3}";
        try (Client ada = member(here(), "ada", "lobby");
                Client bob = connected(there(), "bob")) {
            publish(ada, 5);

            assertThat(bob.ask(subscribe).get("read")).hasToString("{\"offset\":0,\"unread\":5}");
            bob.ask(read);
            bob.ask(leave);
            publish(ada, 2);
            assertThat(bob.ask(subscribe).get("read")).hasToString("{\"offset\":3,\"unread\":4}");
            bob.ask(leave);
            assertThat(bob.ask("{\"id\":5,\"type\":\"subscribe\",\"channel\":\"lobby\"}")
                            .has("read"))
                    .isFalse();
            bob.ask(leave);
            assertError(bob.ask(read), 4, "not_subscribed");
        }
    }

    @Test
    void tellsReceiptsOnlyToAndAboutMembersThatAskedForThem() throws Exception {
        String subscribe = "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\",\"receipts\":true}";
        try (Client ada = member(here(), "ada", "lobby");
                Client bob = connected(here(), "bob");
                Client cyd = connected(there(), "cyd");
                Client cydAgain = connected(here(), "cyd")) {
            bob.ask(subscribe);
            cyd.ask(subscribe);
            cydAgain.ask(subscribe);
            publish(ada, 2);
            for (Client member : List.of(bob, cyd, cydAgain)) {
                member.push("message");
                member.push("message");
            }

            ada.ask("{\"id\":3,\"type\":\"read\",\"channel\":\"lobby\",\"offset\":2}"); // is told to none
            cyd.ask("{\"id\":4,\"type\":\"read\",\"channel\":\"lobby\",\"offset\":1}");
            cyd.ask("{\"id\":5,\"type\":\"read\",\"channel\":\"lobby\",\"offset\":1}"); // does not move
            assertThat(bob.push("receipt"))
                    .hasToString("{\"type\":\"receipt\",\"channel\":\"lobby\",\"client\":\"cyd\",\"offset\":1}");
            assertThat(cydAgain.push("read"))
                    .hasToString("{\"type\":\"read\",\"channel\":\"lobby\",\"offset\":1,\"unread\":1}");
            bob.ask("{\"id\":6,\"type\":\"read\",\"channel\":\"lobby\",\"offset\":2}");
            for (Client member : List.of(cyd, cydAgain)) {
                assertThat(member.push("receipt"))
                        .hasToString("{\"type\":\"receipt\",\"channel\":\"lobby\",\"client\":\"bob\",\"offset\":2}");
            }

            ada.push("message");
            ada.push("message");
            publish(ada, 1);
            for (Client member : List.of(ada, bob, cyd, cydAgain)) {
                member.push("message");
                member.expectNoPush();
            }
        }
    }

    @Test
    void answersWhatIsMalformed() throws Exception {
        try (Client ada = connected(here(), "ada")) {
            for (String bad : List.of(
                    "hello",
                    "[]",
                    "{}",
                    "{\"type\":\"ping\"}",
                    "{\"id\":0,\"type\":\"ping\"}",
                    "{\"id\":1.5,\"type\":\"ping\"}",
                    "{\"id\":\"1\",\"type\":\"ping\"}",
                    "{\"id\":-1,\"type\":\"ping\"}")) {
                ada.send(bad);
                JsonObject error = ada.next();
                assertThat(error.get("code").getAsString()).as(bad).isEqualTo("bad_request");
                assertThat(error.has("id")).as(bad).isFalse();
            }
            for (String bad : List.of(
                    "{\"id\":3}",
                    "{\"id\":3,\"type\":5}",
                    "{\"id\":3,\"type\":\"subscribe\"}",
                    "{\"id\":3,\"type\":\"subscribe\",\"channel\":7}",
                    "{\"id\":3,\"type\":\"subscribe\",\"channel\":\"\"}",
                    "{\"id\":3,\"type\":\"subscribe\",\"channel\":\"@ada\"}",
                    "{\"id\":3,\"type\":\"subscribe\",\"channel\":\"a\",\"since\":5}",
                    "{\"id\":3,\"type\":\"subscribe\",\"channel\":\"a\",\"since\":{\"epoch\":\"e\"}}",
                    "{\"id\":3,\"type\":\"subscribe\",\"channel\":\"a\",\"since\":{\"epoch\":\"e\",\"offset\":-1}}",
                    "{\"id\":3,\"type\":\"subscribe\",\"channel\":\"a\",\"presence\":1}",
                    "{\"id\":3,\"type\":\"subscribe\",\"channel\":\"a\",\"read\":1}",
                    "{\"id\":3,\"type\":\"subscribe\",\"channel\":\"a\",\"receipts\":{}}",
                    "{\"id\":3,\"type\":\"read\",\"offset\":1}",
                    "{\"id\":3,\"type\":\"read\",\"channel\":\"a\"}",
                    "{\"id\":3,\"type\":\"read\",\"channel\":\"@ada\",\"offset\":1}",
                    "{\"id\":3,\"type\":\"read\",\"channel\":\"a\",\"offset\":-1}",
                    "{\"id\":3,\"type\":\"publish\",\"channel\":\"a\"}",
                    "{\"id\":3,\"type\":\"publish\",\"channel\":\"a\",\"data\":1,\"key\":\"\"}",
                    "{\"id\":3,\"type\":\"history\",\"channel\":\"a\",\"limit\":0}")) {
                assertError(ada.ask(bad), 3, "bad_request");
            }
            assertError(ada.ask("{\"id\":4,\"type\":\"dance\"}"), 4, "unknown_type");
            assertError(ada.ask("{\"id\":5,\"type\":\"refresh\",\"token\":\"t\"}"), 5, "unauthorized");
        }
    }

    @Test
    void letsAGuestTalk() throws Exception {
        try (Client guest = new Client(connect(here(), "chat.v1"))) {
            guest.ask("{\"id\":1,\"type\":\"subscribe\",\"channel\":\"lobby\"}");
            guest.send("{\"id\":2,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"hi\"}");
            assertThat(guest.push("message").get("sender").getAsString()).startsWith("guest-");
        }
    }

    @Test
    void sharesChannelsWithCtesiphon() throws Exception {
        try (Client ada = member(here(), "ada", "lobby");
                TestClient bob = connect(there(), "").join("bob", "lobby")) {
            ada.send("{\"id\":3,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"hällo 👋\"}");
            ada.push("message");
            assertThat(bob.next()).isEqualTo("Channel : lobby, Sender : ada, Message : hällo 👋");
            ada.send("{\"id\":4,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":{\"a\":1}}");
            ada.push("message");
            assertThat(bob.next()).isEqualTo("Channel : lobby, Sender : ada, Message : {\"a\":1}");
            bob.publish("bob", "lobby", "\"quoted\"");
            assertThat(ada.push("message").get("data").getAsString()).isEqualTo("\"quoted\"");
            eventually(() -> assertThat(ada.askQuietly("{\"id\":8,\"type\":\"presence\",\"channel\":\"lobby\"}")
                            .get("clients"))
                    .hasToString("[{\"client\":\"ada\",\"sessions\":1},{\"client\":\"bob\",\"sessions\":1}]"));
        }
    }

    static void assertError(JsonObject reply, long id, String code) {
        assertThat(reply.get("type").getAsString()).as(reply.toString()).isEqualTo("error");
        assertThat(reply.get("code").getAsString()).as(reply.toString()).isEqualTo(code);
        assertThat(reply.get("id").getAsLong()).isEqualTo(id);
        assertThat(reply.get("message").getAsString()).isNotEmpty();
    }

    Client connected(ChatServer server, String name) throws Exception {
        return new Client(connect(server, "chat.v1")).connect(name);
    }

    Client member(ChatServer server, String name, String channel) throws Exception {
        return connected(server, name).join(channel);
    }

    static Client connected(int port, String name) throws Exception {
        return new Client(TestClient.connect(port, "chat.v1")).connect(name);
    }

    static Client member(int port, String name, String channel) throws Exception {
        return connected(port, name).join(channel);
    }

    private static String since(String epoch, long offset) {
        return "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\",\"since\":{\"epoch\":\"" + epoch
                + "\",\"offset\":" + offset + "}}";
    }

    /** Publishes so many messages and gives the last reply. */
    private static JsonObject publish(Client client, int count) {
        JsonObject reply = new JsonObject();
        for (int i = 0; i < count; i++) {
            reply = client.askQuietly("{\"id\":50,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"text\"}");
        }
        return reply;
    }

    private static List<Long> offsets(JsonObject page) {
        JsonArray messages = page.get("messages").getAsJsonArray();
        return messages.asList().stream()
                .map(message -> message.getAsJsonObject().get("offset").getAsLong())
                .toList();
    }

    /** A chat.v1 client; replies and pushes are told apart by their id. */
    static final class Client implements AutoCloseable {
        private final TestClient socket;
        private final List<JsonObject> pushes = new ArrayList<>();

        Client(TestClient socket) {
            this.socket = socket;
        }

        private Client connect(String name) throws InterruptedException {
            ask("{\"id\":1,\"type\":\"connect\",\"client\":\"" + name + "\"}");
            return this;
        }

        private Client join(String channel) throws InterruptedException {
            ask("{\"id\":1,\"type\":\"subscribe\",\"channel\":\"" + channel + "\"}");
            return this;
        }

        void send(String request) {
            socket.send(request);
        }

        JsonObject next() throws InterruptedException {
            return JsonParser.parseString(socket.next()).getAsJsonObject();
        }

        /** Sends a request and waits for its reply; pushes that come before it are kept. */
        JsonObject ask(String request) throws InterruptedException {
            send(request);
            JsonElement id = JsonParser.parseString(request).getAsJsonObject().get("id");
            return reply(id.getAsLong());
        }

        JsonObject askQuietly(String request) {
            try {
                return ask(request);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        JsonObject reply(long id) throws InterruptedException {
            while (true) {
                JsonObject frame = next();
                if (frame.has("id")) {
                    assertThat(frame.get("id").getAsLong()).as(frame.toString()).isEqualTo(id);
                    return frame;
                }
                pushes.add(frame);
            }
        }

        /** The next push, which must be of this type; replies before it are passed over. */
        JsonObject push(String type) throws InterruptedException {
            JsonObject push = pushes.isEmpty() ? next() : pushes.removeFirst();
            while (push.has("id")) {
                push = next();
            }
            assertThat(push.get("type").getAsString()).as(push.toString()).isEqualTo(type);
            return push;
        }

        /** Proves that no push has come: the answer to a ping is the next frame. */
        void expectNoPush() throws InterruptedException {
            assertThat(pushes).isEmpty();
            send("{\"id\":99,\"type\":\"ping\"}");
            assertThat(next()).hasToString("{\"id\":99,\"type\":\"pong\"}");
        }

        @Override
        public void close() {
            socket.close();
        }
    }
}
