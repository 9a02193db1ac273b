package io.seleucia.chat.faults;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.faults.Evidence.History;
import io.seleucia.chat.faults.Evidence.Stored;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** People talk while random faults happen; in the end everyone must have been shown everything, once and in order. */
final class FaultRun {
    private static final List<String> NAMES = List.of("ada", "bob", "cyd", "dan", "eve", "fay");
    private static final Map<String, List<String>> CHANNELS = Map.of(
            "ada", List.of("lobby", "den", "nook"),
            "bob", List.of("lobby", "den"),
            "cyd", List.of("lobby", "den"),
            "dan", List.of("lobby", "yard"),
            "eve", List.of("lobby", "yard"),
            "fay", List.of("lobby", "yard", "nook"));
    private static final long PATIENCE_SECONDS = 60;
    private static final int LONG_RUN_SECONDS = 60;
    private static final int VICTIMS = 3;

    private final Site site;
    private final long seed;
    private final Duration duration;
    private final Set<Fault> faults;
    private Optional<Duration> patience = Optional.empty();
    private final List<Member> members = new ArrayList<>();
    private final Map<String, Position> ends = new HashMap<>();
    private final List<History> histories = new ArrayList<>();
    private final List<Evidence.LastMark> lastMarks = new ArrayList<>();

    FaultRun(Site site, long seed, Duration duration, Set<Fault> faults) {
        this.site = site;
        this.seed = seed;
        this.duration = duration;
        this.faults = faults;
    }

    /**
     * Has servers asked all the while who is there.
     *
     * @param patience for how long one may leave out somebody who is there all the while
     */
    FaultRun watching(Duration patience) {
        this.patience = Optional.of(patience);
        return this;
    }

    /** Talks, strikes, mends, waits and judges; prints what there was in one block, and fails if that is not clean. */
    Verdict run() throws Exception {
        try {
            return talkAndJudge();
        } catch (Exception | AssertionError e) {
            System.out.println(site.logs());
            throw e;
        }
    }

    private Verdict talkAndJudge() throws Exception {
        Random random = new Random(seed);
        for (String name : NAMES) {
            Member.Scene scene = new Member.Scene(
                    site.ports(members.size()), NAMES, site.silence(), site.injectsErrors(), isForgetful());
            members.add(
                    members.size() % 2 == 0
                            ? new RawMember(name, CHANNELS.get(name), scene, random.nextLong())
                            : new ClientMember(name, CHANNELS.get(name), scene, random.nextLong()));
        }
        Chaos chaos = new Chaos(site, members, faults, random.nextLong());
        try {
            awaitAllAt(Map.of());
            members.forEach(member -> member.talk(true));
            if (!site.clocks().isEmpty()) {
                awaitMessagesInAllChannels(); // clocks jump further than a channel without any is remembered
            }
            site.attendance()
                    .begin(
                            Stream.concat(members.stream(), site.bystanders().staying().stream())
                                    .toList(),
                            site.ports(),
                            site.noticing());
            patience.ifPresent(site.attendance()::watch);
            rage(chaos, random);
            Optional<AssertionError> unrest = awaitQuiet();
            if (unrest.isEmpty()) {
                site.attendance().lookInTheEnd(!site.hasRedis() || duration.toSeconds() >= LONG_RUN_SECONDS);
            }
            site.attendance().close();
            members.forEach(Member::close);
            readHistories();
            Verdict verdict = Checker.judge(evidence());
            report(chaos, verdict);
            assertThat(unrest).as("waiting until everyone has everything").isEmpty();
            assertThat(surprises()).isEmpty();
            assertThat(verdict.clean()).as("%s", verdict).isTrue();
            return verdict;
        } finally {
            site.attendance().close();
            members.forEach(Member::close);
        }
    }

    private void awaitMessagesInAllChannels() throws Exception {
        for (String channel : channels()) {
            eventuallyGet(() -> HistoryReader.read(site.ports().getFirst(), channel)
                    .messages()
                    .getFirst());
        }
    }

    private void rage(Chaos chaos, Random random) throws Exception {
        List<Victim> victims = new ArrayList<>();
        for (int i = 0; site.injectsErrors() && i < VICTIMS; i++) {
            victims.add(new Victim(Integer.toString(i), site.ports(), random.nextLong()));
        }
        try {
            chaos.rage(duration);
        } finally {
            victims.forEach(Victim::close);
        }
        site.settle();
    }

    /** Waits until everything is acknowledged and everyone has everything; what is wrong if that does not come. */
    private Optional<AssertionError> awaitQuiet() throws Exception {
        try {
            eventually(() -> assertThat(members)
                    .as("members with a reference that was acknowledged")
                    .anyMatch(member -> member.outbox().references() > 0)); // however slow, and whatever was deleted
            members.forEach(member -> member.talk(false));
            awaitAllAt(Map.of());
            for (String channel : channels()) {
                ends.put(
                        channel,
                        eventuallyGet(() -> HistoryReader.read(site.ports().getFirst(), channel)
                                .end()));
            }
            awaitAllAt(ends);
            for (Member member : members) {
                member.pong().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
            awaitAllAt(ends); // still, and nothing came after it
            return Optional.empty();
        } catch (AssertionError e) {
            return Optional.of(e);
        }
    }

    private void awaitAllAt(Map<String, Position> positions) {
        eventually(() -> assertThat(members).allMatch(member -> member.isAt(positions)));
        eventually(() -> assertThat(programs()).allMatch(program -> program.isAt(positions)));
    }

    private List<EmbeddedEvidence> programs() {
        try {
            return site.programs();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> channels() {
        return Stream.concat(
                        CHANNELS.values().stream().flatMap(List::stream),
                        NAMES.stream().map(name -> "@" + name))
                .distinct()
                .toList();
    }

    /** A server may be unavailable for a moment. Any other error is a failure. */
    private void readHistories() throws Exception {
        for (int port : site.ports()) {
            for (String channel : channels()) {
                histories.add(eventuallyGet(() -> HistoryReader.readWithFolds(port, channel)));
            }
            for (Member member : members) {
                lastMarks.addAll(eventuallyGet(() -> LastMarks.read(port, member.name(), member.channels())));
            }
        }
    }

    private Evidence evidence() {
        List<Track> tracks =
                members.stream().flatMap(member -> member.tracks().stream()).toList();
        List<Stored> acknowledged = all(member -> member.outbox().acknowledged());
        Set<String> orderly =
                members.stream().filter(Member::keepsOrder).map(Member::name).collect(Collectors.toSet());
        List<Track> all = new ArrayList<>(tracks);
        List<Stored> known = new ArrayList<>(acknowledged);
        for (EmbeddedEvidence program : programs()) {
            all.addAll(program.tracks());
            known.addAll(program.acknowledged());
        }
        members.forEach(member -> site.deletions().addTimes(member.outbox().times()));
        return new Evidence(
                all,
                known,
                histories,
                orderly,
                site.deletions(),
                site.attendance().presences(),
                site.attendance().departures(),
                life());
    }

    private Evidence.Life life() {
        return new Evidence.Life(
                all(member -> member.outbox().deleted()),
                all(member -> member.outbox().refusals()),
                all(member -> member.outbox().trespasses()),
                members.stream().map(Member::marks).toList(),
                lastMarks,
                isForgetful());
    }

    private <T> List<T> all(Function<Member, List<T>> of) {
        return members.stream().flatMap(member -> of.apply(member).stream()).toList();
    }

    /** Whether offsets may be given again. */
    private boolean isForgetful() {
        return !Collections.disjoint(faults, Fault.FORGETFUL);
    }

    private List<String> surprises() {
        return all(Member::surprises);
    }

    /** How many references of each kind are stored, over all servers. */
    private Map<Reference.Kind, Long> references() {
        return histories.stream()
                .flatMap(history -> history.log().stream())
                .flatMap(said -> said.ref().stream())
                .collect(Collectors.groupingBy(Reference::kind, TreeMap::new, Collectors.counting()));
    }

    private void report(Chaos chaos, Verdict verdict) {
        int published = members.stream().mapToInt(m -> m.outbox().published()).sum();
        int unacknowledged =
                members.stream().mapToInt(m -> m.outbox().unacknowledged()).sum();
        int resent = members.stream().mapToInt(m -> m.outbox().resent()).sum();
        int stored = histories.stream().mapToInt(h -> h.messages().size()).sum();
        String struck = chaos.counts().entrySet().stream()
                .map(entry -> entry.getKey().name().toLowerCase(Locale.ROOT).replace('_', ' ') + " " + entry.getValue())
                .collect(Collectors.joining(", "));
        System.out.printf(
                "faults: seed %d, %d s, %d members on %d servers%n  %s%n"
                        + "  published %d, acked %d, unacked %d, resent %d, stored %d with %s, asked %d times who is there%s%n"
                        + "  %s%n",
                seed,
                duration.toSeconds(),
                members.size(),
                site.servers().size(),
                struck,
                published,
                published - unacknowledged,
                unacknowledged,
                resent,
                stored,
                references(),
                site.attendance().presences().size(),
                programs().stream()
                        .map(program -> ", by a program %d, failed %s"
                                .formatted(program.acknowledged().size(), program.failures()))
                        .collect(Collectors.joining()),
                verdict);
    }
}
