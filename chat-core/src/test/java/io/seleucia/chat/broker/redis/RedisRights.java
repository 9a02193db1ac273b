package io.seleucia.chat.broker.redis;

import io.seleucia.chat.Eventually;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Sender;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;

/** What docs/redis.md says that a user of Redis' ACL needs, and no more. */
final class RedisRights {
    private static final String ALWAYS = """
            ~chat:* &chat:* -@all +ping +client|setname +eval +evalsha +time +publish +subscribe +unsubscribe +get +set
            +del +pexpire +pttl +hget +hset +hdel +hgetall +hmget +xadd +xdel +xrange +xrevrange +xinfo|stream
            +zadd +zrange +zrem +zremrangebyscore +zremrangebylex +zcard +zrangebylex +hlen +hrandfield +scan""";

    static final String FOR_WAITING = "+wait";
    static final String BEHIND_SENTINELS = "+role";
    static final String ON_A_CLUSTER = "+spublish +ssubscribe +sunsubscribe +asking +cluster|info +cluster|slots";

    private RedisRights() {}

    /** Makes a user with them. */
    static void grant(RedisProcess redis, String user, String password, String... more) {
        List<String> words = new ArrayList<>(List.of("SETUSER", user, "reset", "on", ">" + password));
        words.addAll(List.of(ALWAYS.split("\\s+")));
        for (String some : more) {
            words.addAll(List.of(some.split(" ")));
        }
        redis.ask("ACL", words.toArray(String[]::new));
    }

    /** Does with a broker all that servers do. */
    static void use(RedisBroker broker) throws Exception {
        RecordingListener listener = new RecordingListener();
        var text = new Content.Text("hi");
        broker.join("lobby", "ada");
        Broker.Subscription subscription = broker.subscribe("lobby", listener);
        String key = UUID.randomUUID().toString();
        Eventually.eventuallyGet(() -> broker.publish("lobby", "ada", text, key));
        broker.publish("lobby", "ada", text, key);
        listener.nextMessage();
        broker.signal("lobby", new Broker.Signal("origin", "ada", text));
        listener.nextSignal();
        broker.markRead("lobby", new Broker.Reader("session", Sender.of("bob"), true), Long.MAX_VALUE);
        listener.nextRead();
        Sender ada = Sender.of("ada");
        for (Reference.Kind kind : Reference.Kind.values()) {
            long offset = broker.publish("lobby", "ada", text, "").position().offset();
            Content content = kind == Reference.Kind.DELETE ? Content.NONE : text;
            Attributes attributes = Attributes.NONE.withRef(new Reference(offset, kind));
            broker.publish("lobby", ada, new Draft(content, attributes, "", false));
        }
        broker.historyAfter("lobby", 0, 10);
        broker.folded("lobby", true, 0, 10);
        broker.historyBefore("lobby", 10, 10);
        broker.members("lobby");
        Eventually.eventuallyGet(
                () -> broker.describe("lobby", Sender.of("ada"), Optional.of(new Content.Json("{\"topic\":1}"))));
        RecordingListener described = new RecordingListener();
        Broker.Subscription another = broker.subscribe("lobby", described);
        described.nextInfo();
        another.close();
        broker.info("lobby");
        while (broker.list("", "", 10, name -> name.equals("lobby")).page().isEmpty()) {
            LockSupport.parkNanos(1_000_000); // the directory has the channel soon
        }
        broker.describe("lobby", ada, Optional.empty());
        broker.deleteFrom("ada");
        broker.delete("lobby");
        subscription.close();
        broker.leave("lobby", "ada");
    }
}
