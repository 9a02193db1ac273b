package io.seleucia.chat.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.RedisClient;

/**
 * Checks the rules of positions over Redis in all interleavings up to a depth: one channel, two servers that share it, and
 * a Redis that is put back to earlier snapshots, to the same one twice, and to nothing. A restore stands for a failover to
 * an older replica as well. Random walks are made with the scripts over a real Redis too, which must do as the model does.
 */
class RedisPositionsModelTest {
    private static final int NONE = 0;
    private static final int DEPTH = Integer.getInteger("positions.depth", 7);
    private static final int LONGEST = 12; // that a counterexample may be
    private static final int WALKS = 30;
    private static final int STEPS = 16;

    /**
     * The rules, as the scripts and servers have them.
     *
     * @param ordered whether epochs are numbered, and one that is not newer than what was delivered is not gone on with
     * @param gate whether a Redis that has just started takes no message before all servers have read there
     * @param receipts whether servers remember what they have acknowledged
     */
    private record Rules(boolean ordered, boolean gate, boolean receipts) {
        static final Rules BEFORE = new Rules(false, true, false);
        static final Rules NOW = new Rules(true, true, true);
    }

    /** An epoch: a name that is unique, and its number, by which epochs are ordered. */
    private record Epoch(int name, int number) {
        static final Epoch NOTHING = new Epoch(NONE, 0);

        @Override
        public String toString() {
            return "E" + name;
        }
    }

    /** A place, and the message that was there when it was seen. */
    private record Place(Epoch epoch, int offset, int message) {
        static final Place NOWHERE = new Place(Epoch.NOTHING, 0, NONE);

        boolean isAheadOf(Place other) {
            return epoch.equals(other.epoch) ? offset > other.offset : epoch.number > other.epoch.number;
        }
    }

    /**
     * What Redis knows of the channel.
     *
     * @param log the messages by offset
     * @param covered messages before this one that are not here are known to be lost, since an epoch began after them
     */
    private record Redis(Epoch epoch, int base, int covered, List<Place> log) {
        static final Redis EMPTY = new Redis(Epoch.NOTHING, 0, 0, List.of());

        int offset() {
            return log.size();
        }

        /** Which message is at an offset. */
        int at(int offset) {
            return offset < 1 || offset > log.size() ? NONE : log.get(offset - 1).message;
        }

        Place end() {
            return new Place(epoch, offset(), at(offset()));
        }
    }

    /**
     * A server, and the channel's members there.
     *
     * @param seen what was delivered last
     * @param acknowledged the newest that a publisher was told
     * @param incoming what pub/sub has on the way
     * @param told whether Redis, since it was started, has heard of what this server has shown
     */
    private record Server(Place seen, Place acknowledged, List<Place> incoming, boolean subscribed, boolean told) {
        Server at(Place place) {
            return new Server(place, acknowledged, incoming, subscribed, told);
        }

        Server acknowledging(Place place) {
            return new Server(seen, place.isAheadOf(acknowledged) ? place : acknowledged, incoming, subscribed, told);
        }

        Server with(List<Place> others) {
            return new Server(seen, acknowledged, others, subscribed, told);
        }

        Server linked(boolean stands, boolean hasTold) {
            return new Server(seen, acknowledged, incoming, stands, hasTold);
        }
    }

    /** Everything, and what an observer knows besides. */
    private record State(
            Redis redis,
            Redis snapshot,
            List<Server> servers,
            List<Place> shown, // to anybody, by which an offset that is given twice is found
            List<Integer> before, // by message, the one before it in the history
            int epochs,
            int restores,
            int begun) {
        /** The same as a short text, which is quick to compare. */
        String key() {
            StringBuilder key = new StringBuilder();
            write(key, redis);
            write(key, snapshot);
            for (Server server : servers) {
                write(key, server.seen);
                write(key, server.acknowledged);
                server.incoming.forEach(one -> write(key, one));
                key.append(server.subscribed ? '+' : '-').append(server.told ? '+' : '-');
            }
            shown.forEach(one -> write(key, one));
            before.forEach(one -> key.append((char) one.intValue()));
            return key.append((char) epochs)
                    .append((char) restores)
                    .append((char) begun)
                    .toString();
        }

        private static void write(StringBuilder to, Redis redis) {
            write(to, redis.epoch);
            to.append((char) redis.base).append((char) redis.covered);
            redis.log.forEach(one -> write(to, one));
            to.append('|');
        }

        private static void write(StringBuilder to, Place place) {
            write(to, place.epoch);
            to.append((char) place.offset).append((char) place.message);
        }

        private static void write(StringBuilder to, Epoch epoch) {
            to.append((char) epoch.name).append((char) epoch.number);
        }
    }

    /** What must never be. */
    private static final class Violation extends RuntimeException {
        private static final long serialVersionUID = 1;

        private Violation(String what) {
            super(what, null, false, false);
        }
    }

    /** One step from a state, which is changed in place while the step is made. */
    private static final class Step {
        private final Rules rules;
        private final boolean late; // a server may come back after others have gone on
        private Redis redis;
        private Redis snapshot;
        private final List<Server> servers;
        private List<Place> shown;
        private List<Integer> before;
        private int epochs;
        private int restores;
        private int begun; // epochs since the last restore
        private Optional<Scripts> scripts = Optional.empty(); // which are to do the same

        private Step(Rules rules, boolean late, State from) {
            this.rules = rules;
            this.late = late;
            redis = from.redis;
            snapshot = from.snapshot;
            servers = new ArrayList<>(from.servers);
            shown = from.shown;
            before = from.before;
            epochs = from.epochs;
            restores = from.restores;
            begun = from.begun;
        }

        private State end() {
            return new State(redis, snapshot, List.copyOf(servers), shown, before, epochs, restores, begun);
        }

        // --- position.lua

        private void position(Place newest, boolean replaced) {
            Epoch epoch = redis.epoch;
            if (epoch.name == NONE) {
                begin(newest);
            } else if (epoch.equals(newest.epoch)) {
                if (redis.offset() < newest.offset || replaced) {
                    begin(newest);
                }
            } else if (rules.ordered && newest.epoch.name != NONE && epoch.number <= newest.epoch.number) {
                begin(newest);
            }
        }

        private void begin(Place newest) {
            int number = Math.max(redis.epoch.number, newest.epoch.number) + 1; // as where the clock stands still
            epochs++;
            number = scripts.isPresent() ? epochs : number; // as where it does not
            begun++;
            redis = new Redis(new Epoch(epochs, number), redis.offset(), before.size(), redis.log);
            require(begun <= 2, "epoch after epoch begins");
        }

        // --- append.lua, ChannelFeed

        private Place newest(Server server) {
            return rules.receipts && server.acknowledged.isAheadOf(server.seen) ? server.acknowledged : server.seen;
        }

        private void publish(int i) {
            Place newest = newest(servers.get(i));
            position(newest, false);
            int message = before.size();
            Place place = new Place(redis.epoch, redis.offset() + 1, message);
            if (!late) {
                shown.forEach(one -> require(
                        !one.epoch.equals(place.epoch) || one.offset < place.offset,
                        place.epoch + "/" + place.offset + " is given although " + one.offset + " was shown"));
                shown.forEach(one -> require(
                        one.message < redis.covered || redis.at(one.offset) == one.message,
                        "message " + one.message + " is gone and nobody is told"));
            }
            before = plus(before, redis.at(redis.offset()));
            redis = new Redis(redis.epoch, redis.base, redis.covered, plus(redis.log, place));
            shown = plus(shown, place);
            scripts.ifPresent(real -> real.publish(newest, place));
            servers.set(i, servers.get(i).acknowledging(place));
            servers.replaceAll(one -> one.subscribed ? one.with(plus(one.incoming, place)) : one);
        }

        private void deliver(int i) {
            Server server = servers.get(i);
            Place place = server.incoming.getFirst();
            servers.set(i, server.with(server.incoming.subList(1, server.incoming.size())));
            if (!follows(i, place)) {
                heal(i);
            }
        }

        private boolean follows(int i, Place place) {
            Place seen = servers.get(i).seen;
            boolean same = place.epoch.equals(seen.epoch);
            if (same && place.offset <= seen.offset) {
                return true;
            }
            if (!same || place.offset > seen.offset + 1) {
                return false;
            }
            require(before.get(place.message) == seen.message, "server " + i + " misses what is before " + place);
            servers.set(i, servers.get(i).at(place));
            return true;
        }

        // --- history.lua, ChannelFeed.resync

        /** Says what was shown, and reads nothing; whether another message has the place of the last one. */
        private boolean tell(int i) {
            Place seen = servers.get(i).seen;
            boolean other =
                    seen.message != NONE && redis.at(seen.offset) != NONE && redis.at(seen.offset) != seen.message;
            Place newest = newest(servers.get(i));
            position(newest, other && redis.epoch.equals(seen.epoch));
            scripts.ifPresent(real -> real.tell(newest, seen, redis.end()));
            servers.set(i, servers.get(i).linked(servers.get(i).subscribed, true));
            return other;
        }

        private void heal(int i) {
            Place seen = servers.get(i).seen;
            boolean other = tell(i);
            int first = seen.offset;
            if (!redis.epoch.equals(seen.epoch)) {
                boolean rest = redis.offset() > first
                        && redis.log.get(first).epoch.equals(seen.epoch)
                        && !(rules.ordered && other);
                first = rest ? first : redis.base;
            }
            List<Place> rest = redis.log.subList(Math.min(first, redis.offset()), redis.offset());
            scripts.ifPresent(real -> real.read(seen, rest));
            for (int offset = first + 1; offset <= redis.offset(); offset++) {
                Place place = redis.log.get(offset - 1);
                if (!follows(i, place)) {
                    lost(i, new Place(place.epoch, offset - 1, redis.at(offset - 1)));
                    follows(i, place);
                }
            }
            if (!servers.get(i).seen.epoch.equals(redis.epoch)) {
                lost(i, redis.end());
            }
        }

        private void lost(int i, Place place) {
            Place seen = servers.get(i).seen;
            require(place.isAheadOf(seen) || late && !rules.ordered, "server " + i + " is sent back to " + place);
            servers.set(i, servers.get(i).at(place));
        }

        private void subscribe(int i) {
            servers.set(i, servers.get(i).with(List.of()).linked(true, false));
            heal(i);
        }

        // --- what happens to Redis

        private void takeSnapshot() {
            snapshot = redis;
            scripts.ifPresent(Scripts::takeSnapshot);
        }

        private void restore(Redis to) {
            redis = to;
            scripts.ifPresent(real -> real.restore(to.epoch.name == NONE));
            restores++;
            begun = 0;
            servers.replaceAll(one -> one.linked(false, false));
        }

        /** Clients come with any position that was shown at some time, and have the history read. */
        private void recover(int i) {
            position(newest(servers.get(i)), false);
            for (Place since : shown) {
                boolean recovered = redis.epoch.equals(since.epoch) && redis.offset() >= since.offset;
                require(late || !recovered || redis.at(since.offset) == since.message, "recovered after " + since);
            }
        }

        private static void require(boolean holds, String what) {
            if (!holds) {
                throw new Violation(what);
            }
        }

        private static <T> List<T> plus(List<T> list, T one) {
            List<T> longer = new ArrayList<>(list);
            longer.add(one);
            return List.copyOf(longer);
        }
    }

    /** A state that was reached, and how. */
    private record Reached(State state, String key, int depth) {}

    private record Origin(String from, String action) {}

    /** Explores everything up to a depth; gives the shortest way to a violation, if there is one. */
    private static final class Search {
        private final Rules rules;
        private final boolean late;
        private final int publishes;
        private final int restores;
        private final boolean empty; // whether it may start with nothing
        private final Map<String, Origin> origins = new HashMap<>();
        private final ArrayDeque<Reached> waiting = new ArrayDeque<>();

        private Search(Rules rules, boolean late, int publishes, int restores, boolean empty) {
            this.rules = rules;
            this.late = late;
            this.publishes = publishes;
            this.restores = restores;
            this.empty = empty;
        }

        private Optional<List<String>> run(State start, int depth) {
            origins.put(start.key(), new Origin("", ""));
            waiting.add(new Reached(start, start.key(), 0));
            while (!waiting.isEmpty()) {
                Reached next = waiting.poll();
                for (var action : actions(next.state).entrySet()) {
                    Step step = new Step(rules, late, next.state);
                    try {
                        action.getValue().accept(step);
                    } catch (Violation e) {
                        return Optional.of(trace(next.key, action.getKey(), e.getMessage()));
                    }
                    State state = step.end();
                    String key = state.key();
                    for (int i = 0; i < state.servers.size(); i++) {
                        try {
                            new Step(rules, late, state).recover(i);
                        } catch (Violation e) {
                            return Optional.of(trace(next.key, action.getKey(), e.getMessage()));
                        }
                    }
                    if (next.depth < depth && origins.putIfAbsent(key, new Origin(next.key, action.getKey())) == null) {
                        waiting.add(new Reached(state, key, next.depth + 1));
                    }
                }
            }
            return Optional.empty();
        }

        private Map<String, Consumer<Step>> actions(State state) {
            Map<String, Consumer<Step>> actions = new LinkedHashMap<>();
            boolean settled = !rules.gate || late || state.servers.stream().allMatch(Server::told);
            for (int one = 0; one < state.servers.size(); one++) {
                int i = one;
                Server server = state.servers.get(i);
                if (settled && state.before.size() <= publishes) {
                    actions.put("publish at " + i, step -> step.publish(i));
                }
                if (!server.incoming.isEmpty()) {
                    actions.put("deliver at " + i, step -> step.deliver(i));
                }
                if (!server.told) {
                    actions.put("tell from " + i, step -> step.tell(i));
                }
                if (!server.subscribed || !server.incoming.isEmpty()) {
                    actions.put("subscribe from " + i, step -> step.subscribe(i));
                }
            }
            if (state.restores < restores) {
                actions.put("restore the snapshot", step -> step.restore(state.snapshot));
                if (empty) {
                    actions.put("start empty", step -> step.restore(Redis.EMPTY));
                }
            }
            if (!state.snapshot.equals(state.redis)) {
                actions.put("take a snapshot", Step::takeSnapshot);
            }
            return actions;
        }

        private List<String> trace(String last, String action, String end) {
            List<String> trace = new ArrayList<>(List.of(end, action));
            for (Origin origin = origins.get(last); !origin.from.isEmpty(); origin = origins.get(origin.from)) {
                trace.add(origin.action);
            }
            Collections.reverse(trace);
            return trace;
        }
    }

    /** One message was published and delivered everywhere, and a snapshot taken then. */
    private static State start() {
        Epoch epoch = new Epoch(1, 1);
        Place first = new Place(epoch, 1, 1);
        Redis redis = new Redis(epoch, 0, 0, List.of(first));
        Server server = new Server(first, Place.NOWHERE, List.of(), true, true);
        return new State(redis, redis, List.of(server, server), List.of(first), List.of(NONE, NONE), 1, 0, 0);
    }

    private static Optional<List<String>> explore(String what, Search search, int depth) {
        long began = System.nanoTime();
        Optional<List<String>> found = search.run(start(), depth);
        System.out.printf(
                "%s: %,d states in %,d ms%s%n",
                what,
                search.origins.size(),
                (System.nanoTime() - began) / 1_000_000,
                found.map(trace -> "\n    " + String.join("\n    ", trace)).orElse(""));
        return found;
    }

    @Test
    void noOffsetIsGivenTwiceAndNoGapIsSilent() {
        assertThat(explore("all tell in time", new Search(Rules.NOW, false, 4, 2, true), DEPTH))
                .isEmpty();
    }

    @Test
    void noGapIsSilentEvenIfAServerComesLate() {
        assertThat(explore("a server comes late", new Search(Rules.NOW, true, 4, 2, true), DEPTH - 1))
                .isEmpty();
    }

    @Test
    void findsTheSnapshotThatIsPutBackTwiceInTheFormerRule() {
        Rules receipts = new Rules(false, true, true);
        assertThat(explore("the former rules", new Search(Rules.BEFORE, false, 4, 2, false), LONGEST))
                .isPresent();
        assertThat(explore("the former rules and receipts", new Search(receipts, false, 4, 2, false), LONGEST))
                .hasValueSatisfying(trace -> assertThat(trace)
                        .filteredOn("restore the snapshot"::equals)
                        .hasSize(2));
    }

    @Test
    void findsThatEachPartOfTheRulesIsNeeded() {
        Rules noGate = new Rules(true, false, true);
        Rules noReceipts = new Rules(true, true, false);
        assertThat(explore("without the gate", new Search(noGate, false, 4, 2, true), LONGEST))
                .isPresent();
        assertThat(explore("without receipts", new Search(noReceipts, false, 4, 2, true), LONGEST))
                .isPresent();
    }

    @Test
    void theScriptsDoWhatTheModelDoes() throws Exception {
        try (RedisProcess redis = RedisProcess.begin();
                RedisClient client = redis.client()) {
            Random random = new Random(WALKS);
            for (int walk = 0; walk < WALKS; walk++) {
                client.flushAll();
                Scripts scripts = new Scripts(client, start().redis.end());
                Search search = new Search(Rules.NOW, random.nextBoolean(), STEPS, STEPS, true);
                State state = start();
                for (int i = 0; i < STEPS; i++) {
                    List<Consumer<Step>> actions =
                            List.copyOf(search.actions(state).values());
                    Step step = new Step(Rules.NOW, search.late, state);
                    step.scripts = Optional.of(scripts);
                    actions.get(random.nextInt(actions.size())).accept(step);
                    state = step.end();
                }
            }
        }
    }

    /** The scripts over a real Redis, with one channel. */
    private static final class Scripts {
        private static final LuaScript PUBLISH = LuaScript.of("position.lua", "append.lua", "publish.lua");
        private static final LuaScript HISTORY = LuaScript.of("position.lua", "entries.lua", "history.lua");
        private static final List<String> KEYS = List.of("log", "meta");
        private static final String LONG = "1000000";

        private final RedisClient redis;
        private final Map<Epoch, String> epochs = new HashMap<>();
        private final Map<Integer, String> times = new HashMap<>(); // by message
        private int fresh;

        /** Publishes a first message, and takes a snapshot. */
        private Scripts(RedisClient redis, Place first) {
            this.redis = redis;
            epochs.put(Epoch.NOTHING, "");
            times.put(NONE, "0");
            publish(Place.NOWHERE, first);
            takeSnapshot();
        }

        private void publish(Place newest, Place place) {
            awaitClock();
            String rest = "\"sender\":\"ada\",\"data\":" + place.message + "}";
            List<String> arguments = List.of(
                    "live",
                    fresh(),
                    epochs.get(newest.epoch),
                    text(newest.offset),
                    "100",
                    LONG,
                    LONG,
                    LONG,
                    "PUBLISH",
                    rest,
                    "");
            List<?> answer = (List<?>) ((List<?>) redis.eval(PUBLISH.text(), KEYS, arguments)).getFirst();
            same(place, answer);
            times.put(
                    place.message,
                    redis.xrevrange("log", "+", "-", 1).getFirst().getFields().get("time"));
        }

        /** Waits for the next millisecond: of two messages or epochs, the later one has a later time. */
        private static void awaitClock() {
            long now = System.currentTimeMillis();
            while (System.currentTimeMillis() <= now) {
                Thread.onSpinWait();
            }
        }

        private void tell(Place newest, Place seen, Place end) {
            awaitClock();
            same(end, history(newest, seen, 0));
        }

        private void read(Place seen, List<Place> expected) {
            List<?> messages = (List<?>) history(Place.NOWHERE, seen, 100).get(2);
            assertThat(messages).hasSameSizeAs(expected);
            for (int i = 0; i < expected.size(); i++) {
                Place place = expected.get(i);
                assertThat((String) messages.get(i))
                        .startsWith("{\"epoch\":\"" + epochs.get(place.epoch) + "\",\"offset\":" + place.offset + ",")
                        .endsWith("\"data\":" + place.message + "}");
            }
        }

        private List<?> history(Place newest, Place seen, int limit) {
            return (List<?>) redis.eval(
                    HISTORY.text(),
                    KEYS,
                    List.of(
                            fresh(),
                            epochs.get(newest.epoch),
                            text(newest.offset),
                            LONG,
                            epochs.get(seen.epoch),
                            text(seen.offset),
                            times.get(seen.message),
                            LONG,
                            "since",
                            text(seen.offset),
                            text(limit),
                            LONG,
                            LONG,
                            "100"));
        }

        private void same(Place place, List<?> answer) {
            String epoch = (String) answer.get(0);
            assertThat(epochs.computeIfAbsent(place.epoch, unknown -> epoch)).isEqualTo(epoch);
            assertThat(epochs.values()).doesNotHaveDuplicates();
            assertThat(answer.get(1)).isEqualTo(text(place.offset));
        }

        private void takeSnapshot() {
            copy("", "snapshot-");
        }

        private void restore(boolean empty) {
            copy(empty ? "nothing-" : "snapshot-", "");
        }

        private void copy(String from, String to) {
            for (String key : KEYS) {
                redis.del(to + key);
                redis.copy(from + key, to + key, true);
            }
        }

        private String fresh() {
            return "fresh-" + fresh++;
        }

        private static String text(int number) {
            return Integer.toString(number);
        }
    }
}
