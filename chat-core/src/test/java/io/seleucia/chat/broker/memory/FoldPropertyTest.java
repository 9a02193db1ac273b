package io.seleucia.chat.broker.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.LongForm;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.ReferenceException;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Reference.Kind;
import io.seleucia.chat.message.Sender;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whoever reads the log from any position on, and applies what is in it, has what the broker shows folded; and so has the
 * broker itself after a restart. Messages that have left memory are shown as they were then.
 */
@Timeout(300)
class FoldPropertyTest {
    private static final int STEPS = LongForm.RUNS ? 1_500 : 500;
    private static final int WINDOW = 25;
    private static final long SMALL = 4_000;

    private final MemoryBudget memory = MemoryBudget.ofBytes(64 << 20);
    private final Map<Long, FoldedMessage> left = new TreeMap<>(); // as they were when they left memory

    @TempDir
    private Path directory;

    @Test
    void theLogFoldedIsTheFold() throws Exception {
        for (long seed = 1; seed <= 3; seed++) {
            run(new Random(seed), directory.resolve("run " + seed));
            assertThat(memory.used()).isZero();
        }
    }

    private void run(Random random, Path files) throws Exception {
        left.clear();
        InMemoryBroker broker = open(files, random);
        try {
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(40)) {
                    case 0 -> {
                        broker.close();
                        broker = open(files, random);
                    }
                    case 1 -> broker.sweepOnce();
                    default -> publish(broker, random);
                }
                if (step % 20 == 0) {
                    check(broker, random);
                }
            }
            check(broker, random);
        } finally {
            broker.close();
        }
    }

    private InMemoryBroker open(Path files, Random random) throws Exception {
        Duration erasing = random.nextBoolean() ? Duration.ofMillis(5) : Duration.ofHours(1);
        Retention retention = Retention.DEFAULT.withMessages(WINDOW);
        return InMemoryBroker.open(retention, files, Fsync.NEVER, SMALL, memory, erasing);
    }

    private void publish(InMemoryBroker broker, Random random) throws Exception {
        Sender sender = new Sender("user " + random.nextInt(3), random.nextInt(4) == 0);
        List<Message> log = log(broker, 0);
        long end = log.size();
        Kind[] kinds = Kind.values();
        Optional<Reference> reference = Optional.empty();
        if (end > 0 && random.nextInt(4) > 0) {
            Kind kind = kinds[random.nextInt(kinds.length)];
            long back = random.nextInt(10) == 0 ? random.nextLong(end) : random.nextLong(Math.min(end, WINDOW));
            reference = Optional.of(new Reference(end - back, kind, kind == Kind.REACTION && random.nextInt(3) == 0));
        }
        Content content =
                reference.map(Reference::kind).filter(Kind.DELETE::equals).isPresent()
                        ? Content.NONE
                        : new Content.Text("t" + random.nextInt(4));
        Attributes attributes = reference.map(Attributes.NONE::withRef).orElse(Attributes.NONE);
        FoldedMessage oldest = end < WINDOW ? null : current(broker, log).get(end - WINDOW + 1);
        boolean accepted = true;
        try {
            broker.publish("lobby", sender, new Draft(content, attributes, "", random.nextInt(5) == 0));
        } catch (ReferenceException e) {
            accepted = false;
        }
        if (accepted && oldest != null) {
            // What it was when it left: with this message, which had come before.
            List<Message> now = log(broker, 0);
            FoldedMessage last = fold(now).get(oldest.message().position().offset());
            left.put(oldest.message().position().offset(), last);
        }
    }

    /** Returns the messages of a log, that are no annotations, as the log leaves them. */
    private static Map<Long, FoldedMessage> fold(List<Message> log) {
        Map<Long, FoldedMessage> folded = new TreeMap<>();
        for (Message target : log) {
            if (!target.attributes().isAnnotation()) {
                folded.put(target.position().offset(), fold(target, log));
            }
        }
        return folded;
    }

    private static FoldedMessage fold(Message target, List<Message> log) {
        Message content = target;
        Optional<FoldedMessage.Edit> edited = Optional.empty();
        Map<String, List<String>> reactions = new LinkedHashMap<>();
        int replies = 0;
        for (Message later : log) {
            Reference reference = later.attributes().ref().orElse(null);
            if (reference == null || reference.offset() != target.position().offset()) {
                continue;
            }
            if (reference.kind() == Kind.REPLY && !later.isDeleted()) {
                replies++;
            } else if (reference.kind() == Kind.EDIT && !target.isDeleted()) {
                content = target.withContent(later.content());
                edited = Optional.of(new FoldedMessage.Edit(later.position().offset(), later.time()));
            } else if (reference.kind() == Kind.REACTION && !target.isDeleted() && !later.isDeleted()) {
                String text = later.content().asText();
                String client = new Sender(later.sender(), later.guest()).key();
                List<String> clients = reactions.computeIfAbsent(text, absent -> new ArrayList<>());
                clients.remove(client);
                if (!reference.remove()) {
                    clients.add(client);
                }
            }
        }
        List<FoldedMessage.Reaction> counted = new ArrayList<>();
        reactions.forEach((text, clients) -> {
            if (!clients.isEmpty()) {
                List<String> names = clients.stream()
                        .map(key -> Sender.ofKey(key).name())
                        .sorted()
                        .toList();
                counted.add(new FoldedMessage.Reaction(text, clients.size(), names));
            }
        });
        counted.sort((one, other) -> one.text().compareTo(other.text()));
        return new FoldedMessage(content, edited, counted, replies);
    }

    /** Returns a folded message without the order of reactions, which has tests of its own. */
    private static FoldedMessage sorted(FoldedMessage folded) {
        List<FoldedMessage.Reaction> reactions = folded.reactions().stream()
                .map(one -> new FoldedMessage.Reaction(
                        one.text(), one.count(), one.clients().stream().sorted().toList()))
                .sorted((one, other) -> one.text().compareTo(other.text()))
                .toList();
        return new FoldedMessage(folded.message(), folded.edited(), reactions, folded.replies());
    }

    /** Returns what is to be shown: messages in memory as the log leaves them, others as they were, or deleted. */
    private Map<Long, FoldedMessage> current(Broker broker, List<Message> log) {
        Map<Long, FoldedMessage> now = fold(log);
        left.forEach((offset, before) -> {
            Message message = log.get((int) (offset - 1));
            boolean deletedLater = message.isDeleted() && !before.message().isDeleted();
            now.put(
                    offset,
                    deletedLater ? new FoldedMessage(message, Optional.empty(), List.of(), before.replies()) : before);
        });
        return now;
    }

    private void check(Broker broker, Random random) throws Exception {
        List<Message> log = log(broker, 0);
        Map<Long, FoldedMessage> wanted = current(broker, log);
        List<FoldedMessage> shown = new ArrayList<>();
        List<FoldedMessage> page = broker.folded("lobby", true, 0, 7).messages();
        while (!page.isEmpty()) {
            page.forEach(one -> shown.add(sorted(one)));
            page = broker.folded(
                            "lobby", true, page.getLast().message().position().offset(), 7)
                    .messages();
        }
        assertThat(shown).isEqualTo(List.copyOf(wanted.values()));

        long from = Math.max(0, log.size() - WINDOW) + random.nextLong(Math.min(WINDOW, log.size()) + 1L);
        assertThat(broker.folded("lobby", true, from, 1_000).messages().stream()
                        .map(FoldPropertyTest::sorted)
                        .toList())
                .isEqualTo(List.copyOf(fold(log(broker, from)).values()));

        long offset = random.nextLong(log.size() + 2L);
        int limit = random.nextInt(20);
        List<FoldedMessage> before = wanted.entrySet().stream()
                .filter(one -> one.getKey() < offset)
                .map(Map.Entry::getValue)
                .toList();
        assertThat(broker.folded("lobby", false, offset, limit).messages().stream()
                        .map(FoldPropertyTest::sorted)
                        .toList())
                .isEqualTo(before.subList(Math.max(0, before.size() - limit), before.size()));
    }

    private static List<Message> log(Broker broker, long from) throws Exception {
        return broker.historyAfter("lobby", from, 100_000).messages();
    }
}
