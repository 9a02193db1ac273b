package io.seleucia.chat.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Eventually;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.ReferenceException;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Reference.Kind;
import io.seleucia.chat.message.Sender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two brokers publish at random in one channel. Messages as they are now must be what a client makes of the messages that it
 * was delivered, and of those that it read in the history, from any position on.
 */
class RedisFoldsModelTest {
    private static final String CHANNEL = "lobby";
    private static final int ROUNDS = 6;
    private static final int STEPS = 60;
    private static final List<Sender> SENDERS =
            List.of(Sender.of("ada"), Sender.of("bob"), new Sender("ada", true), Sender.of("cyd"));
    private static final List<String> TEXTS = List.of("👍", "+", "\"\t\\");

    /** What a client makes of messages, one by one in their order. */
    private static final class Client {
        private final Map<Long, Message> messages = new TreeMap<>();
        private final Map<Long, List<Message>> edits = new TreeMap<>();
        private final Map<Long, Map<String, LinkedHashSet<String>>> reactions = new TreeMap<>();
        private final Map<Long, Message> reacting = new TreeMap<>(); // the messages that are reactions

        void receive(Message message) {
            Optional<Reference> ref = message.attributes().ref();
            Kind kind = ref.map(Reference::kind).orElse(Kind.REPLY);
            if (kind == Kind.REPLY) {
                messages.put(message.position().offset(), message);
                return;
            }
            long target = ref.orElseThrow().offset();
            switch (kind) {
                case EDIT -> {
                    if (!message.isDeleted()) {
                        edits.computeIfAbsent(target, it -> new ArrayList<>()).add(message);
                    }
                }
                case DELETE -> {
                    Attributes.Deleted deleted = new Attributes.Deleted(message.sender(), message.time());
                    messages.computeIfPresent(target, (offset, one) -> one.deleted(deleted));
                    edits.remove(target);
                    reactions.remove(target);
                    Optional.ofNullable(reacting.get(target)).ifPresent(this::takeBack);
                }
                case REACTION -> {
                    if (message.isDeleted()) {
                        return;
                    }
                    if (ref.orElseThrow().remove()) {
                        takeBack(message);
                    } else {
                        reacting.put(message.position().offset(), message);
                        reactions
                                .computeIfAbsent(target, it -> new LinkedHashMap<>())
                                .computeIfAbsent(message.content().asText(), it -> new LinkedHashSet<>())
                                .add(client(message));
                    }
                }
                case REPLY -> throw new AssertionError();
            }
        }

        private void takeBack(Message reaction) {
            long target = reaction.attributes().ref().orElseThrow().offset();
            reactions
                    .getOrDefault(target, new LinkedHashMap<>())
                    .computeIfPresent(reaction.content().asText(), (text, clients) -> {
                        clients.remove(client(reaction));
                        return clients.isEmpty() ? null : clients;
                    });
        }

        private static String client(Message message) {
            return new Sender(message.sender(), message.guest()).key();
        }

        /** Returns the messages after an offset as they are now. */
        List<FoldedMessage> folded(long after) {
            return messages.values().stream()
                    .filter(message -> message.position().offset() > after)
                    .map(this::folded)
                    .toList();
        }

        private FoldedMessage folded(Message message) {
            long offset = message.position().offset();
            int replies = (int) messages.values().stream()
                    .filter(other -> !other.isDeleted())
                    .filter(other -> other.attributes()
                            .ref()
                            .filter(ref -> ref.offset() == offset)
                            .isPresent())
                    .count();
            if (message.isDeleted()) {
                return new FoldedMessage(message, Optional.empty(), List.of(), replies);
            }
            Optional<Message> edit = Optional.ofNullable(edits.get(offset)).map(List::getLast);
            List<FoldedMessage.Reaction> shown = new ArrayList<>();
            reactions
                    .getOrDefault(offset, Map.of())
                    .forEach((text, clients) -> shown.add(new FoldedMessage.Reaction(
                            text,
                            clients.size(),
                            clients.stream()
                                    .map(key -> Sender.ofKey(key).name())
                                    .toList())));
            return new FoldedMessage(
                    edit.map(one -> message.withContent(one.content())).orElse(message),
                    edit.map(one -> new FoldedMessage.Edit(one.position().offset(), one.time())),
                    shown,
                    replies);
        }
    }

    /** @param window of the history: all messages, or so few that they leave all the while */
    @ParameterizedTest
    @ValueSource(ints = {10_000, 40})
    void messagesAreWhatAClientMakesOfThem(int window) throws Exception {
        try (RedisProcess redis = RedisProcess.begin();
                RedisBroker one = open(redis, window);
                RedisBroker other = open(redis, window)) {
            long seed = System.nanoTime();
            Random random = new Random(seed);
            List<Message> live = new ArrayList<>();
            one.subscribe(CHANNEL, new Broker.Listener() {
                @Override
                public void message(Message message) {
                    synchronized (live) {
                        live.add(message);
                    }
                }

                @Override
                public void lost(Position position) {
                    throw new AssertionError("nothing is lost here");
                }
            });
            for (int round = 0; round < ROUNDS; round++) {
                publishAtRandom(List.of(one, other), random);
                long newest = one.historyBefore(CHANNEL, 0, 0).position().offset();
                Eventually.eventually(() -> {
                    synchronized (live) {
                        assertThat(live).hasSize((int) newest);
                    }
                });

                Client delivered = new Client();
                synchronized (live) {
                    live.forEach(delivered::receive);
                }
                Client reading = new Client();
                long left = Math.max(0, newest - window); // the offset of the last message that is no longer there
                other.historyAfter(CHANNEL, 0, 10_000).messages().forEach(reading::receive);

                for (Broker broker : List.of(one, other)) {
                    long after = random.nextLong(newest);
                    Client resuming = new Client();
                    broker.historyAfter(CHANNEL, after, 10_000).messages().forEach(resuming::receive);

                    assertSame(seed, folded(broker, true, 0), delivered.folded(left));
                    assertSame(seed, folded(broker, true, 0), reading.folded(0));
                    assertSame(seed, folded(broker, true, after), resuming.folded(after));
                    assertSame(
                            seed,
                            folded(broker, false, after + 1),
                            delivered.folded(left).stream()
                                    .filter(each -> each.message().position().offset() <= after)
                                    .toList());
                }
            }
        }
    }

    /** Reads all pages from an offset on. */
    private static List<FoldedMessage> folded(Broker broker, boolean forward, long from) throws Exception {
        List<FoldedMessage> all = new ArrayList<>();
        long offset = from;
        List<FoldedMessage> page =
                broker.folded(CHANNEL, forward, offset, 10_000).messages();
        while (!page.isEmpty()) {
            all.addAll(forward ? all.size() : 0, page);
            offset = (forward ? page.getLast() : page.getFirst())
                    .message()
                    .position()
                    .offset();
            page = broker.folded(CHANNEL, forward, offset, 1 + all.size() % 50).messages();
        }
        return all;
    }

    private static void assertSame(long seed, List<FoldedMessage> actual, List<FoldedMessage> expected) {
        for (int i = 0; i < Math.min(actual.size(), expected.size()); i++) {
            assertThat(actual.get(i)).as("seed %d", seed).isEqualTo(expected.get(i));
        }
        assertThat(actual).as("seed %d", seed).hasSameSizeAs(expected);
    }

    private static void publishAtRandom(List<RedisBroker> brokers, Random random) throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = new ArrayList<>();
            for (RedisBroker broker : brokers) {
                long seed = random.nextLong();
                running.add(threads.submit(() -> {
                    publishAtRandom(broker, new Random(seed));
                    return null;
                }));
            }
            for (Future<?> one : running) {
                one.get();
            }
        }
    }

    private static void publishAtRandom(RedisBroker broker, Random random) throws Exception {
        long newest = broker.historyBefore(CHANNEL, 0, 0).position().offset();
        for (int i = 0; i < STEPS; i++) {
            Sender sender = SENDERS.get(random.nextInt(SENDERS.size()));
            try {
                newest = broker.publish(CHANNEL, sender, draft(newest, random))
                        .position()
                        .offset();
            } catch (ReferenceException e) {
                assertThat(e.reason()).isNotEqualTo(ReferenceException.Reason.TOO_MANY);
            }
        }
    }

    private static Draft draft(long newest, Random random) {
        if (newest == 0 || random.nextInt(3) == 0) {
            return new Draft(new Content.Text("m" + random.nextInt(1_000)), "");
        }
        Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
        if (kind == Kind.DELETE && random.nextInt(3) > 0) {
            kind = Kind.REACTION;
        }
        long offset = Math.max(1, newest - random.nextInt(30)) + random.nextInt(2);
        Content content = kind == Kind.DELETE
                ? Content.NONE
                : new Content.Text(kind == Kind.REACTION ? TEXTS.get(random.nextInt(TEXTS.size())) : "e" + newest);
        boolean remove = kind == Kind.REACTION && random.nextInt(3) == 0;
        Attributes attributes = Attributes.NONE.withRef(new Reference(offset, kind, remove));
        return new Draft(content, attributes, "", random.nextBoolean());
    }

    private static RedisBroker open(RedisProcess redis, int window) throws Exception {
        Retention retention = Retention.DEFAULT.withMessages(window);
        RedisBroker broker = new RedisBroker(redis.uri(), RedisBroker.DEFAULT_PREFIX, retention);
        assertThat(broker.awaitReachable(Duration.ofSeconds(30))).isTrue();
        Position target = Eventually.eventuallyGet(() -> broker.publish("settled", "ada", new Content.Text("hi"), ""))
                .position();
        Attributes reply = Attributes.NONE.withRef(new Reference(target.offset(), Kind.REPLY));
        Eventually.eventuallyGet(
                () -> broker.publish("settled", Sender.of("ada"), new Draft(new Content.Text("hi"), reply, "", false)));
        return broker;
    }
}
