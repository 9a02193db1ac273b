package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.broker.redis.RedisBroker;
import io.seleucia.chat.broker.redis.RedisProcess;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Sender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Direct messages that have much behind them in the inboxes. */
class DirectMessagesTest {
    private static final Retention RETENTION = Retention.DEFAULT.withMessages(5_000);
    private static final int MANY = 1_200;

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
