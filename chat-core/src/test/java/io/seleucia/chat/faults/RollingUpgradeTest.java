package io.seleucia.chat.faults;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.client.ChatClient;
import io.seleucia.chat.client.ChatListener;
import io.seleucia.chat.client.Loss;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Servers over one Redis are replaced in turn while their users talk, and none of them notices. */
class RollingUpgradeTest {
    private static final String CHANNEL = "lobby";
    private static final int USERS = 6;
    private static final int ROUNDS = 1;
    private static final int AT_LEAST = 30; // messages of each user for each server that is replaced
    private static final long PAUSE_NANOS = 50_000_000; // or the history is outrun while somebody comes back
    private static final long PATIENCE_SECONDS = 120;

    /** A user, and what was shown to them. */
    private static final class User implements ChatListener, AutoCloseable {
        private final String name;
        private final List<Message> shown = new CopyOnWriteArrayList<>();
        private final List<Position> acknowledged = new CopyOnWriteArrayList<>();
        private final List<Loss> losses = new CopyOnWriteArrayList<>();
        private final ChatClient client;
        private volatile boolean leaving;

        private User(String name, URI... servers) throws Exception {
            this.name = name;
            client = ChatClient.builder(servers).name(name).listener(this).start();
            client.subscribe(CHANNEL).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }

        @Override
        public void message(Message message) {
            shown.add(message);
        }

        @Override
        public void lost(Loss loss) {
            losses.add(loss);
        }

        /** Says one thing after the other; whatever fails, fails the test. */
        private Void talk() throws Exception {
            while (!leaving) {
                acknowledged.add(client.publish(CHANNEL, name + " says no. " + acknowledged.size())
                        .get(PATIENCE_SECONDS, TimeUnit.SECONDS));
                LockSupport.parkNanos(PAUSE_NANOS);
            }
            return null;
        }

        @Override
        public void close() {
            client.close();
        }
    }

    @Test
    void nobodyNoticesThatServersAreReplaced() throws Exception {
        List<User> users = new ArrayList<>();
        try (Site site = Site.overRedis(2);
                ExecutorService talking = Executors.newVirtualThreadPerTaskExecutor()) {
            URI first = URI.create("ws://localhost:" + site.ports().get(0) + "/");
            URI second = URI.create("ws://localhost:" + site.ports().get(1) + "/");
            List<Future<Void>> talks = new ArrayList<>();
            try {
                for (int i = 0; i < USERS; i++) {
                    users.add(i % 2 == 0 ? new User("user-" + i, first, second) : new User("user-" + i, second, first));
                }
                users.forEach(user -> talks.add(talking.submit(user::talk)));
                for (int round = 0; round < ROUNDS; round++) {
                    for (ServerProcess server : site.servers()) {
                        awaitMore(users);
                        server.drain();
                        server.start();
                    }
                }
                awaitMore(users);
            } finally {
                users.forEach(user -> user.leaving = true);
            }
            for (Future<Void> talk : talks) {
                talk.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
            assertNothingLostDoubledOrReordered(users);
        } finally {
            users.forEach(User::close);
        }
    }

    /** Waits until each has said so many more. */
    private static void awaitMore(List<User> users) {
        List<Integer> enough =
                users.stream().map(user -> user.acknowledged.size() + AT_LEAST).toList();
        for (int i = 0; i < users.size(); i++) {
            User user = users.get(i);
            int much = enough.get(i);
            eventually(() -> assertThat(user.acknowledged.size()).as(user.name).isGreaterThan(much));
        }
    }

    private static void assertNothingLostDoubledOrReordered(List<User> users) {
        List<Position> given = users.stream()
                .flatMap(user -> user.acknowledged.stream())
                .sorted((one, other) -> Long.compare(one.offset(), other.offset()))
                .toList();
        assertThat(given)
                .extracting(Position::epoch)
                .containsOnly(given.getFirst().epoch());
        assertThat(given)
                .extracting(Position::offset)
                .isEqualTo(LongStream.rangeClosed(1, given.size()).boxed().toList());
        for (User user : users) {
            eventually(() ->
                    assertThat(user.shown.getLast().position()).as(user.name).isEqualTo(given.getLast()));
            assertThat(user.losses).isEmpty();
            long begin = user.shown.getFirst().position().offset();
            assertThat(user.shown)
                    .as(user.name)
                    .extracting(message -> message.position().offset())
                    .isEqualTo(
                            LongStream.rangeClosed(begin, given.size()).boxed().toList());
            assertThat(user.shown)
                    .filteredOn(message -> message.sender().equals(user.name))
                    .extracting(message -> message.content().asText())
                    .isEqualTo(LongStream.range(0, user.acknowledged.size())
                            .mapToObj(number -> user.name + " says no. " + number)
                            .toList());
        }
    }
}
