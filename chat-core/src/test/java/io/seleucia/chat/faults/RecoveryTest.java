package io.seleucia.chat.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.Reading;
import io.seleucia.chat.broker.ReferenceException;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Sender;
import java.io.EOFException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** What happens to a channel between the reading of its history and the joining of who has read it. */
class RecoveryTest {
    @Test
    void saysThatMessagesAreLostIfANewEpochBeginsMeanwhile() throws Exception {
        try (Forgetful broker = new Forgetful();
                ChatServer server = ChatServer.builder().port(0).broker(broker).start();
                Speaker ada = Speaker.connect(server.port(), "ada")) {
            JsonObject request = Speaker.request("subscribe", "lobby");
            request.add("since", Tracks.json(new Position("old", 4)));

            assertThat(ada.ask(request).get("recovered").getAsBoolean()).isTrue();

            assertThat(ada.push().get("offset").getAsLong()).isEqualTo(5);
            assertThat(ada.push())
                    .hasToString("{\"type\":\"lost\",\"channel\":\"lobby\",\"epoch\":\"new\",\"offset\":1}");
        }
    }

    @Test
    void saysWhereMessagesWereDeletedAndGivesTheOthers() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
                ChatServer server = ChatServer.builder().port(0).broker(broker).start();
                Speaker ada = Speaker.connect(server.port(), "ada")) {
            String epoch = "";
            for (int i = 1; i <= 4; i++) {
                Content content = new Content.Text("message " + i);
                epoch = broker.publish("lobby", i == 2 || i == 3 ? "eve" : "bob", content, "")
                        .position()
                        .epoch();
            }
            broker.deleteFrom("eve");
            JsonObject request = Speaker.request("subscribe", "lobby");
            request.add("since", Tracks.json(new Position(epoch, 0)));

            assertThat(ada.ask(request).get("recovered").getAsBoolean()).isTrue();

            assertThat(ada.push().get("offset").getAsLong()).isEqualTo(1);
            JsonObject lost = ada.push();
            assertThat(lost.get("type").getAsString()).isEqualTo("lost");
            assertThat(lost.get("offset").getAsLong()).isEqualTo(3);
            assertThat(ada.push().get("offset").getAsLong()).isEqualTo(4);
        }
    }

    @Test
    void endsTheConnectionIfTheHistoryCanNotBeReadToItsEnd() throws Exception {
        try (InMemoryBroker memory = new InMemoryBroker(Retention.DEFAULT);
                ChatServer server = ChatServer.builder()
                        .port(0)
                        .broker(readableOnce(memory))
                        .start();
                Speaker ada = Speaker.connect(server.port(), "ada");
                Speaker again = Speaker.connect(server.port(), "ada")) {
            for (int i = 0; i < 150; i++) {
                memory.publish("lobby", "bob", new Content.Text("hi"), "");
            }
            JsonObject request = Speaker.request("subscribe", "lobby");
            Position end = memory.historyAfter("lobby", 150, 1).position();
            request.add("since", Tracks.json(end.at(0)));

            assertThat(ada.ask(request).get("recovered").getAsBoolean()).isTrue();

            for (int i = 1; i <= 100; i++) {
                assertThat(ada.push().get("offset").getAsLong()).isEqualTo(i);
            }
            assertThat(ada.push()).hasToString("{\"type\":\"goodbye\",\"code\":\"try_later\",\"reconnect\":true}");
            assertThatThrownBy(ada::push).hasRootCauseInstanceOf(EOFException.class);

            request.add("since", Tracks.json(end.at(100)));
            assertThat(again.ask(request).get("recovered").getAsBoolean()).isTrue();
            for (int i = 101; i <= 150; i++) {
                assertThat(again.push().get("offset").getAsLong()).isEqualTo(i);
            }
        }
    }

    /** A broker that fails when the lobby's history is read for the second time. */
    private static Broker readableOnce(Broker broker) {
        AtomicInteger reads = new AtomicInteger();
        return Reading.of(broker, channel -> {
            if (channel.equals("lobby") && reads.incrementAndGet() == 2) {
                throw new UnavailableException("out of reach", null);
            }
        });
    }

    /** A broker whose channel loses its history, and goes on in a new epoch, just after it was read. */
    private static final class Forgetful implements Broker {
        private static final Position OLD = new Position("old", 5);
        private static final Position NEW = new Position("new", 1);

        private final InMemoryBroker members = new InMemoryBroker(Retention.DEFAULT);
        private Listener listener;
        private boolean forgotten;

        @Override
        public Health health() {
            return members.health();
        }

        @Override
        public Subscription subscribe(String channel, Listener listener) throws UnavailableException {
            if (!channel.equals("lobby")) {
                return members.subscribe(channel, listener);
            }
            this.listener = listener;
            return new Subscription() {
                @Override
                public Position start() {
                    return OLD;
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public Page historyAfter(String channel, long offset, int limit) throws UnavailableException {
            if (!channel.equals("lobby")) {
                return members.historyAfter(channel, offset, limit);
            }
            Message first = new Message("lobby", NEW, "bob", 1, new Content.Text("hi"));
            if (forgotten) {
                return new Page(NEW, offset < 1 ? List.of(first) : List.of());
            }
            forgotten = true;
            listener.lost(NEW.at(0));
            listener.message(first);
            return new Page(OLD, List.of(new Message("lobby", OLD, "bob", 1, new Content.Text("hi"))));
        }

        @Override
        public Page historyBefore(String channel, long offset, int limit) throws UnavailableException {
            return historyAfter(channel, offset, limit);
        }

        @Override
        public void revoke(String user, long time) throws UnavailableException {
            members.revoke(user, time);
        }

        @Override
        public Map<String, Long> revocations() {
            return members.revocations();
        }

        @Override
        public void ban(Ban ban) throws UnavailableException {
            members.ban(ban);
        }

        @Override
        public void unban(Ban.Kind kind, String subject) throws UnavailableException {
            members.unban(kind, subject);
        }

        @Override
        public List<Ban> bans() {
            return members.bans();
        }

        @Override
        public Optional<ChannelInfo> info(String channel) {
            return members.info(channel);
        }

        @Override
        public ChannelInfo describe(String channel, Sender by, Optional<Content.Json> json)
                throws UnavailableException {
            return members.describe(channel, by, json);
        }

        @Override
        public Listing list(String prefix, String after, int limit, Predicate<String> wanted) {
            return members.list(prefix, after, limit, wanted);
        }

        @Override
        public void delete(String channel) throws UnavailableException {
            members.delete(channel);
        }

        @Override
        public void deleteFrom(String sender) throws UnavailableException {
            members.deleteFrom(sender);
        }

        @Override
        public Receipt publish(String channel, Sender sender, Draft draft)
                throws UnavailableException, ReferenceException {
            return members.publish(channel, sender, draft);
        }

        @Override
        public ReadMark markRead(String channel, Reader reader, long offset) throws UnavailableException {
            return members.markRead(channel, reader, offset);
        }

        @Override
        public ReadMark readMark(String channel, Sender client, long end) {
            return members.readMark(channel, client, end);
        }

        @Override
        public FoldedPage folded(String channel, boolean forward, long offset, int limit) throws UnavailableException {
            return members.folded(channel, forward, offset, limit);
        }

        @Override
        public void signal(String channel, Signal signal) throws UnavailableException {
            members.signal(channel, signal);
        }

        @Override
        public void join(String channel, Sender client) {
            members.join(channel, client);
        }

        @Override
        public void leave(String channel, Sender client) {
            members.leave(channel, client);
        }

        @Override
        public Hold hold(String name, String owner, Duration lifetime) throws UnavailableException {
            return members.hold(name, owner, lifetime);
        }

        @Override
        public void release(String name, String owner) {
            members.release(name, owner);
        }

        @Override
        public Members members(String channel, String after, int limit) throws UnavailableException {
            return members.members(channel, after, limit);
        }

        @Override
        public void close() {
            members.close();
        }
    }
}
