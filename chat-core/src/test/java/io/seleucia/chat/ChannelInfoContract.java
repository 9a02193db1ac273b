package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.seleucia.chat.message.ChannelInfo;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The part of {@link ChatV1Contract} about descriptions of channels, and the list of all channels. */
abstract class ChannelInfoContract extends MessageLifeContract {
    private static final String INFO = "{\"id\":3,\"type\":\"info\",\"channel\":\"lobby\"}";

    private static String set(String json) {
        return "{\"id\":4,\"type\":\"info\",\"channel\":\"lobby\",\"set\":" + json + "}";
    }

    private static String list(String more) {
        return "{\"id\":5,\"type\":\"list\"" + more + "}";
    }

    private static List<String> names(JsonObject list) {
        List<String> names = new ArrayList<>();
        for (JsonElement channel : list.getAsJsonArray("channels")) {
            names.add(channel.getAsJsonObject().get("channel").getAsString());
        }
        return names;
    }

    @Test
    void describesAChannel() throws Exception {
        try (Client ada = member(here(), "ada", "lobby");
                Client bob = member(there(), "bob", "lobby");
                Client eve = connected(there(), "eve")) {
            assertThat(ada.ask(INFO)).hasToString("{\"id\":3,\"type\":\"info\",\"channel\":\"lobby\",\"info\":null}");

            ada.send(set("{\"topic\":\"l\u00fcnch\",\"n\":1.50}"));
            JsonObject reply = ada.reply(4);
            String time = reply.get("time").getAsString();
            String fields = "\"type\":\"info\",\"channel\":\"lobby\",\"info\":{\"topic\":\"l\u00fcnch\",\"n\":1.50},"
                    + "\"by\":\"ada\",\"time\":" + time + "}";
            assertThat(reply).hasToString("{\"id\":4," + fields);
            assertThat(ada.push("info")).hasToString("{" + fields);
            assertThat(bob.push("info")).hasToString("{" + fields);
            assertThat(eve.ask(INFO)).as("no member").hasToString("{\"id\":3," + fields);
            assertThat(eve.ask("{\"id\":6,\"type\":\"subscribe\",\"channel\":\"lobby\"}")
                            .get("info"))
                    .hasToString("{\"topic\":\"l\u00fcnch\",\"n\":1.50}");

            JsonObject removed = bob.ask(set("null"));
            assertThat(removed.get("info").isJsonNull()).isTrue();
            assertThat(removed.get("by").getAsString()).isEqualTo("bob");
            for (Client member : List.of(ada, bob, eve)) {
                JsonObject push = member.push("info");
                assertThat(push.get("info").isJsonNull()).isTrue();
                assertThat(push.get("by").getAsString()).isEqualTo("bob");
            }
            assertThat(bob.ask(INFO)).hasToString("{\"id\":3,\"type\":\"info\",\"channel\":\"lobby\",\"info\":null}");
            try (Client late = connected(here(), "late")) {
                assertThat(late.ask("{\"id\":6,\"type\":\"subscribe\",\"channel\":\"lobby\"}")
                                .has("info"))
                        .isFalse();
            }
        }
    }

    @Test
    void givesTheDescriptionToOneWhoComesBack() throws Exception {
        try (Client ada = member(here(), "ada", "lobby")) {
            JsonObject first = ada.ask("{\"id\":6,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":1}");
            ada.ask("{\"id\":7,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":2}");
            ada.ask(set("{\"n\":1}"));
            try (Client bob = connected(there(), "bob")) {
                JsonObject subscribed = bob.ask("{\"id\":6,\"type\":\"subscribe\",\"channel\":\"lobby\",\"since\":"
                        + "{\"epoch\":" + first.get("epoch") + ",\"offset\":1}}");

                assertThat(subscribed.get("recovered").getAsBoolean()).isTrue();
                assertThat(subscribed.get("info")).hasToString("{\"n\":1}");
                bob.push("message");
                bob.expectNoPush();
            }
        }
    }

    @Test
    void refusesBadDescriptions() throws Exception {
        try (Client ada = member(here(), "ada", "lobby")) {
            for (String bad : List.of("[]", "\"text\"", "1", "true")) {
                assertError(ada.ask(set(bad)), 4, "bad_request");
            }
            String large = "{\"a\":\"" + "a".repeat(ChannelInfo.MAX_BYTES - 7) + "\"}";
            assertError(ada.ask(set(large)), 4, "too_large");
            assertError(ada.ask("{\"id\":6,\"type\":\"info\",\"channel\":\"@ada\"}"), 6, "bad_request");
            assertError(ada.ask("{\"id\":6,\"type\":\"info\"}"), 6, "bad_request");
            assertError(ada.ask(list(",\"limit\":0")), 5, "bad_request");
            assertError(ada.ask(list(",\"prefix\":\"@\"")), 5, "bad_request");
            ada.expectNoPush();
            assertThat(ada.ask(INFO).get("info").isJsonNull()).isTrue();

            assertThat(ada.ask(set("{\"a\":\"" + "a".repeat(ChannelInfo.MAX_BYTES - 8) + "\"}"))
                            .get("type")
                            .getAsString())
                    .isEqualTo("info");
        }
    }

    @Test
    void listsChannels() throws Exception {
        try (Client ada = member(here(), "ada", "team-b");
                Client bob = member(there(), "bob", "team-b");
                Client eve = member(there(), "eve", "team-a")) {
            ada.ask("{\"id\":6,\"type\":\"subscribe\",\"channel\":\"other\"}");
            long time = System.currentTimeMillis();
            ada.ask("{\"id\":7,\"type\":\"publish\",\"channel\":\"team-b\",\"data\":1}");
            bob.ask("{\"id\":7,\"type\":\"info\",\"channel\":\"team-b\",\"set\":{\"n\":1}}");

            eventually(() -> assertThat(names(eve.askQuietly(list("")))).contains("other", "team-a", "team-b"));
            JsonObject all = ada.ask(list(",\"prefix\":\"team-\""));
            assertThat(names(all)).containsExactly("team-a", "team-b");
            assertThat(all.has("more")).isFalse();
            assertThat(all.getAsJsonArray("channels").get(0)).hasToString("{\"channel\":\"team-a\",\"clients\":1}");
            JsonObject busy = all.getAsJsonArray("channels").get(1).getAsJsonObject();
            assertThat(busy.get("clients").getAsInt()).isEqualTo(2);
            assertThat(busy.get("time").getAsLong()).isBetween(time - 60_000, System.currentTimeMillis() + 60_000);
            assertThat(busy.get("info")).hasToString("{\"n\":1}");

            JsonObject first = ada.ask(list(",\"prefix\":\"team-\",\"limit\":1"));
            assertThat(names(first)).containsExactly("team-a");
            assertThat(first.get("more").getAsBoolean()).isTrue();
            JsonObject last = ada.ask(list(",\"prefix\":\"team-\",\"limit\":1,\"after\":\"team-a\""));
            assertThat(names(last)).containsExactly("team-b");
            assertThat(last.has("more")).isFalse();
        }
    }
}
