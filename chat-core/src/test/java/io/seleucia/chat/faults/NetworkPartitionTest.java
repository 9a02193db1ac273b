package io.seleucia.chat.faults;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Limits;
import io.seleucia.chat.LongForm;
import io.seleucia.chat.client.ChatClient;
import io.seleucia.chat.client.ChatListener;
import io.seleucia.chat.client.Loss;
import io.seleucia.chat.faults.Evidence.History;
import io.seleucia.chat.faults.Evidence.Stored;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * What two servers over one Redis promise while packets vanish between them and Redis, and between them and their
 * clients, in namespaces: no connection is told anything. What each half-open connection took to be found is printed.
 */
class NetworkPartitionTest {
    private static final Duration RUN = Duration.ofSeconds(Integer.getInteger("faults.seconds", 10));
    private static final long SEED = Long.getLong("faults.seed", new Random().nextInt(1_000_000));
    private static final Duration SLOWNESS = Duration.ofSeconds(10); // of a machine that has much else to do

    private static final Duration PUBLISH = Duration.ofSeconds(2);
    private static final Duration PROBE = Duration.ofSeconds(21);
    private static final Duration FORGOTTEN = Duration.ofSeconds(60);
    private static final Duration PING = Duration.ofSeconds(2);
    private static final Duration SILENT_CLIENT = PING.plus(PING.dividedBy(2));
    private static final Duration SILENT_SERVER = PING.plusSeconds(1 + 10); // as the client has it
    private static final Duration STALLED_WRITE =
            SILENT_CLIENT.plus(Limits.DEFAULT.writeTimeout()); // from when no more fits into the kernel's buffer
    private static final long QUEUE_BYTES = Limits.DEFAULT.outboundQueueBytes();

    private static Site site;
    private static int channels;

    @RegisterExtension
    static final TestExecutionExceptionHandler LOGS = (context, failure) -> {
        if (site != null) {
            System.out.println(site.logs());
        }
        throw failure;
    };

    private final String channel = "channel-" + channels++;
    private final List<Listening> members = new ArrayList<>();
    private int published;

    @BeforeAll
    static void begin() throws Exception {
        site = Site.onNetwork(PING);
    }

    @AfterAll
    static void end() throws Exception {
        if (site != null) {
            site.close();
        }
    }

    @AfterEach
    void leave() throws Exception {
        members.forEach(Listening::close);
        network().heal();
    }

    private static Network network() {
        return site.network();
    }

    /** Somebody at the first server, which is the one that things happen to. */
    private Listening here(String name) throws Exception {
        return join(site.ports().getFirst(), name);
    }

    /** Somebody at the second server. */
    private Listening there(String name) throws Exception {
        return join(site.ports().getLast(), name);
    }

    private Listening join(int port, String name) throws Exception {
        members.add(Listening.join(port, name, channel));
        return members.getLast();
    }

    private Publication next() {
        return new Publication(channel, "message-" + published++, 20);
    }

    @Test
    @LongForm
    void aServerWithoutRedisKeepsItsSessionsAndLosesNothing() throws Exception {
        Listening ada = here("ada");
        Listening eve = here("eve");
        Listening bob = there("bob");
        ada.publishUntilAcknowledged(next());
        ada.catchUp();
        bob.catchUp();
        Position before = ada.track().last();
        network().cut("a", "redis");
        long cut = System.nanoTime();

        List<Publication> unsure = new ArrayList<>();
        Duration longest = refused(ada, unsure);
        ServerProcess server = site.servers().getFirst();
        eventually(() -> assertThat(status(server).flaw()).contains("can't be reached"));
        Duration said = since(cut);
        while (!bob.gone().containsAll(List.of("ada", "eve"))) {
            longest = max(longest, refused(ada, unsure));
            for (int i = 0; i < 10; i++) {
                bob.publishUntilAcknowledged(next());
            }
            bob.catchUp();
            Duration sinceCut = since(cut);
            assertThat(status(server).flaw()).isNotEmpty();
            assertThat(status(server).proven()).isGreaterThanOrEqualTo(sinceCut);
            assertThat(sinceCut).isLessThan(FORGOTTEN.plus(SLOWNESS));
        }
        Duration forgotten = since(cut);
        for (Listening member : List.of(ada, eve)) {
            member.catchUp();
            assertThat(member.track().last()).isEqualTo(before);
        }
        network().heal();
        long healed = System.nanoTime();

        for (Publication publication : unsure) {
            ada.publishUntilAcknowledged(publication);
        }
        Duration works = since(healed);
        assertEverythingShown();
        Duration complete = since(healed);
        eventually(() -> {
            catchUp(bob);
            assertThat(bob.gone()).doesNotContain("ada", "eve");
        });
        eventually(() -> assertThat(status(server).flaw()).isEmpty());
        measured(
                "cut off from Redis: %s refused within %s, said after %s, its members gone after %s (limit %s);"
                        + " healed: publishing after %s, complete after %s, members back after %s",
                unsure.size(),
                seconds(longest),
                seconds(said),
                seconds(forgotten),
                seconds(FORGOTTEN),
                seconds(works),
                seconds(complete),
                seconds(since(healed)));
    }

    /** Publishes what must be refused in time; how long that took. */
    private Duration refused(Listening member, List<Publication> unsure) throws IOException {
        Publication publication = next();
        unsure.add(publication);
        long began = System.nanoTime();
        assertThat(member.publish(publication)).isEmpty();
        Duration took = since(began);
        assertThat(took).isLessThan(PUBLISH.plus(SLOWNESS));
        return took;
    }

    @Test
    void answersThatDoNotComeBackLeaveOpenWhetherAMessageWasPublished() throws Exception {
        Listening ada = here("ada");
        Listening bob = there("bob");
        ada.publishUntilAcknowledged(next());
        network().cutOneWay("redis", "a");

        List<Publication> unsure = new ArrayList<>();
        Duration took = refused(ada, unsure);
        while (!bob.shows(unsure.getFirst())) {
            bob.next(); // it was carried out
        }
        Position place = bob.track().last();
        for (int i = 0; i < 3; i++) {
            took = max(took, refused(ada, unsure));
        }
        network().heal();

        assertThat(ada.publishUntilAcknowledged(unsure.getFirst())).isEqualTo(place);
        for (Publication publication : unsure) {
            ada.publishUntilAcknowledged(publication);
        }
        assertEverythingShown();
        measured("no answers: %d refused within %s", unsure.size(), seconds(took));
    }

    @Test
    @LongForm
    void aSubscriptionThatBringsNothingIsFoundAndNothingIsLost() throws Exception {
        Listening ada = here("ada");
        Listening bob = there("bob");
        bob.publishUntilAcknowledged(next());
        ada.catchUp();
        ServerProcess server = site.servers().getFirst();
        long reconnects = status(server).reconnects();
        network().cutOneWay("redis", "a", portsAtRedis("a", true));
        long cut = System.nanoTime();

        Position unheard = bob.publishUntilAcknowledged(next());
        ada.publishUntilAcknowledged(next());
        while (!ada.track().last().sameEpoch(unheard) || ada.track().last().offset() < unheard.offset()) {
            ada.next(); // from the history, perhaps before the connection is found to be broken
        }
        Duration complete = since(cut);
        eventually(() -> assertThat(status(server).reconnects()).isEqualTo(reconnects + 1));

        Duration found = since(cut);
        assertThat(found).isLessThan(PROBE.plus(SLOWNESS));
        assertEverythingShown();
        measured(
                "half-open subscription: found after %s (limit %s), complete after %s",
                seconds(found), seconds(PROBE), seconds(complete));
    }

    @Test
    void commandsThatAreNotAnsweredGoOverNewConnections() throws Exception {
        Listening ada = here("ada");
        Listening bob = there("bob");
        ada.publishUntilAcknowledged(next());
        List<Integer> old = portsAtRedis("a", false);
        network().cutOneWay("redis", "a", old);

        Publication unsure = next();
        long began = System.nanoTime();
        ada.publishUntilAcknowledged(unsure);
        Duration found = since(began);
        assertThat(found).isLessThan(PUBLISH.plus(SLOWNESS));
        for (int i = 0; i < 10; i++) {
            ada.publishUntilAcknowledged(next()); // by the other connection as well
            bob.publishUntilAcknowledged(next());
        }

        assertEverythingShown();
        measured("half-open commands: replaced after %s (limit %s)", seconds(found), seconds(PUBLISH));
    }

    @Test
    void aSubscriptionGoesOnWithoutCommands() throws Exception {
        Listening ada = here("ada");
        Listening bob = there("bob");
        ada.publishUntilAcknowledged(next());
        network().cutOneWayBut("redis", "a", portsAtRedis("a", true));

        List<Publication> unsure = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Duration took = refused(ada, unsure);
            Position live = bob.publishUntilAcknowledged(next());
            long began = System.nanoTime();
            while (!ada.track().last().equals(live)) {
                ada.next();
            }
            measured("no commands: refused after %s, live after %s", seconds(took), seconds(since(began)));
        }
        network().heal();

        for (Publication publication : unsure) {
            ada.publishUntilAcknowledged(publication);
        }
        assertEverythingShown();
    }

    /** The ports from which a server is connected to Redis, for subscriptions or for commands. */
    private static List<Integer> portsAtRedis(String server, boolean subscribing) {
        String address = "addr=" + network().host(server).address() + ":";
        List<Integer> ports = ((String) site.redis().ask("CLIENT", "LIST"))
                .lines()
                .filter(line -> line.contains(" " + address) && line.contains(" sub=0 ") != subscribing)
                .map(line -> line.replaceFirst(".* " + address + "(\\d+) .*", "$1"))
                .map(Integer::valueOf)
                .toList();
        assertThat(ports).isNotEmpty();
        return ports;
    }

    @Test
    void whoHasVanishedIsFoundInTimeOnBothSides() throws Exception {
        int door = network().door("far", "b", site.servers().getLast().port());
        int other = network().door("far", "a", site.servers().getFirst().port());
        Listening bob = there("bob");
        Listening still = join(door, "still");
        String busy = channel + "-busy";
        try (Listening talker = Listening.join(site.ports().getLast(), "bob", busy);
                Listening reader = Listening.join(door, "reader", busy);
                Wanderer wanderer = new Wanderer("wanderer", channel, door, other)) {
            bob.publishUntilAcknowledged(next());
            still.catchUp();
            reader.catchUp();
            wanderer.ask();
            long heard = System.nanoTime(); // or a moment before
            still.catchUp();
            wanderer.ask();
            network().cut("far", "b");
            wanderer.publish(next());
            wanderer.publish(next());

            long most = 0;
            Duration overflow = Duration.ZERO;
            Duration silent = Duration.ZERO;
            while (silent.isZero() || overflow.isZero()) {
                for (int i = 0; i < 10 && overflow.isZero(); i++) {
                    talker.publishUntilAcknowledged(new Publication(busy, "busy-" + published++, 16_000));
                    most = Math.max(most, site.servers().getLast().status().queuedBytes());
                }
                bob.publishUntilAcknowledged(next());
                bob.catchUp();
                silent = silent.isZero() && bob.gone().contains("still") ? since(heard) : silent;
                talker.catchUp();
                overflow = overflow.isZero() && talker.gone().contains("reader") ? since(heard) : overflow;
            }
            assertThat(silent).isBetween(SILENT_CLIENT, SILENT_CLIENT.plus(SLOWNESS));
            assertThat(overflow).isLessThan(STALLED_WRITE.plus(SLOWNESS));
            assertThat(most).isPositive().isLessThan(2 * QUEUE_BYTES);
            wanderer.awaitDisconnected();
            Duration found = since(heard);
            assertThat(found).isBetween(SILENT_SERVER, SILENT_SERVER.plus(SLOWNESS));
            wanderer.awaitAcknowledged();
            Position last = bob.publishUntilAcknowledged(next());
            wanderer.awaitShown(last);

            History history = HistoryReader.read(site.ports().getFirst(), channel);
            bob.readTo(history.end());
            Verdict verdict = Checker.judge(
                    new Evidence(List.of(bob.track(), wanderer.track()), wanderer.acknowledged(), List.of(history)));
            assertThat(verdict.clean()).as("%s", verdict).isTrue();
            assertThat(verdict.losses()).isZero();
            measured(
                    "vanished clients: found after %s (limit %s), one with a busy channel after %s (limit %s) with %d"
                            + " bytes for it; a vanished server after %s (limit %s)",
                    seconds(silent),
                    seconds(SILENT_CLIENT),
                    seconds(overflow),
                    seconds(STALLED_WRITE),
                    most,
                    seconds(found),
                    seconds(SILENT_SERVER));
        }
    }

    /** A program that has two servers. The client's thread and its listener's tell, the test's asks. */
    private static final class Wanderer implements ChatListener, AutoCloseable {
        private final ChatClient client;
        private final Track track;
        private final LinkedBlockingQueue<Track.Shown> shown = new LinkedBlockingQueue<>();
        private final CompletableFuture<String> disconnected = new CompletableFuture<>();
        private final List<Publication> publications = new ArrayList<>();
        private final List<CompletableFuture<Position>> positions = new ArrayList<>();

        Wanderer(String name, String channel, int... ports) throws Exception {
            URI[] servers = Arrays.stream(ports)
                    .mapToObj(port -> URI.create("ws://127.0.0.1:" + port + "/"))
                    .toArray(URI[]::new);
            client = ChatClient.builder(servers).name(name).listener(this).start();
            track = new Track(name, channel, client.subscribe(channel).get(60, TimeUnit.SECONDS));
        }

        void ask() throws Exception {
            client.channels().get(60, TimeUnit.SECONDS);
        }

        void publish(Publication publication) {
            publications.add(publication);
            positions.add(client.publish(publication.channel(), publication.content()));
        }

        @Override
        public void message(Message message) {
            shown.add(
                    new Track.Shown.Message(message.position(), Said.of(message).id()));
        }

        @Override
        public void lost(Loss loss) {
            shown.add(new Track.Shown.Lost(loss.until()));
        }

        @Override
        public void disconnected(String reason, Duration retry) {
            disconnected.complete(reason);
        }

        void awaitDisconnected() throws Exception {
            assertThat(disconnected.get(60, TimeUnit.SECONDS)).contains("silent");
        }

        void awaitAcknowledged() throws Exception {
            for (CompletableFuture<Position> position : positions) {
                position.get(60, TimeUnit.SECONDS);
            }
        }

        void awaitShown(Position end) throws Exception {
            while (!track.last().equals(end)) {
                track.add(Optional.ofNullable(shown.poll(60, TimeUnit.SECONDS)).orElseThrow());
            }
        }

        Track track() {
            return track;
        }

        List<Stored> acknowledged() {
            List<Stored> acknowledged = new ArrayList<>();
            for (int i = 0; i < publications.size(); i++) {
                Publication publication = publications.get(i);
                acknowledged.add(
                        new Stored(publication.channel(), positions.get(i).join(), publication.key()));
            }
            return acknowledged;
        }

        @Override
        public void close() {
            client.close();
        }
    }

    @Test
    void offsetsAgreeWhoeverReachesWhomeverMeanwhile() throws Exception {
        Verdict verdict = new FaultRun(site, SEED, RUN, Fault.PARTITIONS).run();

        assertThat(verdict.losses()).as("what members were told that they lost").isZero();
    }

    private void assertEverythingShown() throws IOException {
        Verdict verdict = Listening.judge(members, site.ports().getLast());
        assertThat(verdict.clean()).as("%s", verdict).isTrue();
        assertThat(verdict.losses()).isZero();
    }

    private static void catchUp(Listening member) {
        try {
            member.catchUp();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ServerProcess.Status status(ServerProcess server) {
        try {
            return server.status();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Duration since(long nanos) {
        return Duration.ofNanos(System.nanoTime() - nanos);
    }

    private static Duration max(Duration one, Duration other) {
        return one.compareTo(other) > 0 ? one : other;
    }

    private static String seconds(Duration duration) {
        return "%.1f s".formatted(duration.toMillis() / 1000.0);
    }

    private static void measured(String format, Object... details) {
        System.out.println("partition: " + format.formatted(details));
    }
}
