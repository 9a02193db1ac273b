package io.seleucia.chat.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Limits;
import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.channel.Broadcast;
import io.seleucia.chat.channel.Channels;
import io.seleucia.chat.channel.MessageSizes;
import io.seleucia.chat.concurrent.Gate;
import io.seleucia.chat.connection.ConnectionContext;
import io.seleucia.chat.connection.ConnectionHandler;
import io.seleucia.chat.connection.ConnectionLimits;
import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.message.ReservedNames;
import io.seleucia.chat.message.Sender;
import io.seleucia.chat.metrics.Counters;
import io.seleucia.chat.options.CurrentOptions;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.transport.InMemoryConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/** Clients whose requests are carried out without a protocol: commands go in, and replies come out. */
@Timeout(60)
abstract class CommandHandlerFixture {
    static final String LOBBY = "lobby";
    static final int MESSAGE_BYTES = 1_000;
    static final Content HI = new Content.Text("hi");

    InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
    final MemoryBudget memory = MemoryBudget.ofBytes(1 << 20);
    final List<Client> clients = new ArrayList<>();
    boolean guests = true;
    Optional<Authorizer> rules = Optional.empty();
    Sources sources = SourcesTest.unbounded();
    Observer observer = Observer.NONE;
    Channels channels; // created with the first client

    @AfterEach
    void close() {
        clients.forEach(Client::end);
        broker.close();
    }

    static Command subscribe(String channel) {
        return new Command.Subscribe(channel, Optional.empty(), false);
    }

    static void assertFailed(Event.Reply reply, ErrorCode code) {
        assertThat(reply)
                .isInstanceOfSatisfying(
                        Event.Failed.class, failed -> assertThat(failed.code()).isEqualTo(code));
    }

    static List<Long> offsets(Event.Reply reply) {
        return ((Event.Page) reply)
                .messages().stream().map(message -> message.position().offset()).toList();
    }

    Client ada() throws InterruptedException {
        return client("ada");
    }

    Client client(String name) throws InterruptedException {
        Client client = new Client(name);
        clients.add(client);
        return client;
    }

    private Channels channels() {
        if (channels == null) {
            channels = new Channels(
                    broker,
                    observer,
                    new MessageSizes(MESSAGE_BYTES, Map.of()),
                    new Counters(),
                    1_000,
                    memory,
                    new CurrentOptions());
        }
        return channels;
    }

    interface Step {
        void run() throws Exception;
    }

    /** A client whose requests are carried out by the thread of the test. */
    final class Client implements LocalSession, ConnectionHandler, Protocol {
        private static final ConnectionLimits LIMITS = new ConnectionLimits(
                MESSAGE_BYTES,
                Limits.DEFAULT.outboundQueueBytes(),
                Duration.ofMinutes(1),
                Duration.ofMinutes(1),
                Duration.ofMinutes(1),
                Duration.ofMinutes(1));

        final String name;
        final InMemoryConnection connection = new InMemoryConnection(MESSAGE_BYTES);
        private final ServedConnection served;
        private final Replies replies;
        private final Allowance allowance;
        private final ClientIdentity identity;
        final Subscriptions subscriptions;
        private final CommandHandler commands;
        private final List<Event.Reply> answers = new ArrayList<>();
        final List<Event.Push> pushes = new ArrayList<>();
        private final CountDownLatch begun = new CountDownLatch(1);
        Step whileEncoding; // runs while the next reply is encoded, which is then sent
        boolean encodesAgain; // whether it runs with each reply
        private boolean sending; // whether the reply after that one is sent too

        private Client(String name) throws InterruptedException {
            this.name = name;
            ConnectionContext connections = new ConnectionContext(LIMITS, memory, List.of());
            Logins logins = new Logins(
                    Optional.empty(),
                    rules,
                    guests,
                    ReservedNames.DEFAULT,
                    Duration.ofMinutes(1),
                    new ControlChannel(broker, command -> {}));
            SessionContext context = new SessionContext(
                    "server/1",
                    connections,
                    new SessionLimits(2, 1_000, 1_000),
                    channels(),
                    logins,
                    sources,
                    Optional.empty(),
                    observer,
                    Methods.NONE);
            served = new ServedConnection(connection, connections);
            replies = new Replies(served, this, why -> new Event.Failed(ErrorCode.UNAVAILABLE, why.getMessage()));
            allowance = new Allowance(served, replies, sources, context.limits());
            identity = new ClientIdentity(this, context, Optional.empty());
            Permissions permissions = new Permissions(identity, new ChannelRights(logins, channels()), replies);
            subscriptions = new Subscriptions(this, permissions, context.channels());
            commands = new CommandHandler(this, identity, permissions, subscriptions, context, Optional.empty());
            Thread.ofVirtual().start(served.serve(this)::run);
            begun.await();
            allowance.enter(Optional.empty());
        }

        Event.Reply ask(Command command) throws UnavailableException {
            return ask(new Request("", Optional.of(name), command));
        }

        Event.Reply ask(Request request) throws UnavailableException {
            List<Event.Reply> all = replies(request);
            assertThat(all).hasSize(1);
            return all.getFirst();
        }

        List<Event.Reply> replies(Command command) throws UnavailableException {
            return replies(new Request("", Optional.of(name), command));
        }

        List<Event.Reply> replies(Request request) throws UnavailableException {
            answers.clear();
            replies.begin();
            commands.apply(request);
            return List.copyOf(answers);
        }

        /** Returns the next reply that was sent. */
        String sent() throws Exception {
            return connection.receive(Duration.ofSeconds(30)).orElseThrow().asString();
        }

        private void end() {
            served.end(CloseCode.NORMAL, true);
            connection.hangUp();
        }

        @Override
        public boolean countsAsMember() {
            return true;
        }

        @Override
        public void began() {
            begun.countDown();
        }

        @Override
        public void received(Payload message) {}

        @Override
        public void ended() {}

        @Override
        public String name() {
            return "none";
        }

        @Override
        public Request decode(Payload message) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Optional<Payload> encode(Request request, Event.Reply reply) {
            answers.add(reply);
            Step step = whileEncoding;
            if (step == null) {
                return encodesNext(reply);
            }
            whileEncoding = encodesAgain ? step : null;
            sending = true;
            try {
                step.run();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            return Optional.of(Payload.of(reply.toString()));
        }

        private Optional<Payload> encodesNext(Event.Reply reply) {
            boolean sent = sending;
            sending = false;
            return sent ? Optional.of(Payload.of(reply.toString())) : Optional.empty();
        }

        @Override
        public Optional<Payload> encode(Event.Push push) {
            return Optional.empty();
        }

        @Override
        public Replies replies() {
            return replies;
        }

        @Override
        public Allowance allowance() {
            return allowance;
        }

        @Override
        public void review() {}

        @Override
        public ServedConnection served() {
            return served;
        }

        @Override
        public String client() {
            return identity.name();
        }

        @Override
        public String protocol() {
            return name();
        }

        @Override
        public String address() {
            return connection.peer();
        }

        @Override
        public long since() {
            return 0;
        }

        @Override
        public List<String> subscribed() {
            return subscriptions.names();
        }

        @Override
        public boolean isSubscribed(String channel) {
            return subscriptions.contains(channel);
        }

        @Override
        public Sender sender() {
            return identity.sender();
        }

        @Override
        public String id() {
            return identity.id();
        }

        @Override
        public boolean isCalled(String called) {
            return identity.isCalled(called);
        }

        @Override
        public void send(Broadcast broadcast) {
            pushes.add(broadcast.push());
        }

        @Override
        public void sendIfIdle(Broadcast broadcast) {
            send(broadcast);
        }

        @Override
        public boolean replay(int length, Supplier<Event.Push> push, Gate gate) {
            Event.Push made = push.get();
            return gate.pass(() -> pushes.add(made));
        }

        @Override
        public void end(CloseCode code) {
            served.end(code, true);
        }

        @Override
        public void left(String channel) {
            allowance.giveSubscriptionBack();
        }
    }
}
