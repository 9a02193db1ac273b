package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Sender;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Edits, deletions, reactions and replies in chat.v1, headers, both halves of direct messages, and searches. */
abstract class MessageLifeContract extends ChatV1Contract {
    private static final long ID = 7;

    @Test
    void givesMembersTheHeadersOfAMessage() throws Exception {
        try (Client ada = member(here(), "ada", "lobby");
                Client bob = member(there(), "bob", "lobby")) {
            String headers = "{'event':'moved','x-1':'ü'}".replace('\'', '"');
            published(ask(ada, "publish", "'channel':'lobby','data':'hi','headers':" + headers));

            assertThat(bob.push("message").get("headers")).hasToString(headers);
            JsonObject page = ask(bob, "history", "'channel':'lobby'");
            assertThat(first(page).get("headers")).hasToString(headers);
        }
    }

    @Test
    void boundsHeaders() throws Exception {
        try (Client ada = member(here(), "ada", "lobby")) {
            StringBuilder many = new StringBuilder("'h0':''");
            for (int i = 1; i <= 16; i++) {
                many.append(",'h").append(i).append("':''");
            }
            String large = "'h':'" + "é".repeat(512) + "'";
            for (String headers : List.of(many.toString(), large)) {
                assertError(
                        ask(ada, "publish", "'channel':'lobby','data':1,'headers':{" + headers + "}"), ID, "too_large");
            }
            for (String headers : List.of("[]", "{'A':''}", "{'':''}", "{'a':1}", "{'a b':''}")) {
                assertError(ask(ada, "publish", "'channel':'lobby','data':1,'headers':" + headers), ID, "bad_request");
            }
            published(ask(ada, "publish", "'channel':'lobby','data':1,'headers':{}"));
        }
    }

    @Test
    void foldsEditsIntoTheMessage() throws Exception {
        try (Client ada = member(here(), "ada", "lobby");
                Client bob = member(there(), "bob", "lobby")) {
            say(ada, "'one'");
            published(refer(ada, 1, "edit", "'data':'two'"));
            published(refer(ada, 1, "edit", "'data':{'text':'three'}"));

            assertThat(bob.push("message").has("ref")).isFalse();
            JsonObject edit = bob.push("message");
            assertThat(edit.get("offset").getAsLong()).isEqualTo(2);
            assertThat(edit.get("ref")).hasToString("{\"offset\":1,\"kind\":\"edit\"}");
            assertThat(edit.get("data").getAsString()).isEqualTo("two");
            JsonObject newest = bob.push("message");

            JsonObject folded = first(ask(bob, "history", "'channel':'lobby','folded':true"));
            assertThat(folded.get("offset").getAsLong()).isEqualTo(1);
            assertThat(folded.get("data")).hasToString("{\"text\":\"three\"}");
            assertThat(folded.getAsJsonObject("edited").get("offset").getAsLong())
                    .isEqualTo(3);
            assertThat(folded.getAsJsonObject("edited").get("time")).isEqualTo(newest.get("time"));
            assertThat(messages(ask(bob, "history", "'channel':'lobby','folded':true")))
                    .hasSize(1);
            assertThat(messages(ask(bob, "history", "'channel':'lobby'"))).hasSize(3);
        }
    }

    @Test
    void refusesToChangeWhatIsAnothersOrNotThere() throws Exception {
        try (Client ada = member(here(), "ada", "lobby");
                Client bob = member(there(), "bob", "lobby");
                Client adaToo = member(there(), "ada", "hall")) {
            say(ada, "'one'");
            published(refer(ada, 1, "edit", "'data':'two'"));

            assertError(refer(bob, 1, "edit", "'data':'three'"), ID, "forbidden");
            assertError(refer(bob, 1, "delete", ""), ID, "forbidden");
            assertError(refer(bob, 2, "reaction", "'data':'!'"), ID, "bad_request"); // an annotation
            assertError(refer(bob, 99, "reply", "'data':'!'"), ID, "bad_request");
            adaToo.ask("{\"id\":3,\"type\":\"subscribe\",\"channel\":\"lobby\"}");
            assertError(refer(adaToo, 1, "delete", ""), ID, "forbidden"); // another guest of that name, for all we know
            assertThat(say(ada, "'next'").get("offset").getAsLong()).isEqualTo(3);
        }
    }

    @Test
    void refusesMalformedReferences() throws Exception {
        try (Client ada = member(here(), "ada", "lobby")) {
            say(ada, "'one'");
            for (String bad : List.of(
                    "'ref':1,'data':1",
                    "'ref':{'kind':'edit'},'data':1",
                    "'ref':{'offset':0,'kind':'edit'},'data':1",
                    "'ref':{'offset':1},'data':1",
                    "'ref':{'offset':1,'kind':'like'},'data':1",
                    "'ref':{'offset':1,'kind':'edit'}",
                    "'ref':{'offset':1,'kind':'edit','remove':true},'data':1",
                    "'ref':{'offset':1,'kind':'delete'},'data':null",
                    "'ref':{'offset':1,'kind':'reaction'},'data':1",
                    "'ref':{'offset':1,'kind':'reaction'},'data':''",
                    "'ref':{'offset':1,'kind':'reaction'},'data':'12345678901234567'",
                    "'ref':{'offset':1,'kind':'reaction','remove':1},'data':'!'")) {
                assertError(ask(ada, "publish", "'channel':'lobby'," + bad), ID, "bad_request");
            }
            published(refer(ada, 1, "reaction", "'data':'" + "👍".repeat(16) + "'"));
        }
    }

    @Test
    void showsNothingOfADeletedMessage() throws Exception {
        try (Client ada = member(here(), "ada", "lobby");
                Client bob = member(there(), "bob", "lobby")) {
            String epoch = ask(ada, "publish", "'channel':'lobby','data':'secret','headers':{'a':'secret'}")
                    .get("epoch")
                    .getAsString();
            published(refer(ada, 1, "edit", "'data':'secret too'"));
            published(refer(bob, 1, "reaction", "'data':'!'"));
            published(refer(ada, 1, "delete", ""));

            for (int i = 1; i <= 3; i++) {
                bob.push("message");
            }
            JsonObject deletion = bob.push("message");
            assertThat(deletion.get("ref")).hasToString("{\"offset\":1,\"kind\":\"delete\"}");
            assertThat(deletion.has("data")).isFalse();

            JsonObject folded = first(ask(bob, "history", "'channel':'lobby','folded':true"));
            assertThat(folded.keySet()).containsExactlyInAnyOrder("offset", "sender", "time", "deleted");
            assertThat(folded.getAsJsonObject("deleted").get("by").getAsString())
                    .isEqualTo("ada");
            assertThat(folded.getAsJsonObject("deleted").get("time")).isEqualTo(deletion.get("time"));
            assertThat(ask(bob, "history", "'channel':'lobby'").toString()).doesNotContain("secret");
            try (Client late = connected(here(), "late")) {
                assertThat(ask(late, "subscribe", "'channel':'lobby','since':{'epoch':'" + epoch + "','offset':0}")
                                .get("recovered")
                                .getAsBoolean())
                        .isTrue();
                for (int offset = 1; offset <= 4; offset++) {
                    JsonObject message = late.push("message");
                    assertThat(message.get("offset").getAsLong()).isEqualTo(offset);
                    assertThat(message.toString()).doesNotContain("secret");
                    assertThat(message.has("deleted")).isEqualTo(offset <= 2);
                }
            }
            for (String kind : List.of("edit", "reaction", "reply")) {
                assertError(refer(ada, 1, kind, "'data':'!'"), ID, "too_old");
            }
            assertError(refer(ada, 1, "delete", ""), ID, "too_old");
        }
    }

    @Test
    void countsReactionsAndReplies() throws Exception {
        try (Client ada = member(here(), "ada", "lobby");
                Client bob = member(there(), "bob", "lobby")) {
            say(ada, "'one'");
            published(refer(bob, 1, "reaction", "'data':'👍'"));
            published(refer(ada, 1, "reaction", "'data':'👍'"));
            published(refer(ada, 1, "reaction", "'data':'👍'")); // which it has already
            published(refer(ada, 1, "reaction", "'data':'🎉'"));
            published(refer(bob, 1, "reply", "'data':'yes'"));
            long no = published(refer(bob, 1, "reply", "'data':'no'"));
            published(refer(bob, no, "delete", ""));

            JsonObject folded = first(ask(ada, "history", "'channel':'lobby','folded':true"));
            assertThat(folded.get("reactions"))
                    .hasToString(
                            "[{'text':'👍','count':2,'clients':['bob','ada']},{'text':'🎉','count':1,'clients':['ada']}]"
                                    .replace('\'', '"'));
            assertThat(folded.get("replies").getAsInt()).isEqualTo(1);

            JsonObject removed = ask(
                    bob, "publish", "'channel':'lobby','ref':{'offset':1,'kind':'reaction','remove':true},'data':'👍'");
            published(removed);
            for (int i = 1; i <= 8; i++) {
                ada.push("message");
            }
            assertThat(ada.push("message").get("ref"))
                    .hasToString("{\"offset\":1,\"kind\":\"reaction\",\"remove\":true}");
            folded = first(ask(ada, "history", "'channel':'lobby','folded':true"));
            assertThat(folded.get("reactions").toString())
                    .startsWith("[{'text':'👍','count':1,'clients':['ada']}".replace('\'', '"'));
        }
    }

    @Test
    void publishesAnEditOnceForARepeatedKey() throws Exception {
        try (Client ada = member(here(), "ada", "lobby")) {
            say(ada, "'one'");
            published(refer(ada, 1, "delete", "'key':'k'"));
            JsonObject again = refer(ada, 1, "delete", "'key':'k'");
            assertThat(again.get("offset").getAsLong()).isEqualTo(2);
            assertThat(again.get("duplicate").getAsBoolean()).isTrue();
        }
    }

    @Test
    void tellsMembersOfDeletionsByOperators() throws Exception {
        try (Client ada = member(here(), "ada", "lobby");
                Client bob = member(there(), "bob", "lobby")) {
            say(ada, "'one'");
            say(bob, "'two'");
            here().broker().deleteFrom("ada");
            bob.push("message");
            bob.push("message");
            JsonObject deletion = bob.push("message");
            assertThat(deletion.get("sender").getAsString()).isEqualTo("operator");
            assertThat(deletion.get("ref")).hasToString("{\"offset\":1,\"kind\":\"delete\"}");

            here().broker().delete("lobby");
            assertThat(bob.push("lost").get("offset").getAsLong()).isEqualTo(3);
        }
    }

    @Test
    void givesTheSenderACopyOfADirectMessage() throws Exception {
        try (Client ada = connected(here(), "ada");
                Client adaToo = connected(there(), "ada");
                Client bob = connected(there(), "bob")) {
            send(bob, "ada", "'zero'");
            JsonObject published = send(ada, "bob", "'one'");
            assertThat(published.get("channel").getAsString()).isEqualTo("@bob");
            assertThat(published.get("offset").getAsLong()).isEqualTo(2); // behind bob's own copy
            assertThat(published.getAsJsonObject("own").get("offset").getAsLong())
                    .isEqualTo(2);

            for (Client session : List.of(ada, adaToo)) {
                assertThat(session.push("direct").has("to")).isFalse();
                JsonObject copy = session.push("direct");
                assertThat(copy.get("offset").getAsLong()).isEqualTo(2);
                assertThat(copy.get("sender").getAsString()).isEqualTo("ada");
                assertThat(copy.get("to").getAsString()).isEqualTo("bob");
                assertThat(copy.get("data").getAsString()).isEqualTo("one");
                assertThat(copy.keySet()).containsExactlyInAnyOrder("type", "offset", "sender", "to", "time", "data");
            }
            bob.push("direct");
            JsonObject direct = bob.push("direct");
            assertThat(direct.keySet()).containsExactlyInAnyOrder("type", "offset", "sender", "time", "data");
        }
    }

    @Test
    void sendsOneCopyToOneself() throws Exception {
        try (Client ada = connected(here(), "ada")) {
            JsonObject published = send(ada, "ada", "'note'");
            assertThat(published.getAsJsonObject("own").get("offset")).isEqualTo(published.get("offset"));
            assertThat(ada.push("direct").get("to").getAsString()).isEqualTo("ada");
            ada.expectNoPush();

            published(ask(ada, "direct", "'to':'ada','ref':{'offset':1,'kind':'edit'},'data':'better'"));
            assertThat(first(ask(ada, "history", "'channel':'@ada','folded':true"))
                            .get("data")
                            .getAsString())
                    .isEqualTo("better");
        }
    }

    @Test
    void publishesBothHalvesOnceForARepeatedKey() throws Exception {
        try (Client ada = connected(here(), "ada");
                Client bob = connected(there(), "bob");
                Client cyd = connected(there(), "cyd")) {
            JsonObject published = ask(ada, "direct", "'to':'bob','data':'hi','key':'k'");
            JsonObject again = ask(ada, "direct", "'to':'bob','data':'hi','key':'k'");
            assertThat(again.get("duplicate").getAsBoolean()).isTrue();
            assertThat(again.get("own")).isEqualTo(published.get("own"));
            JsonObject other = ask(ada, "direct", "'to':'cyd','data':'hi','key':'k'");
            assertThat(other.has("duplicate")).isFalse();
            assertThat(other.getAsJsonObject("own").get("offset").getAsLong()).isEqualTo(2);

            bob.push("direct");
            bob.expectNoPush();
            cyd.push("direct");
        }
    }

    @Test
    void completesADirectMessageOfWhichAFaultHasLeftOneHalf() throws Exception {
        try (Client ada = connected(here(), "ada");
                Client bob = connected(there(), "bob")) {
            send(ada, "ada", "'a note'");
            Draft half = new Draft(new Content.Text("hi"), Attributes.NONE.withPair("a pair"), "k", false);
            here().broker().publish("@bob", Sender.of("ada"), half);

            JsonObject reply = ask(ada, "direct", "'to':'bob','data':'hi','key':'k'");
            assertThat(reply.get("duplicate").getAsBoolean()).isTrue();
            assertThat(reply.get("offset").getAsLong()).isEqualTo(1);
            assertThat(reply.getAsJsonObject("own").get("offset").getAsLong()).isEqualTo(2);
            bob.push("direct");
            published(ask(ada, "direct", "'to':'bob','ref':{'offset':2,'kind':'reaction'},'data':'!'"));
            assertThat(bob.push("direct").get("ref")).hasToString("{\"offset\":1,\"kind\":\"reaction\"}");
        }
    }

    @Test
    void changesBothHalvesOfADirectMessage() throws Exception {
        try (Client ada = connected(here(), "ada");
                Client bob = connected(there(), "bob")) {
            send(bob, "ada", "'zero'");
            send(ada, "ada", "'a note'"); // so that the offsets differ
            send(ada, "bob", "'one'"); // 3 in @ada, 2 in @bob

            JsonObject edited = ask(ada, "direct", "'to':'bob','ref':{'offset':3,'kind':'edit'},'data':'two'");
            assertThat(edited.get("offset").getAsLong()).isEqualTo(3);
            assertThat(edited.getAsJsonObject("own").get("offset").getAsLong()).isEqualTo(4);
            published(ask(bob, "direct", "'to':'ada','ref':{'offset':2,'kind':'reaction'},'data':'!'"));
            for (int i = 1; i <= 2; i++) {
                bob.push("direct");
            }
            assertThat(bob.push("direct").get("ref")).hasToString("{\"offset\":2,\"kind\":\"edit\"}");
            for (int i = 1; i <= 3; i++) {
                ada.push("direct");
            }
            assertThat(ada.push("direct").get("ref")).hasToString("{\"offset\":3,\"kind\":\"edit\"}");
            assertThat(ada.push("direct").get("ref")).hasToString("{\"offset\":3,\"kind\":\"reaction\"}");
            for (Client side : List.of(ada, bob)) {
                JsonObject folded = last(ask(side, "history", "'channel':'" + inbox(side, ada) + "','folded':true"));
                assertThat(folded.get("data").getAsString()).isEqualTo("two");
                assertThat(folded.getAsJsonArray("reactions")).hasSize(1);
            }

            assertError(
                    ask(bob, "direct", "'to':'ada','ref':{'offset':2,'kind':'edit'},'data':'three'"), ID, "forbidden");
            assertError(
                    ask(ada, "direct", "'to':'ada','ref':{'offset':3,'kind':'edit'},'data':'three'"),
                    ID,
                    "bad_request"); // it is not a message to herself
            published(ask(ada, "direct", "'to':'bob','ref':{'offset':3,'kind':'delete'}"));
            for (Client side : List.of(ada, bob)) {
                JsonObject folded = last(ask(side, "history", "'channel':'" + inbox(side, ada) + "','folded':true"));
                assertThat(folded.has("deleted")).isTrue();
                assertThat(folded.has("data")).isFalse();
            }
            assertError(ask(ada, "direct", "'to':'bob','ref':{'offset':3,'kind':'delete'}"), ID, "too_old");
        }
    }

    private static String inbox(Client side, Client ada) {
        return side == ada ? "@ada" : "@bob";
    }

    @Test
    void completesADeletionOfWhichAFaultHasLeftOneHalf() throws Exception {
        try (Client ada = connected(here(), "ada");
                Client bob = connected(there(), "bob")) {
            send(ada, "ada", "'a note'");
            send(ada, "bob", "'secret'"); // 2 in @ada, 1 in @bob
            deleteAsOperator("@bob", 1);

            JsonObject completed = ask(ada, "direct", "'to':'bob','ref':{'offset':2,'kind':'delete'}");

            assertThat(published(completed)).isEqualTo(2);
            assertThat(completed.get("duplicate").getAsBoolean()).isTrue();
            assertThat(completed.getAsJsonObject("own").get("offset").getAsLong())
                    .isEqualTo(3);
            assertThat(ask(ada, "history", "'channel':'@ada'").toString()).doesNotContain("secret");
            assertThat(ask(bob, "history", "'channel':'@bob'").toString()).doesNotContain("secret");
            bob.push("direct");
            bob.push("direct");
            bob.expectNoPush();
            assertError(ask(ada, "direct", "'to':'bob','ref':{'offset':2,'kind':'delete'}"), ID, "too_old");
        }
    }

    @Test
    void refusesToChangeADirectMessageThatThePartnerHasNoMore() throws Exception {
        try (Client ada = connected(here(), "ada");
                Client bob = connected(there(), "bob")) {
            send(ada, "bob", "'one'");
            here().broker().delete("@bob");
            assertError(ask(ada, "direct", "'to':'bob','ref':{'offset':1,'kind':'edit'},'data':2"), ID, "too_old");
            assertThat(bob.push("direct").get("data").getAsString()).isEqualTo("one");
        }
    }

    @Test
    void givesAGuestWithoutAnInboxNoCopy() throws Exception {
        try (Client bob = connected(there(), "bob");
                Client guest = new Client(connect(here(), "chat.v1"))) {
            assertThat(send(guest, "bob", "'hi'").has("own")).isFalse();
            assertThat(bob.push("direct").get("data").getAsString()).isEqualTo("hi");
            assertError(
                    ask(guest, "direct", "'to':'bob','ref':{'offset':1,'kind':'reply'},'data':2"), ID, "bad_request");
        }
    }

    @Test
    void givesTheMessagesWithOneClient() throws Exception {
        try (Client ada = connected(here(), "ada");
                Client bob = connected(there(), "bob");
                Client cyd = connected(there(), "cyd")) {
            for (int i = 0; i < 3; i++) {
                send(ada, "bob", "'to bob'");
                send(cyd, "ada", "'from cyd'");
                send(bob, "ada", "'from bob'");
            }
            assertThat(offsetsOf(ask(ada, "history", "'channel':'@ada','with':'bob','limit':4")))
                    .containsExactly(4L, 6L, 7L, 9L);
            assertThat(offsetsOf(ask(ada, "history", "'channel':'@ada','with':'bob','limit':2,'before':4")))
                    .containsExactly(1L, 3L);
            assertThat(offsetsOf(ask(ada, "history", "'channel':'@ada','with':'cyd','limit':2,'after':2")))
                    .containsExactly(5L, 8L);
            assertThat(offsetsOf(ask(ada, "history", "'channel':'@ada','with':'bob','folded':true,'limit':1")))
                    .containsExactly(9L);
            assertError(ask(ada, "history", "'channel':'@bob','with':'ada'"), ID, "forbidden");
            ada.ask("{\"id\":3,\"type\":\"subscribe\",\"channel\":\"lobby\"}");
            assertError(ask(ada, "history", "'channel':'lobby','with':'ada'"), ID, "bad_request");
        }
    }

    @Test
    void findsMessagesAsTheyAreNow() throws Exception {
        try (Client ada = member(here(), "ada", "lobby");
                Client bob = member(there(), "bob", "lobby")) {
            say(ada, "'Lunch?'");
            say(ada, "{'text':'LUNCH at one'}");
            say(ada, "{'lunch':'no text'}");
            say(ada, "'lunch, but deleted'");
            say(ada, "'dinner'");
            published(refer(ada, 4, "delete", ""));
            published(refer(ada, 5, "edit", "'data':'late lunch'"));
            published(refer(ada, 1, "edit", "'data':'Breakfast?'"));

            JsonObject found = ask(bob, "search", "'channel':'lobby','text':'lUnCh'");
            assertThat(found.get("type").getAsString()).isEqualTo("search");
            assertThat(offsetsOf(found)).containsExactly(5L, 2L);
            assertThat(found.has("next")).isFalse();
            JsonObject page = ask(bob, "search", "'channel':'lobby','text':'lunch','limit':1");
            assertThat(offsetsOf(page)).containsExactly(5L);
            long next = page.get("next").getAsLong();
            JsonObject rest = ask(bob, "search", "'channel':'lobby','text':'lunch','limit':1,'before':" + next);
            assertThat(offsetsOf(rest)).containsExactly(2L);
        }
    }

    @Test
    void searchesOnlyWhereTheClientMayRead() throws Exception {
        try (Client ada = connected(here(), "ada");
                Client bob = connected(there(), "bob")) {
            send(bob, "ada", "'the Straße'");
            assertThat(offsetsOf(ask(ada, "search", "'channel':'@ada','text':'STRASSE'")))
                    .containsExactly(1L);
            assertError(ask(ada, "search", "'channel':'@bob','text':'a'"), ID, "forbidden");
            assertError(ask(ada, "search", "'channel':'lobby','text':'a'"), ID, "not_subscribed");
            assertError(ask(ada, "search", "'channel':'@ada','text':''"), ID, "bad_request");
            assertError(ask(ada, "search", "'channel':'@ada'"), ID, "bad_request");
        }
    }

    @Test
    void showsEditsInCtesiphonAsTexts() throws Exception {
        try (Client ada = member(here(), "ada", "lobby");
                TestClient bob = connect(there(), "").join("bob", "lobby")) {
            say(ada, "'one'");
            published(refer(ada, 1, "edit", "'data':'two'"));
            published(refer(ada, 1, "reaction", "'data':'!'"));
            published(refer(ada, 1, "reply", "'data':'three'"));
            published(refer(ada, 1, "delete", ""));
            say(ada, "'four'");

            for (String text : List.of("one", "* two", "three", "four")) {
                assertThat(bob.next()).isEqualTo("Channel : lobby, Sender : ada, Message : " + text);
            }
        }
    }

    @Test
    void deletesForTheProgram() throws Exception {
        try (Client bob = member(there(), "bob", "lobby")) {
            say(bob, "'one'");
            eventually(() -> assertThat(bob.askQuietly("{\"id\":8,\"type\":\"history\",\"channel\":\"lobby\"}")
                            .getAsJsonArray("messages"))
                    .hasSize(1));
            deleteAsOperator("lobby", 1);
            bob.push("message");
            assertThat(bob.push("message").get("sender").getAsString()).isEqualTo("operator");
        }
    }

    private void deleteAsOperator(String channel, long offset) throws Exception {
        Attributes deletion = Attributes.NONE.withRef(new Reference(offset, Reference.Kind.DELETE));
        here().publish(channel, "operator", new Draft(Content.NONE, deletion, "", true));
    }

    private static JsonObject ask(Client client, String type, String fields) throws InterruptedException {
        return client.ask("{\"id\":" + ID + ",\"type\":\"" + type + "\"," + fields.replace('\'', '"') + "}");
    }

    private static JsonObject say(Client client, String data) throws InterruptedException {
        JsonObject reply = ask(client, "publish", "'channel':'lobby','data':" + data);
        published(reply);
        return reply;
    }

    private static JsonObject send(Client client, String to, String data) throws InterruptedException {
        JsonObject reply = ask(client, "direct", "'to':'" + to + "','data':" + data);
        published(reply);
        return reply;
    }

    private static JsonObject refer(Client client, long offset, String kind, String more) throws InterruptedException {
        String ref = "'channel':'lobby','ref':{'offset':" + offset + ",'kind':'" + kind + "'}";
        return ask(client, "publish", more.isEmpty() ? ref : ref + "," + more);
    }

    private static long published(JsonObject reply) {
        assertThat(reply.get("type").getAsString()).as(reply.toString()).isEqualTo("published");
        return reply.get("offset").getAsLong();
    }

    private static List<JsonObject> messages(JsonObject page) {
        assertThat(page.has("messages")).as(page.toString()).isTrue();
        return page.getAsJsonArray("messages").asList().stream()
                .map(JsonElement::getAsJsonObject)
                .toList();
    }

    private static JsonObject first(JsonObject page) {
        return messages(page).getFirst();
    }

    private static JsonObject last(JsonObject page) {
        return messages(page).getLast();
    }

    private static List<Long> offsetsOf(JsonObject page) {
        return messages(page).stream()
                .map(message -> message.get("offset").getAsLong())
                .toList();
    }
}
