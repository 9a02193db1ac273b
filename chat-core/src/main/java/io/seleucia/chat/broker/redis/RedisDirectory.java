package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Bulkhead;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.memory.Sizes;
import io.seleucia.chat.message.ChannelEntry;
import io.seleucia.chat.message.Names;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The names of all channels in Redis, in order, in one sorted set. It may have names of channels that have ended: what a
 * channel has is read from its own keys. A server adds a name when a client joins the channel or publishes there, again a
 * minute later, and every few minutes while the server follows the channel. Names of channels that have nothing are removed
 * when a listing or a sweep meets them.
 *
 * <p>Threads: {@code redis-directory} adds names, {@code redis-directory-renewal} has those of the followed channels added
 * again, {@code redis-directory-sweep} looks at all names in turn, a few at a time: at
 * once an hour, or at 90,000 an hour if there are more.
 */
final class RedisDirectory {
    private static final Logger LOG = System.getLogger(RedisDirectory.class.getName());
    private static final int MAX_CHANNELS = 1_000_000;
    private static final int MAX_KNOWN = 100_000; // names that this server need not add again
    private static final int NAME_BYTES = 100; // besides the text
    private static final int BATCH = 250; // names in one round trip
    private static final int SMALL_BATCH = 10; // of a listing, at least
    private static final int MAX_LISTINGS = 8; // read at the same time
    private static final Duration RENEWAL = Duration.ofMinutes(5);
    private static final Duration FORGETTING = Duration.ofMinutes(1);
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final Duration SWEEP_PAUSE = Duration.ofSeconds(10);
    private static final int SWEEPS = 360; // in which all names are met, unless there are too many
    private static final LuaScript ADD = LuaScript.of("directory.lua");
    private static final LuaScript ENTRY = LuaScript.of("dead.lua", "entry.lua");

    private final Commands commands;
    private final RedisKeys keys;
    private final ChannelRetention retentions;
    private final Supplier<String> dead;
    private final Collection<String> followed;
    private final MemoryBudget memory;
    private final CountDownLatch closed;
    private final Set<String> known = ConcurrentHashMap.newKeySet(); // added, or waiting; charged
    private final LinkedBlockingQueue<String> waiting = new LinkedBlockingQueue<>();
    private final Bulkhead<UnavailableException> listings = Commands.bulkhead(MAX_LISTINGS);
    private long forgottenAt = System.nanoTime(); // used by the adding thread
    private String swept = ""; // the last name that was met; used by the sweeping thread

    /**
     * @param dead returns the dead servers, as scripts take them
     * @param followed the channels that this server follows: a view
     */
    RedisDirectory(
            Commands commands,
            RedisKeys keys,
            ChannelRetention retentions,
            Supplier<String> dead,
            Collection<String> followed,
            MemoryBudget memory,
            CountDownLatch closed) {
        this.commands = commands;
        this.keys = keys;
        this.retentions = retentions;
        this.dead = dead;
        this.followed = followed;
        this.memory = memory;
        this.closed = closed;
    }

    void start() {
        Thread.ofVirtual().name("redis-directory").start(() -> {
            Loop.run(LOG, "the directory of channels", this::isOpen, this::addWaiting);
            forgetAll();
        });
        Thread.ofVirtual()
                .name("redis-directory-renewal")
                .start(() -> Loop.run(LOG, "renewing the directory of channels", this::isOpen, this::renew));
        Thread.ofVirtual()
                .name("redis-directory-sweep")
                .start(() -> Loop.every(SWEEP_PAUSE, LOG, "sweeping the directory", closed, this::sweep));
    }

    private boolean isOpen() {
        return closed.getCount() > 0;
    }

    /** Returns whether {@link #note} would have no effect. */
    boolean knows(String channel) {
        return known.contains(channel) || Names.isInbox(channel);
    }

    /** Notes that a channel has clients or messages, so that it is added soon. Does not block; cheap if that is known. */
    void note(String channel) {
        if (knows(channel) || waiting.size() >= MAX_KNOWN) {
            return; // in the second case it is added when it is used again
        }
        if (known.size() >= MAX_KNOWN) {
            forgetAll();
        }
        if (known.add(channel)) {
            memory.charge(Part.CHANNELS, bytes(channel));
            waiting.add(channel);
        }
    }

    /** Notes that a channel may have nothing now, so that its name may be removed: it is added again at its next use. */
    void forget(String channel) {
        if (known.remove(channel)) {
            memory.charge(Part.CHANNELS, -bytes(channel));
        }
    }

    /** Has all names added again at their next use. */
    void forgetAll() {
        known.forEach(this::forget);
    }

    private static long bytes(String channel) {
        return NAME_BYTES + Sizes.ofText(channel);
    }

    private void addWaiting() throws InterruptedException {
        String first = waiting.poll(RETRY.toMillis(), TimeUnit.MILLISECONDS);
        if (System.nanoTime() - forgottenAt > FORGETTING.toNanos()) {
            forgottenAt = System.nanoTime(); // another server may have removed some in error
            forgetAll();
        }
        if (first == null) {
            return;
        }
        List<String> names = new ArrayList<>(List.of(first));
        waiting.drainTo(names, BATCH - 1);
        if (!add(names)) {
            waiting.addAll(names.stream().filter(known::contains).toList()); // others may be added again by now
            closed.await(RETRY.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** Adds names. Returns whether Redis has them; a failure concerns nothing else, and shows where the names matter. */
    private boolean add(List<String> names) {
        List<String> arguments = new ArrayList<>(
                Commands.texts(MAX_CHANNELS, retentions.longestPositions().toMillis()));
        arguments.addAll(names);
        return !commands.runEach(
                        List.of(names),
                        some -> keys.directory(),
                        (pipeline, key, some) -> pipeline.eval(ADD.text(), List.of(key), arguments))
                .isEmpty();
    }

    private void renew() throws InterruptedException {
        PacedScan.go(followed, RENEWAL, closed, names -> {
            List<String> listed =
                    names.stream().filter(name -> !Names.isInbox(name)).toList();
            if (!listed.isEmpty()) {
                add(listed);
            }
        });
    }

    /** Returns a page of the channels that have clients or messages. */
    Broker.Listing list(String prefix, String after, int limit, Predicate<String> wanted) throws UnavailableException {
        listings.enter();
        try {
            return new Page(prefix, after, limit, wanted).read();
        } finally {
            listings.leave();
        }
    }

    /** A page that is being read. It reads about as many names and channels as it may have, more only if some are not wanted. */
    private final class Page {
        private final String prefix;
        private final int limit;
        private final Predicate<String> wanted;
        private final long deadline = System.nanoTime() + Broker.Listing.MAX_TIME.toNanos();
        private final List<ChannelEntry> page = new ArrayList<>();
        private String last; // the name that was looked at last
        private int looked;
        private long characters;

        private Page(String prefix, String after, int limit, Predicate<String> wanted) {
            this.prefix = prefix;
            this.last = after;
            this.limit = Math.max(0, limit);
            this.wanted = wanted;
        }

        private Broker.Listing read() throws UnavailableException {
            int count = Math.clamp(limit + 1L, SMALL_BATCH, BATCH);
            while (true) {
                List<String> names = names(from(), count);
                List<String> matching =
                        names.stream().filter(name -> name.startsWith(prefix)).toList();
                int seen = look(matching);
                if (seen < 0) {
                    return new Broker.Listing(page, Optional.of(last));
                }
                boolean end = names.size() < count || matching.size() < names.size();
                if (end && seen == matching.size()) {
                    return new Broker.Listing(page, Optional.empty());
                }
                if (isOver()) {
                    return new Broker.Listing(page, Optional.of(last));
                }
                count = Math.min(2 * count, BATCH);
            }
        }

        private String from() {
            boolean behind = ChannelEntry.ORDER.compare(last, prefix) >= 0 && !last.isEmpty();
            return behind ? "(" + last : prefix.isEmpty() ? "-" : "[" + prefix;
        }

        private boolean isOver() {
            return looked >= Broker.Listing.MAX_NAMES || looked > 0 && System.nanoTime() - deadline > 0;
        }

        /** Looks at names, as many as may be needed; returns how many. Returns -1 if the page is full before the next one. */
        private int look(List<String> names) throws UnavailableException {
            List<String> some = new ArrayList<>();
            int seen = 0;
            while (seen < names.size() && some.size() <= limit - page.size() && !isOver()) {
                String name = names.get(seen++);
                looked++;
                if (wanted.test(name)) {
                    some.add(name);
                }
            }
            Map<String, ChannelEntry> entries = entries(some);
            removeEmpty(entries.values());
            for (String name : names.subList(0, seen)) {
                ChannelEntry entry = entries.get(name);
                if (entry != null && !isEmpty(entry)) {
                    if (page.size() >= limit || characters >= Broker.Listing.MAX_CHARS) {
                        return -1;
                    }
                    page.add(entry);
                    characters += entry.length();
                }
                last = name;
            }
            return seen;
        }
    }

    private List<String> names(String from, int count) throws UnavailableException {
        return commands.run(keys.directory(), pipeline -> pipeline.zrangeByLex(keys.directory(), from, "+", 0, count));
    }

    /** Reads the entries of channels. Each is read in one step. */
    private Map<String, ChannelEntry> entries(List<String> channels) throws UnavailableException {
        String deadServers = dead.get();
        Map<String, ChannelEntry> entries = new HashMap<>();
        commands.runEach(
                        channels,
                        keys::log,
                        (pipeline, log, channel) ->
                                pipeline.evalsha(ENTRY.sha1(), keysOf(channel), arguments(channel, deadServers)))
                .forEach((channel, reply) -> entries.put(channel, entry(channel, reply)));
        for (String channel : channels) { // its node has yet to learn the script, or the channel moves
            if (!entries.containsKey(channel)) {
                entries.put(
                        channel,
                        entry(channel, commands.run(ENTRY, false, keysOf(channel), arguments(channel, deadServers))));
            }
        }
        return entries;
    }

    private List<String> arguments(String channel, String deadServers) {
        return Commands.texts(deadServers, retentions.of(channel).age().toMillis());
    }

    private List<String> keysOf(String channel) {
        return List.of(keys.log(channel), keys.info(channel), keys.presence(channel));
    }

    private static ChannelEntry entry(String channel, Object reply) {
        List<?> fields = (List<?>) reply;
        return new ChannelEntry(
                channel,
                Integer.parseInt((String) fields.get(0)),
                Long.parseLong((String) fields.get(1)),
                RedisInfos.info((List<?>) fields.get(2))
                        .filter(info -> info.json().isPresent()));
    }

    private static boolean isEmpty(ChannelEntry entry) {
        return entry.clients() == 0 && entry.time() == 0;
    }

    /**
     * Removes the channels that have nothing, and adds those again that have something after that: the keys of the two may be
     * on two nodes. Failures are left to the next time.
     */
    private void removeEmpty(Collection<ChannelEntry> entries) {
        List<String> empty = entries.stream()
                .filter(RedisDirectory::isEmpty)
                .map(ChannelEntry::channel)
                .toList();
        if (empty.isEmpty()) {
            return;
        }
        try {
            commands.run(keys.directory(), pipeline -> pipeline.zrem(keys.directory(), empty.toArray(String[]::new)));
            List<String> begun = entries(empty).values().stream()
                    .filter(entry -> !isEmpty(entry))
                    .map(ChannelEntry::channel)
                    .toList();
            if (!begun.isEmpty()) {
                add(begun);
            }
        } catch (UnavailableException e) {
            LOG.log(Level.DEBUG, () -> "names of channels are removed later: " + e.getMessage());
        }
    }

    /** Looks at the next names, and removes those of channels that have nothing. */
    void sweep() {
        try {
            long all = commands.run(keys.directory(), pipeline -> pipeline.zcard(keys.directory()));
            int part = (int) Math.min(all / SWEEPS + 1, BATCH);
            List<String> names = names(swept.isEmpty() ? "-" : "(" + swept, part);
            swept = names.isEmpty() ? "" : names.getLast();
            removeEmpty(entries(names).values());
        } catch (UnavailableException e) {
            LOG.log(Level.DEBUG, () -> "sweeping the directory later: " + e.getMessage());
        }
    }
}
