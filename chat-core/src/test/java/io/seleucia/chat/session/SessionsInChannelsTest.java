package io.seleucia.chat.session;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.channel.ScriptedBroker.at;
import static io.seleucia.chat.channel.ScriptedBroker.deleted;
import static io.seleucia.chat.channel.ScriptedBroker.deletion;
import static io.seleucia.chat.channel.ScriptedBroker.message;
import static io.seleucia.chat.channel.ScriptedBroker.messages;
import static io.seleucia.chat.channel.ScriptedBroker.page;
import static io.seleucia.chat.channel.ScriptedBroker.reaction;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Limits;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.channel.Channel;
import io.seleucia.chat.channel.ChannelObserver;
import io.seleucia.chat.channel.Channels;
import io.seleucia.chat.channel.HistoryReading;
import io.seleucia.chat.channel.MessageSizes;
import io.seleucia.chat.channel.ScriptedBroker;
import io.seleucia.chat.connection.ConnectionContext;
import io.seleucia.chat.connection.ConnectionLimits;
import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.message.ReservedNames;
import io.seleucia.chat.message.Sender;
import io.seleucia.chat.metrics.Counters;
import io.seleucia.chat.options.CurrentOptions;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.transport.InMemoryConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Channels and their members, without a server: real sessions, and brokers of this library and of the test's own. */
@Timeout(60)
class SessionsInChannelsTest {
    private static final String LOBBY = "lobby";
    private static final ConnectionLimits LIMITS = new ConnectionLimits(
            Limits.DEFAULT.maxMessageBytes(),
            Limits.DEFAULT.outboundQueueBytes(),
            Duration.ofMinutes(1),
            Duration.ofMinutes(1),
            Duration.ofMinutes(1),
            Duration.ofMinutes(1));

    private final List<Client> clients = new ArrayList<>();
    private final InMemoryBroker memory = new InMemoryBroker(Retention.DEFAULT);
    private final ScriptedBroker scripted = new ScriptedBroker();

    @AfterEach
    void close() {
        clients.forEach(Client::end);
        memory.close();
    }

    @Test
    void givesNothingThatWasDeletedToWhoComesBack() throws Exception {
        Channels channels = channels(memory);
        Client member = new Client(channels);
        member.join(Optional.empty());
        publish("ada", 1);
        publish("eve", 2);
        Position start = memory.historyAfter(LOBBY, 0, 1).position().at(0);

        memory.deleteFrom("eve");

        Client back = new Client(channels);
        back.join(Optional.of(start));
        publish("bob", 1);
        assertThat(back.told()).containsExactly("ada 1", "lost 3", "operator 4", "operator 5", "bob 6");
        assertThat(member.told()).containsExactly("ada 1", "eve 2", "eve 3", "operator 4", "operator 5", "bob 6");
    }

    @Test
    void givesWhatFollowsOnWhatWasDeleted() throws Exception {
        Channels channels = channels(memory);
        new Client(channels).join(Optional.empty());
        publish("ada", 1);
        publish("eve", 1);
        publish("bob", 1);
        publish("eve", 1);
        Position start = memory.historyAfter(LOBBY, 0, 1).position().at(0);

        memory.deleteFrom("eve");

        Client back = new Client(channels);
        back.join(Optional.of(start));
        assertThat(back.told()).containsExactly("ada 1", "lost 2", "bob 3", "lost 4", "operator 5", "operator 6");
    }

    @Test
    void givesNothingThatWasDeletedBeforeItWasDelivered() throws Exception {
        scripted.start = at("E1", 1);
        Channels channels = channels(scripted);
        Client back = new Client(channels);
        scripted.pages = after -> page(at("E1", 4), after == 0 ? List.of(message(at("E1", 1))) : List.of());

        back.join(Optional.of(at("E1", 0)));
        scripted.deliver("E1", 2, 5); // 2 to 4 were on their way to this server, and deleted meanwhile

        assertThat(back.told()).containsExactly("E1/1", "lost E1/4", "E1/5");
    }

    @Test
    void bridgesFromTheEndOfTheHistoryToThePresent() throws Exception {
        scripted.start = at("E1", 0);
        Channels channels = channels(scripted);
        Client member = new Client(channels);
        member.join(Optional.empty());
        scripted.deliver("E1", 1, 2);
        scripted.pages = after -> {
            scripted.deliver("E1", 3, 5); // published when the page had been read
            return page(at("E1", 2), messages("E1", after + 1, 2));
        };

        Client back = new Client(channels);
        back.join(Optional.of(at("E1", 0)));
        scripted.deliver("E1", 6, 6);

        assertThat(back.told()).containsExactly("E1/1", "E1/2", "E1/3", "E1/4", "E1/5", "E1/6");
    }

    @Test
    void sendsNoRecentMessageThatHasBeenDeleted() throws Exception {
        scripted.start = at("E1", 0);
        Channels channels = channels(scripted);
        new Client(channels).join(Optional.empty());
        scripted.deliver("E1", 1, 2);
        scripted.pages = after -> {
            scripted.pages = later -> page(at("E1", 4), List.of(deleted(at("E1", 3)), deletion(at("E1", 4), 3)));
            scripted.deliver("E1", 3, 3); // published when the page had been read, and deleted
            scripted.listener.message(deletion(at("E1", 4), 3));
            return page(at("E1", 2), messages("E1", after + 1, 2));
        };

        Client back = new Client(channels);
        back.join(Optional.of(at("E1", 0)));

        assertThat(back.told()).containsExactly("E1/1", "E1/2", "deleted E1/3", "E1/4");
    }

    /** The deletion names one reaction, and blanks all that repeat it. */
    @Test
    void sendsNoRecentReactionThatRepeatsADeletedOne() throws Exception {
        scripted.start = at("E1", 0);
        Channels channels = channels(scripted);
        new Client(channels).join(Optional.empty());
        scripted.deliver("E1", 1, 1);
        scripted.listener.message(reaction(at("E1", 2), 1));
        scripted.deliver("E1", 3, 3);
        scripted.pages = after -> {
            scripted.pages = later -> page(at("E1", 5), List.of(deleted(at("E1", 4)), deletion(at("E1", 5), 2)));
            scripted.listener.message(reaction(at("E1", 4), 1)); // published when the page had been read
            scripted.listener.message(deletion(at("E1", 5), 2));
            return page(at("E1", 3), List.of(message(at("E1", 3))));
        };

        Client back = new Client(channels);
        back.join(Optional.of(at("E1", 2)));

        assertThat(back.told()).containsExactly("E1/3", "deleted E1/4", "E1/5");
    }

    @Test
    void sendsNothingThatAnOperatorHasErasedSinceItWasRead() throws Exception {
        scripted.start = at("E1", 0);
        Channels channels = channels(scripted);
        new Client(channels).join(Optional.empty());
        scripted.deliver("E1", 1, 1);
        scripted.listener.message(reaction(at("E1", 2), 1));
        scripted.pages = after -> {
            scripted.pages = later -> page(at("E1", 3), later > 0 ? List.of() : List.of(message(at("E1", 1))));
            scripted.listener.message(reaction(at("E1", 3), 1));
            scripted.listener.erased();
            return page(at("E1", 2), List.of(message(at("E1", 1)), reaction(at("E1", 2), 1)));
        };

        Client back = new Client(channels);
        back.join(Optional.of(at("E1", 0)));

        assertThat(back.told()).containsExactly("E1/1", "lost E1/3");
    }

    @Test
    void repliesWithNoReactionThatWasDeletedSinceTheMessageWasRead() throws Exception {
        scripted.start = at("E1", 0);
        Channels channels = channels(scripted);
        new Client(channels).join(Optional.empty());
        scripted.deliver("E1", 1, 2);
        FoldedMessage plain = new FoldedMessage(message(at("E1", 1)));
        FoldedMessage reacted = new FoldedMessage(
                message(at("E1", 1)), Optional.empty(), List.of(new FoldedMessage.Reaction("+", 1, List.of("bob"))), 0);
        try (HistoryReading reading = channels.read(LOBBY)) {
            scripted.listener.message(deletion(at("E1", 3), 2));
            assertThat(reading.unlessDeleted(List.of(plain), () -> true)).isTrue();
            assertThat(reading.unlessDeleted(List.of(reacted), () -> true)).isFalse();
            reading.begin();
            assertThat(reading.unlessDeleted(List.of(reacted), () -> true)).isTrue();
            scripted.listener.erased();
            assertThat(reading.unlessDeleted(List.of(plain), () -> true)).isFalse();
        }
    }

    @Test
    void sendsNothingOfAPageThatHasBeenDeletedSinceItWasRead() throws Exception {
        scripted.start = at("E1", 0);
        Channels channels = channels(scripted);
        new Client(channels).join(Optional.empty());
        scripted.deliver("E1", 1, 3);
        scripted.pages = after -> page(at("E1", 3), messages("E1", after + 1, 3));
        AtomicInteger asked = new AtomicInteger();

        Client back = new Client(channels);
        back.join(Optional.of(at("E1", 0)), () -> {
            if (asked.incrementAndGet() == 2) { // before the second message
                scripted.pages = after -> page(
                        at("E1", 4),
                        List.of(deleted(at("E1", 2)), message(at("E1", 3)), deletion(at("E1", 4), 2))
                                .subList((int) after - 1, 3));
                scripted.listener.message(deletion(at("E1", 4), 2));
            }
            return true;
        });

        assertThat(back.told()).containsExactly("E1/1", "deleted E1/2", "E1/3", "E1/4");
    }

    @Test
    void sendsNothingThatIsDeletedWhileItWaitsForItsTurn() throws Exception {
        scripted.start = at("E1", 0);
        Channels channels = channels(scripted);
        new Client(channels).join(Optional.empty());
        scripted.deliver("E1", 1, 3);
        scripted.pages = after -> page(at("E1", 3), messages("E1", after + 1, 3));
        Client back = new Client(channels);
        back.encoding = text -> {
            if (text.equals("E1/2")) {
                scripted.pages = after -> page(
                        at("E1", 4),
                        List.of(deleted(at("E1", 2)), message(at("E1", 3)), deletion(at("E1", 4), 2))
                                .subList((int) after - 1, 3));
                scripted.listener.message(deletion(at("E1", 4), 2));
            }
        };

        back.join(Optional.of(at("E1", 0)));

        assertThat(back.told()).containsExactly("E1/1", "deleted E1/2", "E1/3", "E1/4");
    }

    @Test
    void countsWhatArrivesBeforeASessionHasJoinedAsUnread() throws Exception {
        scripted.start = at("E1", 4);
        scripted.marks = end -> {
            assertThat(end)
                    .as("the rest comes live, and is counted by the client")
                    .isEqualTo(4);
            scripted.deliver("E1", 5, 6);
            return ReadMark.of(1, 3, false);
        };
        Client client = new Client(channels(scripted));

        client.joinCounting(Optional.empty());
        scripted.deliver("E1", 7, 7);

        assertThat(client.begun).isEqualTo(at("E1", 6));
        assertThat(client.read).isEqualTo(ReadMark.of(1, 5, false));
        assertThat(client.told()).containsExactly("E1/7");
    }

    @Test
    void countsNoOwnMessagesThatArriveBeforeASessionHasJoined() throws Exception {
        scripted.start = at("E1", 4);
        Client client = new Client(channels(scripted));
        scripted.marks = end -> {
            Sender own = client.session.sender();
            scripted.listener.message(
                    new Message(LOBBY, at("E1", 5), own.name(), own.guest(), 0, new Content.Text("hi")));
            return ReadMark.of(1, 3, false);
        };

        client.joinCounting(Optional.empty());

        assertThat(client.begun).isEqualTo(at("E1", 5));
        assertThat(client.read).isEqualTo(ReadMark.of(1, 3, false));
    }

    @Test
    void countsAgainIfAMessageIsDeletedOrReadMeanwhile() throws Exception {
        scripted.start = at("E1", 4);
        Client client = new Client(channels(scripted));
        Broker.Reader reader = new Broker.Reader("another", client.session.sender(), false);
        scripted.marks = first -> {
            scripted.marks = second -> {
                scripted.marks = third -> ReadMark.of(2, 1, false);
                scripted.listener.read(reader, ReadMark.of(2, 1, false));
                return ReadMark.of(1, 2, false);
            };
            scripted.listener.message(deletion(at("E1", 5), 3));
            return ReadMark.of(1, 3, false);
        };

        client.joinCounting(Optional.empty());

        assertThat(client.begun).isEqualTo(at("E1", 5));
        assertThat(client.read).isEqualTo(ReadMark.of(2, 1, false));
    }

    @Test
    void countsUpToTheEndOfARecoveryAsUnread() throws Exception {
        scripted.start = at("E1", 10);
        Channels channels = channels(scripted);
        scripted.pages = after -> page(at("E1", 12), messages("E1", after + 1, 12));
        scripted.marks = end -> ReadMark.of(8, (int) end - 8, false);

        Client back = new Client(channels);
        back.joinCounting(Optional.of(at("E1", 9)));
        Client current = new Client(channels);
        current.joinCounting(Optional.of(at("E1", 10)));

        assertThat(back.begun).isEqualTo(at("E1", 12));
        assertThat(back.read).isEqualTo(ReadMark.of(8, 4, false));
        assertThat(back.told()).containsExactly("E1/10", "E1/11", "E1/12");
        assertThat(current.begun).isEqualTo(at("E1", 10));
        assertThat(current.read).isEqualTo(ReadMark.of(8, 2, false));
    }

    @Test
    void readsOnWhereTheHistoryGrowsFasterThanItKeeps() throws Exception {
        Channels channels = channels(memory);
        new Client(channels).join(Optional.empty());
        publish("ada", 250);
        Position start = memory.historyAfter(LOBBY, 0, 1).position().at(0);

        Client back = new Client(channels);
        back.join(Optional.of(start));
        publish("ada", 1);

        assertThat(back.told())
                .containsExactlyElementsOf(LongStream.rangeClosed(1, 251)
                        .mapToObj(offset -> "ada " + offset)
                        .toList());
    }

    @Test
    void bridgesNothingAcrossEpochs() throws Exception {
        scripted.start = at("E1", 0);
        Channels channels = channels(scripted);
        new Client(channels).join(Optional.empty());
        scripted.deliver("E1", 1, 3);
        scripted.listener.message(message(at("E2", 4))); // no broker should, without saying what was lost
        scripted.deliver("E2", 5, 5);

        Client back = new Client(channels);
        scripted.pages = after -> page(at("E2", after == 0 ? 2 : 5), messages("E2", after + 1, after == 0 ? 2 : 5));
        back.join(Optional.of(at("E2", 0)));

        assertThat(back.told()).containsExactly("E2/1", "E2/2", "E2/3", "E2/4", "E2/5");
    }

    /** The channel is in E1, at 10, and the member has read the history up to E2/20. */
    private Client aheadOfItsChannel() throws Exception {
        scripted.start = at("E1", 10);
        Channels channels = channels(scripted);
        scripted.pages = after -> page(at("E2", 20), List.of());
        Client ahead = new Client(channels);
        ahead.join(Optional.of(at("E2", 20)));
        return ahead;
    }

    @Test
    void tellsAMemberNothingOfAnEpochThatItHasLeft() throws Exception {
        Client ahead = aheadOfItsChannel();

        scripted.deliver("E1", 11, 12);
        scripted.listener.lost(at("E1", 15));
        scripted.deliver("E1", 16, 16);
        scripted.listener.lost(at("E2", 15));
        scripted.deliver("E2", 16, 22);

        assertThat(ahead.told()).containsExactly("E2/21", "E2/22");
    }

    @Test
    void tellsAMemberWhatIsLostBehindWhatItKnows() throws Exception {
        Client ahead = aheadOfItsChannel();

        scripted.deliver("E1", 11, 11);
        scripted.listener.lost(at("E2", 30));
        scripted.deliver("E2", 31, 31);

        assertThat(ahead.told()).containsExactly("lost E2/30", "E2/31");
    }

    @Test
    void tellsAMemberOfAnEpochThatNeitherKnew() throws Exception {
        Client ahead = aheadOfItsChannel();

        scripted.deliver("E1", 11, 11);
        scripted.listener.lost(at("E3", 12));
        scripted.deliver("E3", 13, 13);

        assertThat(ahead.told()).containsExactly("lost E3/12", "E3/13");
    }

    @Test
    void keepsToTheChannelOnceThatIsAhead() throws Exception {
        Client ahead = aheadOfItsChannel();

        scripted.listener.lost(at("E3", 12));
        scripted.listener.lost(at("E2", 15)); // as when Redis is put back to what it was
        scripted.deliver("E2", 16, 16);
        scripted.listener.lost(at("E1", 5));
        scripted.deliver("E1", 6, 6);

        assertThat(ahead.told()).containsExactly("lost E3/12", "lost E2/15", "E2/16", "lost E1/5", "E1/6");
    }

    @Test
    void endsAMemberWhoseEpochTheChannelNeverLearns() throws Exception {
        scripted.start = at("E1", 10);
        Channel channel = new Channel(
                LOBBY,
                scripted,
                ChannelObserver.NONE,
                new MessageSizes(65_536, Map.of()),
                new Counters(),
                MemoryBudget.ofBytes(1 << 30),
                new CurrentOptions(),
                Duration.ZERO);
        channel.open();
        Client ahead = new Client(channels(scripted));
        channel.joinAt(ahead.session, Command.Interest.MESSAGES, Optional.empty(), at("E2", 20), at("E1", 10));

        scripted.deliver("E1", 11, 11);

        assertThat(ahead.connection.closeCode(Duration.ofSeconds(30))).hasValue(CloseCode.TRY_LATER.code());
    }

    @Test
    void tellsAMemberOfTheSameEpochFromWhereItHasRead() throws Exception {
        scripted.start = at("E1", 10);
        Channels channels = channels(scripted);
        scripted.pages = after -> page(at("E1", 20), List.of());
        Client ahead = new Client(channels);
        ahead.join(Optional.of(at("E1", 20)));

        scripted.deliver("E1", 11, 13);
        scripted.listener.lost(at("E1", 17));
        scripted.deliver("E1", 18, 22);

        assertThat(ahead.told()).containsExactly("E1/21", "E1/22");
    }

    @Test
    void tellsADescriptionThatChangesDuringARecovery() throws Exception {
        scripted.start = at("E1", 10);
        Channels channels = channels(scripted);
        scripted.pages = after -> {
            scripted.listener.described(
                    new ChannelInfo(Optional.of(new Content.Json("{\"n\":1}")), Sender.of("ada"), 1));
            return page(at("E1", 10), messages("E1", after + 1, 10));
        };
        Client client = new Client(channels);

        client.join(Optional.of(at("E1", 8)));

        assertThat(client.told()).containsExactly("E1/9", "E1/10", "{\"n\":1}");
        Client next = new Client(channels);
        next.join(Optional.of(at("E1", 9)));
        assertThat(next.told()).as("it has begun with the description").containsExactly("E1/10");
    }

    @Test
    void whoLeavesTwiceTakesNobodyElsesPlace() throws Exception {
        Channels channels = channels(memory);
        List<Client> all = List.of(new Client(channels), new Client(channels), new Client(channels));
        for (Client one : all) {
            one.join(Optional.empty());
        }
        Client leaving = all.get(0);

        channels.leave(leaving.session, leaving.member);
        channels.leave(leaving.session, leaving.member);
        channels.leave(leaving.session, leaving.member);
        publish("ada", 1);

        assertThat(leaving.told()).isEmpty();
        assertThat(all.get(1).told()).containsExactly("ada 1");
        assertThat(all.get(2).told()).containsExactly("ada 1");
        Map<String, Integer> occupied = new HashMap<>();
        channels.forEachOccupied(occupied::put);
        assertThat(occupied).containsEntry(LOBBY, 2);
        assertThat(memory.members(LOBBY)).hasSize(2);
    }

    @Test
    void whoLeavesTwiceDoesNotCloseTheChannelOfWhoCameNext() throws Exception {
        Channels channels = channels(memory);
        Client leaving = new Client(channels);
        leaving.join(Optional.empty());
        channels.leave(leaving.session, leaving.member);
        Client next = new Client(channels);
        next.join(Optional.empty());

        channels.leave(leaving.session, leaving.member);
        publish("ada", 1);

        assertThat(next.told()).containsExactly("ada 1");
        assertThat(channels.size()).isOne();
        assertThat(memory.members(LOBBY)).hasSize(1);
    }

    @Test
    void directMessagesToOthersAreNotExpectedBack() throws Exception {
        Client client = new Client(channels(memory));
        memory.join("@bob", "bob");

        for (int i = 0; i < 300; i++) {
            client.connection.send(Payload.of("hi"), Duration.ofSeconds(30));
            assertThat(client.next()).isEqualTo("published");
        }
    }

    private static Channels channels(Broker broker) {
        return new Channels(
                broker,
                Observer.NONE,
                new MessageSizes(65_536, Map.of()),
                new Counters(),
                1_000,
                MemoryBudget.ofBytes(1 << 30),
                new CurrentOptions());
    }

    private void publish(String sender, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            memory.publish(LOBBY, sender, new Content.Text("hi"), "");
        }
    }

    /** A session and its client, which is told pushes as {@code ada 1} in memory, and {@code E1/1} where nobody speaks. */
    private final class Client {
        private static final String END = "end";

        private final Channels channels;
        private final InMemoryConnection connection = new InMemoryConnection(LIMITS.messageBytes());
        private final Session session;
        private final Thread thread;
        private Channel.Membership member;
        private Position begun;
        private ReadMark read;
        private volatile Consumer<String> encoding = text -> {}; // of a push

        private Client(Channels channels) {
            this.channels = channels;
            ConnectionContext connections = new ConnectionContext(LIMITS, MemoryBudget.ofBytes(1 << 20), List.of());
            ServedConnection served = new ServedConnection(connection, connections);
            Logins logins = new Logins(
                    Optional.empty(),
                    Optional.empty(),
                    true,
                    ReservedNames.DEFAULT,
                    Duration.ofMinutes(1),
                    new ControlChannel(memory, order -> {}));
            session = new Session(
                    served,
                    new Plain(text -> encoding.accept(text)),
                    Map.of(),
                    Optional.empty(),
                    new SessionContext(
                            "server/1",
                            connections,
                            new SessionLimits(10, 1_000, 1_000),
                            channels,
                            logins,
                            SourcesTest.unbounded(),
                            Optional.empty(),
                            Observer.NONE,
                            Methods.NONE));
            thread = Thread.ofVirtual().start(served.serve(session)::run);
            clients.add(this);
        }

        private void join(Optional<Position> since) throws Exception {
            join(since, () -> true);
        }

        private void join(Optional<Position> since, BooleanSupplier mayRead) throws Exception {
            eventually(() -> assertThat(session.allowance().source())
                    .as("the session has begun")
                    .isNotNull());
            session.allowance().takeSubscription();
            member = channels.join(
                    session, LOBBY, since, Command.Interest.MESSAGES, (recovery, info, read) -> {}, mayRead);
        }

        /** Joins, and asks how much is unread. */
        private void joinCounting(Optional<Position> since) throws Exception {
            eventually(() -> assertThat(session.allowance().source())
                    .as("the session has begun")
                    .isNotNull());
            session.allowance().takeSubscription();
            Channels.Beginning beginning = new Channels.Beginning() {
                @Override
                public void begin(Event.Recovery recovery, Optional<ChannelInfo> info, Optional<ReadMark> mark) {
                    begun = recovery.position();
                    read = mark.orElseThrow();
                }

                @Override
                public ReadMark readMark(long end) throws UnavailableException {
                    return channels.broker().readMark(LOBBY, session.sender(), end);
                }
            };
            member = channels.join(
                    session, LOBBY, since, new Command.Interest(false, true, false), beginning, () -> true);
        }

        /** All that it has been told by now. */
        private List<String> told() {
            session.send(new Event.Left(LOBBY, END));
            List<String> told = new ArrayList<>();
            for (String next = next(); !next.equals(END); next = next()) {
                told.add(next);
            }
            return told;
        }

        private String next() {
            return connection.receive(Duration.ofSeconds(30)).orElseThrow().asString();
        }

        private void end() {
            session.served().end(CloseCode.NORMAL, true);
            connection.hangUp();
            eventually(() -> assertThat(thread.isAlive()).isFalse());
        }
    }

    private static final class Plain implements Protocol {
        private final Consumer<String> encoding;

        private Plain(Consumer<String> encoding) {
            this.encoding = encoding;
        }

        @Override
        public String name() {
            return "plain";
        }

        @Override
        public Object format() {
            return Plain.class;
        }

        @Override
        public boolean echoes() {
            return false;
        }

        /** Whatever is said is said to bob, by ada. */
        @Override
        public Request decode(Payload message) {
            Content content = new Content.Text(message.asString());
            return new Request("", Optional.of("ada"), new Command.Direct("bob", content, ""));
        }

        @Override
        public Optional<Payload> encode(Request request, Event.Reply reply) {
            return Optional.of(Payload.of(reply instanceof Event.Published ? "published" : reply.toString()));
        }

        @Override
        public Optional<Payload> encode(Event.Push push) {
            if (push instanceof Event.Received received) {
                encoding.accept(text(received.message()));
            }
            return switch (push) {
                case Event.Received received -> Optional.of(Payload.of(text(received.message())));
                case Event.Lost lost -> Optional.of(Payload.of("lost " + text(lost.position())));
                case Event.Left left -> Optional.of(Payload.of(left.client()));
                case Event.Removed removed -> Optional.empty();
                case Event.Described described ->
                    Optional.of(Payload.of(described.info().json().orElseThrow().asText()));
                default -> Optional.empty();
            };
        }

        private static String text(Message message) {
            String deleted = message.isDeleted() ? "deleted " : "";
            return deleted + text(message.sender(), message.position());
        }

        private static String text(String sender, Position position) {
            return sender.isEmpty() ? text(position) : sender + " " + position.offset();
        }

        private static String text(Position position) {
            return position.epoch().startsWith("E")
                    ? position.epoch() + "/" + position.offset()
                    : Long.toString(position.offset());
        }
    }
}
