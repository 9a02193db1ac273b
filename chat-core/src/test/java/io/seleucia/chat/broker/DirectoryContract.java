package io.seleucia.chat.broker;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.message.ChannelEntry;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Sender;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** The part of {@link BrokerContract} about descriptions of channels, and the directory of all channels. */
public abstract class DirectoryContract extends ReferenceContract {
    private static final Sender GUEST = new Sender("ada", true);
    private static final String PREFIX = "dir {1}-"; // no other channel's

    private static Optional<Content.Json> json(String text) {
        return Optional.of(new Content.Json(text));
    }

    private static List<String> names(Broker broker, String prefix, String after) {
        return list(broker, prefix, after, 100).page().stream()
                .map(ChannelEntry::channel)
                .toList();
    }

    private static Broker.Listing list(Broker broker, String prefix, String after, int limit) {
        return list(broker, prefix, after, limit, name -> true);
    }

    /** Lists until the page is full, or no others follow: a page may have fewer if the machine is busy. */
    private static Broker.Listing list(
            Broker broker, String prefix, String after, int limit, Predicate<String> wanted) {
        try {
            List<ChannelEntry> page = new ArrayList<>();
            Broker.Listing part = broker.list(prefix, after, limit, wanted);
            page.addAll(part.page());
            while (part.more() && page.size() < limit) {
                part = broker.list(prefix, part.next().orElseThrow(), limit - page.size(), wanted);
                page.addAll(part.page());
            }
            return new Broker.Listing(page, part.next());
        } catch (UnavailableException e) {
            throw new AssertionError(e);
        }
    }

    private static void publish(Broker broker, String channel) throws UnavailableException {
        broker.publish(channel, "ada", text("hi"), "");
    }

    @Test
    void tellsAllListenersANewDescription() throws Exception {
        Broker here = open();
        try (Broker there = another(here, Retention.DEFAULT)) {
            RecordingListener first = new RecordingListener();
            RecordingListener second = new RecordingListener();
            here.subscribe(CHANNEL, first);
            there.subscribe(CHANNEL, second);
            assertThat(here.info(CHANNEL)).isEmpty();

            long before = System.currentTimeMillis();
            ChannelInfo info = here.describe(CHANNEL, GUEST, json("{\"topic\":\"l\u00fcnch \u2615\",\"n\":1.50}"));

            assertThat(info.json()).isEqualTo(json("{\"topic\":\"l\u00fcnch \u2615\",\"n\":1.50}"));
            assertThat(info.by()).isEqualTo(GUEST);
            assertThat(info.time()).isBetween(before - 60_000, System.currentTimeMillis() + 60_000);
            assertThat(first.nextInfo()).isEqualTo(info);
            assertThat(second.nextInfo()).isEqualTo(info);
            assertThat(there.info(CHANNEL)).contains(info);
            assertThat(here.historyAfter(CHANNEL, 0, 10).messages()).isEmpty();
        }
    }

    @Test
    void tellsANewListenerTheDescription() throws Exception {
        Broker broker = open();
        broker.describe(CHANNEL, GUEST, json("{\"n\":1}"));
        ChannelInfo newest = broker.describe(CHANNEL, Sender.of("bob"), json("{\"n\":2}"));
        RecordingListener listener = new RecordingListener();

        broker.subscribe(CHANNEL, listener);

        assertThat(listener.isEmpty()).isFalse();
        assertThat(listener.nextInfo()).isEqualTo(newest);
        assertThat(listener.isEmpty()).isTrue();
    }

    @Test
    void removesADescription() throws Exception {
        Broker broker = open();
        RecordingListener listener = new RecordingListener();
        broker.subscribe(CHANNEL, listener);
        ChannelInfo first = broker.describe(CHANNEL, GUEST, json("{}"));

        ChannelInfo removed = broker.describe(CHANNEL, Sender.of("bob"), Optional.empty());
        broker.describe(CHANNEL, GUEST, Optional.empty()); // without effect
        publish(broker, CHANNEL);

        assertThat(removed.json()).isEmpty();
        assertThat(removed.by()).isEqualTo(Sender.of("bob"));
        assertThat(removed.time()).isGreaterThan(first.time());
        assertThat(listener.nextInfo()).isEqualTo(first);
        assertThat(listener.nextInfo()).isEqualTo(removed);
        listener.nextMessage();
        assertThat(broker.info(CHANNEL)).isEmpty();
        RecordingListener later = new RecordingListener();
        broker.subscribe(CHANNEL, later);
        assertThat(later.isEmpty()).isTrue();
    }

    @Test
    void refusesDescriptionsThatAreNoObjectsOrTooLarge() throws Exception {
        Broker broker = open();
        String large = "{\"a\":\"" + "\u00e9".repeat(ChannelInfo.MAX_BYTES / 2 - 4) + "\"}";
        broker.describe(CHANNEL, GUEST, json(large));

        assertThatThrownBy(() -> broker.describe(CHANNEL, GUEST, json(large + " ")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> broker.describe(CHANNEL, GUEST, json("[1]")))
                .isInstanceOf(IllegalArgumentException.class);

        assertThat(broker.info(CHANNEL).orElseThrow().json()).isEqualTo(json(large));
    }

    @Test
    void allListenersEndWithTheSameDescription() throws Exception {
        Broker here = open();
        try (Broker there = another(here, Retention.DEFAULT);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<ChannelInfo> last = new ArrayList<>();
            List<RecordingListener> listeners = List.of(new RecordingListener(), new RecordingListener());
            here.subscribe(CHANNEL, listeners.getFirst());
            there.subscribe(CHANNEL, listeners.getLast());
            List<Future<?>> describing = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                Broker broker = i % 2 == 0 ? here : there;
                Optional<Content.Json> json = i % 3 == 0 ? Optional.empty() : json("{\"n\":" + i + "}");
                describing.add(threads.submit(() -> broker.describe(CHANNEL, GUEST, json)));
            }
            for (Future<?> one : describing) {
                one.get();
            }
            ChannelInfo end = here.describe(CHANNEL, GUEST, json("{\"end\":true}"));

            for (RecordingListener listener : listeners) {
                ChannelInfo info = listener.nextInfo();
                while (!info.equals(end)) {
                    ChannelInfo next = listener.nextInfo();
                    assertThat(next.time()).isGreaterThan(info.time());
                    info = next;
                }
                last.add(info);
                assertThat(listener.isEmpty()).isTrue();
            }
            assertThat(there.info(CHANNEL)).contains(last.getFirst());
        }
    }

    @Test
    void keepsADescriptionWhenMessagesAreDeleted() throws Exception {
        Broker broker = open();
        publish(broker, CHANNEL);
        ChannelInfo info = broker.describe(CHANNEL, Sender.of("ada"), json("{\"n\":1}"));

        broker.delete(CHANNEL);
        broker.deleteFrom("ada");

        assertThat(broker.info(CHANNEL)).contains(info);
    }

    @Test
    void listsChannelsWithClientsOrMessages() throws Exception {
        Broker here = open();
        try (Broker there = another(here, Retention.DEFAULT)) {
            publish(here, "dir 0");
            publish(there, PREFIX + "said");
            publish(there, PREFIX + "said");
            long time = there.historyAfter(PREFIX + "said", 1, 1)
                    .messages()
                    .getFirst()
                    .time();
            here.join(PREFIX + "clients", "ada");
            here.join(PREFIX + "clients", "ada");
            there.join(PREFIX + "clients", new Sender("bob", true));
            publish(here, PREFIX + "both");
            here.join(PREFIX + "both", "ada");
            ChannelInfo info = there.describe(PREFIX + "both", GUEST, json("{\"n\":1}"));
            there.describe(PREFIX + "described", GUEST, json("{\"n\":1}"));
            publish(here, "@dir");
            here.join("@dir", "ada");
            publish(here, "@");
            here.subscribe(PREFIX + "followed", new RecordingListener());
            here.historyAfter(PREFIX + "read", 0, 10);

            for (Broker broker : List.of(here, there)) {
                eventually(() -> assertThat(names(broker, PREFIX, ""))
                        .containsExactly(PREFIX + "both", PREFIX + "clients", PREFIX + "said"));
                List<ChannelEntry> page = list(broker, PREFIX, "", 10).page();
                assertThat(page.get(0).clients()).isEqualTo(1);
                assertThat(page.get(0).info()).contains(info);
                assertThat(page.get(0).time()).isPositive();
                assertThat(page.get(1)).isEqualTo(new ChannelEntry(PREFIX + "clients", 2, 0, Optional.empty()));
                assertThat(page.get(2)).isEqualTo(new ChannelEntry(PREFIX + "said", 0, time, Optional.empty()));
                eventually(() -> assertThat(names(broker, "", "")).contains("dir 0", PREFIX + "said"));
                assertThat(names(broker, "@", "")).isEmpty();
                assertThat(names(broker, "", "")).noneMatch(name -> name.startsWith("@"));
            }
        }
    }

    @Test
    void listsPageByPageInTheOrderOfCodePoints() throws Exception {
        Broker broker = open();
        List<String> all = List.of("A", "B", "a", "ab", "a{", "b", "\u00e9", "\u4e2d", "\uff21", "\ud83d\udc4d");
        for (String name : all) {
            publish(broker, PREFIX + name);
        }
        List<String> sorted = all.stream().map(name -> PREFIX + name).toList();
        eventually(() -> assertThat(names(broker, PREFIX, "")).isEqualTo(sorted));

        List<String> found = new ArrayList<>();
        Broker.Listing page;
        do {
            page = list(broker, PREFIX, found.isEmpty() ? "" : found.getLast(), 3);
            assertThat(page.page()).hasSizeBetween(1, 3);
            page.page().forEach(entry -> found.add(entry.channel()));
        } while (page.more());

        assertThat(found).isEqualTo(sorted);
        assertThat(list(broker, PREFIX, "", all.size()).more()).isFalse();
        assertThat(list(broker, PREFIX, "", 0)).isEqualTo(new Broker.Listing(List.of(), Optional.of("")));
        assertThat(names(broker, PREFIX + "a", "")).containsExactly(PREFIX + "a", PREFIX + "ab", PREFIX + "a{");
        assertThat(names(broker, PREFIX + "a", "A"))
                .as("after what is before the prefix")
                .hasSize(3);
        assertThat(names(broker, PREFIX + "a", PREFIX + "aa")).containsExactly(PREFIX + "ab", PREFIX + "a{");
        assertThat(names(broker, PREFIX + "a", PREFIX + "b")).isEmpty();
    }

    @Test
    void listsNoChannelThatHasEnded() throws Exception {
        Broker here = open();
        try (Broker there = another(here, Retention.DEFAULT)) {
            here.join(PREFIX + "left", "ada");
            publish(here, PREFIX + "deleted");
            here.join(PREFIX + "stays", "ada");
            eventually(() -> assertThat(names(there, PREFIX, "")).hasSize(3));

            here.leave(PREFIX + "left", "ada");
            here.delete(PREFIX + "deleted");

            eventually(() -> assertThat(names(there, PREFIX, "")).containsExactly(PREFIX + "stays"));
            here.join(PREFIX + "left", "ada");
            publish(here, PREFIX + "deleted");
            eventually(() -> assertThat(names(there, PREFIX, "")).hasSize(3));
        }
    }

    @Test
    void listsOnlyWhatIsWanted() throws Exception {
        Broker broker = open();
        for (int i = 0; i < 600; i++) { // more than a broker reads at a time
            broker.join("%s%03d".formatted(PREFIX, i), "ada");
        }
        eventually(() -> assertThat(list(broker, PREFIX, "", 1_000).page()).hasSize(600));

        Broker.Listing last = list(broker, PREFIX, "", 2, name -> name.endsWith("99"));
        Broker.Listing none = list(broker, PREFIX, "", 2, name -> false);

        assertThat(last.page()).extracting(ChannelEntry::channel).containsExactly(PREFIX + "099", PREFIX + "199");
        assertThat(last.more()).isTrue();
        assertThat(none).isEqualTo(new Broker.Listing(List.of(), Optional.empty()));
    }

    @Test
    void looksAtABoundedNumberOfNamesForAPage() throws Exception {
        Broker broker = open();
        int all = Broker.Listing.MAX_NAMES + 300;
        for (int i = 0; i < all; i++) {
            broker.join("%s%05d".formatted(PREFIX, i), "ada");
        }
        String last = "%s%05d".formatted(PREFIX, all - 1);
        eventually(() -> assertThat(list(broker, PREFIX, "%s%05d".formatted(PREFIX, all - 3), 3)
                        .page())
                .hasSize(2));
        AtomicInteger asked = new AtomicInteger();
        Predicate<String> wanted = name -> asked.incrementAndGet() > 0 && name.equals(last);

        Broker.Listing first = broker.list(PREFIX, "", 1, wanted);

        assertThat(first.page()).isEmpty();
        assertThat(first.more()).isTrue();
        assertThat(asked.get()).isBetween(1, Broker.Listing.MAX_NAMES);
        assertThat(list(broker, PREFIX, first.next().orElseThrow(), 1, wanted).page())
                .extracting(ChannelEntry::channel)
                .containsExactly(last);
        assertThat(asked.get())
                .as("no name is looked at twice, but for the last one")
                .isBetween(all, all + 1);
    }

    @Test
    void looksAtNamesForABoundedTime() throws Exception {
        Broker broker = open();
        for (String name : List.of("a", "b", "c")) {
            broker.join(PREFIX + name, "ada");
        }
        eventually(() -> assertThat(names(broker, PREFIX, "")).hasSize(3));
        Predicate<String> slow = name -> {
            long end = System.nanoTime() + 2 * Broker.Listing.MAX_TIME.toNanos();
            while (System.nanoTime() - end < 0) {
                LockSupport.parkNanos(end - System.nanoTime()); // as rules that ask a backend
            }
            return !name.endsWith("a");
        };

        Broker.Listing first = broker.list(PREFIX, "", 10, slow);
        Broker.Listing second = broker.list(PREFIX, first.next().orElseThrow(), 10, slow);

        assertThat(first).isEqualTo(new Broker.Listing(List.of(), Optional.of(PREFIX + "a")));
        assertThat(second.page()).extracting(ChannelEntry::channel).containsExactly(PREFIX + "b");
        assertThat(second.next()).contains(PREFIX + "b");
    }

    @Test
    void cutsAPageOfLargeDescriptions() throws Exception {
        Broker broker = open();
        String large = "{\"a\":\"" + "a".repeat(ChannelInfo.MAX_BYTES - 100) + "\"}";
        int all = 2 * Broker.Listing.MAX_CHARS / ChannelInfo.MAX_BYTES;
        for (int i = 0; i < all; i++) {
            broker.join("%s%03d".formatted(PREFIX, i), "ada");
            broker.describe("%s%03d".formatted(PREFIX, i), GUEST, json(large));
        }
        eventually(() -> assertThat(list(broker, PREFIX, "%s%03d".formatted(PREFIX, all - 2), all)
                        .page())
                .hasSize(1));

        Broker.Listing page = broker.list(PREFIX, "", all, name -> true);

        int entry = ChannelInfo.MAX_BYTES + PREFIX.length();
        assertThat(page.more()).isTrue();
        assertThat(page.page().stream().mapToInt(ChannelEntry::length).sum())
                .isBetween(1, Broker.Listing.MAX_CHARS + entry);
        int found = page.page().size();
        while (page.more()) {
            page = broker.list(PREFIX, page.next().orElseThrow(), all, name -> true);
            found += page.page().size();
        }
        assertThat(found).isEqualTo(all);
    }
}
