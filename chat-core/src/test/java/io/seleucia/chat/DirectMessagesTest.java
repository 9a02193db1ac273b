package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.broker.redis.RedisBroker;
import io.seleucia.chat.broker.redis.RedisProcess;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Sender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Direct messages that have much behind them in the inboxes. */
class DirectMessagesTest {
    private static final Retention RETENTION = Retention.DEFAULT.withMessages(5_000);
    private static final int MANY = 1_200;
    private static final int FEW = 4;

    private static JsonObject ask(InMemoryClient client, String request) throws Exception {
        client.send("{\"id\":1," + request.replace('\'', '"') + "}");
        while (true) {
            JsonObject frame = JsonParser.parseString(client.receive()).getAsJsonObject();
            if (frame.has("id")) {
                return frame;
            }
        }
    }

    private static void fill(Broker broker, String inbox) throws Exception {
        List<Broker.PendingReceipt> pending = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            pending.add(broker.submit(inbox, Sender.of("eve"), new Content.Text("much"), ""));
        }
        for (Broker.PendingReceipt one : pending) {
            one.await();
        }
    }

    private static FoldedMessage first(Broker broker, String inbox) throws Exception {
        return broker.folded(inbox, true, 0, 1).messages().getFirst();
    }

    private static void changesBothHalves(Broker broker) throws Exception {
        try (ChatServer server =
                        ChatServer.builder().broker(broker).withoutPort().start();
                InMemoryClient ada = server.connect("chat.v1");
                InMemoryClient bob = server.connect("chat.v1")) {
            ask(ada, "'type':'connect','client':'ada'");
            ask(bob, "'type':'connect','client':'bob'");
            String one = ask(ada, "'type':'direct','to':'bob','data':'one'").toString();
            assertThat(one).contains("published").doesNotContain("pair");
            fill(broker, "@bob");
            fill(broker, "@ada");

            String ref = "'type':'direct','to':'%s','ref':{'offset':1,'kind':'%s'}";
            assertThat(ask(ada, ref.formatted("bob", "edit") + ",'data':'two'").toString())
                    .contains("published");
            assertThat(ask(bob, ref.formatted("ada", "reaction") + ",'data':'!'")
                            .toString())
                    .contains("published");

            for (String inbox : List.of("@ada", "@bob")) {
                FoldedMessage message = first(broker, inbox);
                assertThat(message.message().content().asText()).as(inbox).isEqualTo("two");
                assertThat(message.reactions()).as(inbox).hasSize(1);
            }
            assertThat(ask(ada, ref.formatted("bob", "delete")).toString()).contains("published");
            assertThat(first(broker, "@ada").message().isDeleted()).isTrue();
            assertThat(first(broker, "@bob").message().isDeleted()).isTrue();
        }
    }

    private static void deletesEditsOfMessagesThatAreGone(Broker broker, boolean halfDeleted) throws Exception {
        try (ChatServer server =
                        ChatServer.builder().broker(broker).withoutPort().start();
                InMemoryClient ada = server.connect("chat.v1");
                InMemoryClient bob = server.connect("chat.v1")) {
            ask(ada, "'type':'connect','client':'ada'");
            ask(bob, "'type':'connect','client':'bob'");
            broker.publish("@bob", Sender.of("eve"), new Content.Text("makes the offsets differ"), "");
            ask(ada, "'type':'direct','to':'bob','data':'one'");
            pushOut(broker, 2);
            ask(ada, "'type':'direct','to':'bob','data':'secret','ref':{'offset':1,'kind':'edit'}");
            pushOut(broker, FEW - 3);
            for (String inbox : List.of("@ada", "@bob")) {
                assertThat(log(broker, inbox)).contains("secret").doesNotContain("one");
            }
            String deletion = "'type':'direct','to':'%s','ref':{'offset':%d,'kind':'delete'}";

            assertThat(ask(bob, deletion.formatted("ada", 2)).toString()).contains("forbidden");
            assertThat(ask(bob, deletion.formatted("eve", 2)).toString()).contains("error");
            assertThat(ask(ada, deletion.formatted("bob", 4)).toString()).contains("bad_request"); // it is the edit
            assertThat(log(broker, "@ada") + log(broker, "@bob")).contains("secret");
            if (halfDeleted) {
                Message edit = broker.historyAfter("@bob", 4, 1).messages().getFirst();
                Attributes ofTheirs = Attributes.NONE.withRef(new Reference(2, Reference.Kind.DELETE));
                broker.publish(
                        "@bob",
                        new Sender(edit.sender(), edit.guest()),
                        new Draft(
                                Content.NONE,
                                ofTheirs.withPair("a pair")
                                        .withAuthor(edit.attributes().author()),
                                "",
                                false));
                assertThat(log(broker, "@bob")).doesNotContain("secret");
            }
            assertThat(ask(ada, deletion.formatted("bob", 1)).toString())
                    .contains("published")
                    .contains(halfDeleted ? "\"duplicate\":true" : "offset");

            assertThat(log(broker, "@ada") + log(broker, "@bob")).doesNotContain("secret");
            assertThat(ask(ada, deletion.formatted("bob", 1)).toString()).contains("too_old");
        }
    }

    private static void pushOut(Broker broker, int count) throws Exception {
        for (String inbox : List.of("@ada", "@bob")) {
            for (int i = 0; i < count; i++) {
                broker.publish(inbox, Sender.of("eve"), new Content.Text("pushes it out"), "");
            }
        }
    }

    private static String log(Broker broker, String inbox) throws Exception {
        return broker.historyAfter(inbox, 0, 100).messages().toString();
    }

    @Test
    void canBeDeletedWhileAnEditIsLeft() throws Exception {
        try (Broker broker = new InMemoryBroker(Retention.DEFAULT.withMessages(FEW))) {
            deletesEditsOfMessagesThatAreGone(broker, false);
        }
    }

    @Test
    void canBeDeletedByASecondRequestWhileAnEditIsLeft() throws Exception {
        try (Broker broker = new InMemoryBroker(Retention.DEFAULT.withMessages(FEW))) {
            deletesEditsOfMessagesThatAreGone(broker, true);
        }
    }

    @Test
    void canBeDeletedWhileAnEditIsLeftInRedis() throws Exception {
        try (RedisProcess redis = RedisProcess.begin();
                RedisBroker broker =
                        new RedisBroker(redis.uri(), RedisBroker.DEFAULT_PREFIX, Retention.DEFAULT.withMessages(FEW))) {
            assertThat(broker.awaitReachable(Duration.ofSeconds(60))).isTrue();
            deletesEditsOfMessagesThatAreGone(broker, false);
        }
    }

    @Test
    void canBeChangedHoweverMuchFollows() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(RETENTION)) {
            changesBothHalves(broker);
        }
    }

    @Test
    void canBeChangedHoweverMuchFollowsInRedis() throws Exception {
        try (RedisProcess redis = RedisProcess.begin();
                RedisBroker broker = new RedisBroker(redis.uri(), RedisBroker.DEFAULT_PREFIX, RETENTION)) {
            assertThat(broker.awaitReachable(Duration.ofSeconds(60))).isTrue();
            changesBothHalves(broker);
        }
    }
}
