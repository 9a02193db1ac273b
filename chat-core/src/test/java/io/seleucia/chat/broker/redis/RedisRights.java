package io.seleucia.chat.broker.redis;

import io.seleucia.chat.Eventually;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.message.Content;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** What docs/redis.md says that a user of Redis' ACL needs, and no more. */
final class RedisRights {
    private static final String ALWAYS = """
            ~chat:* &chat:* -@all +ping +client|setname +eval +evalsha +time +publish +subscribe +unsubscribe +get +set
            +del +pexpire +pttl +hget +hset +hdel +hgetall +hmget +xadd +xdel +xrange +xrevrange +xinfo|stream
            +scan""";

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
        broker.historyAfter("lobby", 0, 10);
        broker.historyBefore("lobby", 10, 10);
        broker.members("lobby");
        broker.deleteFrom("ada");
        broker.delete("lobby");
        subscription.close();
        broker.leave("lobby", "ada");
    }
}
