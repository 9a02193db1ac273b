package io.seleucia.chat.faults;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.RedisClient;

/** What can go wrong, and how it is made to. */
enum Fault {
    /** A client's connection is reset. */
    CUT_CLIENT(4, 0, (site, members, random) -> cut(oneOf(members, random), Duration.ZERO)),
    /** A client's connection is reset, and the client stays away for a while. */
    AWAY_CLIENT(4, 0, (site, members, random) -> cut(oneOf(members, random), Duration.ofMillis(random.nextInt(8_000)))),
    /** A client stops reading: its connection, from which it comes back by another, or its program. */
    STALL_CLIENT(3, 8_000, (site, members, random) -> stall(oneOf(members, random))),
    /** A server is killed with -9 and started again. */
    KILL_SERVER(4, 1_000, (site, members, random) -> kill(oneOf(site.servers(), random))),
    /** The same, and nobody has heard what it said just before. */
    KILL_SERVER_UNHEARD(3, 400, (site, members, random) -> killUnheard(oneOf(site.servers(), random), members)),
    /** A server is told to end, and started again. */
    DRAIN_SERVER(2, 500, (site, members, random) -> drain(oneOf(site.servers(), random))),
    /** Redis is killed with -9 and started again. */
    KILL_REDIS(2, 2_000, (site, members, random) -> new Stroke(site.redis(), site.redis()::kill, site.redis()::start)),
    /** Redis stands still. */
    FREEZE_REDIS(
            2, 4_000, (site, members, random) -> new Stroke(site.redis(), site.redis()::freeze, site.redis()::thaw)),
    /** All pub/sub connections are closed by Redis. */
    CUT_PUBSUB(
            4,
            0,
            (site, members, random) ->
                    new Stroke(site.redis(), () -> command(site, "CLIENT", "KILL", "TYPE", "pubsub"), Act.NONE)),
    /** Between one server and Redis everything takes longer. */
    DELAY_REDIS(
            3,
            4_000,
            (site, members, random) ->
                    delay(oneOf(site.proxies(), random), Duration.ofMillis(50 + random.nextInt(1_200)))),
    /** Between one server and Redis nothing gets through. */
    BLACK_HOLE_REDIS(3, 5_000, (site, members, random) -> hide(oneOf(site.proxies(), random))),
    /** All connections of one server to Redis are reset. */
    CUT_REDIS(2, 0, (site, members, random) -> cut(oneOf(site.proxies(), random))),
    /** On a network, nothing comes through between one server and Redis, in one direction or both. */
    PART_REDIS(3, 5_000, (site, members, random) -> part(site, oneOf(Site.SERVERS, random), Site.REDIS, random)),
    /** On a network, nothing comes through between some clients and one server, in one direction or both. */
    PART_CLIENTS(
            5,
            7_000,
            (site, members, random) -> part(site, oneOf(Site.CLIENTS, random), oneOf(Site.SERVERS, random), random)),
    /** Redis forgets everything. */
    FLUSH_REDIS(1, 0, (site, members, random) -> new Stroke(site.redis(), () -> command(site, "FLUSHALL"), Act.NONE)),
    /** Redis is killed with -9 and knows what it knew a moment ago. */
    ROLL_BACK_REDIS(
            2,
            2_000,
            (site, members, random) -> new Stroke(site.redis(), site.rollbacks()::take, site.rollbacks()::putBack)),
    /** Redis is killed with -9 and knows what it knew when it was put back last. */
    ROLL_BACK_REDIS_AGAIN(
            3, 0, (site, members, random) -> new Stroke(site.redis(), site.rollbacks()::putBackAgain, Act.NONE)),
    /** Redis is replaced by one that knows what it knew at any former moment. */
    ROLL_BACK_REDIS_FURTHER(1, 0, (site, members, random) -> putBackFormer(site, random.nextInt(Integer.MAX_VALUE))),
    /** Redis is killed with -9 and knows nothing. */
    EMPTY_REDIS(1, 0, (site, members, random) -> new Stroke(site.redis(), site.rollbacks()::empty, Act.NONE)),
    /** A server is killed with -9 while the one that was killed before starts again. */
    REPLACE_SERVER(6, 1_500, (site, members, random) -> replace(site, members, random)),
    /** What somebody has said, or all that was said in a channel, is deleted. */
    DELETE(20, 400, (site, members, random) -> delete(site, members, random)),
    /** The clock of Redis or of a server jumps, by up to some minutes or hours. */
    JUMP_CLOCK(6, 0, (site, members, random) -> jump(oneOf(site.clocks(), random), random));

    /** After which nothing that was acknowledged may be missing, and nothing need be said to be lost. */
    static final Set<Fault> HARMLESS = Set.of(
            CUT_CLIENT,
            AWAY_CLIENT,
            STALL_CLIENT,
            KILL_SERVER,
            KILL_SERVER_UNHEARD,
            DRAIN_SERVER,
            KILL_REDIS,
            FREEZE_REDIS,
            CUT_PUBSUB,
            DELAY_REDIS,
            BLACK_HOLE_REDIS,
            CUT_REDIS);

    /** Those of a network, which are harmless too. */
    static final Set<Fault> PARTITIONS = Set.of(PART_REDIS, PART_CLIENTS);

    /** Those that need no Redis. */
    static final Set<Fault> WITHOUT_REDIS =
            Set.of(CUT_CLIENT, AWAY_CLIENT, STALL_CLIENT, KILL_SERVER, KILL_SERVER_UNHEARD, DRAIN_SERVER);

    /** After which what was acknowledged may be gone, but must be said to be. No server dies that knows more. */
    static final Set<Fault> ROLLBACKS = Set.of(
            CUT_CLIENT,
            AWAY_CLIENT,
            STALL_CLIENT,
            CUT_PUBSUB,
            ROLL_BACK_REDIS,
            ROLL_BACK_REDIS_AGAIN,
            ROLL_BACK_REDIS_FURTHER,
            EMPTY_REDIS);

    /** Those of a site with a server more than is running. */
    static final Set<Fault> REPLACEMENTS = Set.of(CUT_CLIENT, STALL_CLIENT, CUT_PUBSUB, REPLACE_SERVER);

    /** Deletions, and what has members recover. */
    static final Set<Fault> DELETIONS =
            Set.of(CUT_CLIENT, AWAY_CLIENT, STALL_CLIENT, KILL_SERVER, DRAIN_SERVER, DELETE);

    /** Those of a site with clocks. */
    static final Set<Fault> CLOCKS =
            Set.of(CUT_CLIENT, AWAY_CLIENT, KILL_SERVER, DRAIN_SERVER, KILL_REDIS, CUT_PUBSUB, CUT_REDIS, JUMP_CLOCK);

    private static final Map<String, String> SMALL_CHANNELS = Map.of( // one in which that member talks
            "ada", "nook", "bob", "den", "cyd", "den", "dan", "yard", "eve", "yard", "fay", "nook");

    /** Something that may fail. */
    @FunctionalInterface
    interface Act {
        Act NONE = () -> {};

        void run() throws Exception;
    }

    /**
     * One fault, from its beginning to its end.
     *
     * @param target which nothing else happens to meanwhile
     */
    record Stroke(Object target, Act begin, Act end) {}

    @FunctionalInterface
    private interface Aim {
        Stroke at(Site site, List<Member> members, Random random);
    }

    private final int weight;
    private final int longestMillis;
    private final Aim aim;

    Fault(int weight, int longestMillis, Aim aim) {
        this.weight = weight;
        this.longestMillis = longestMillis;
        this.aim = aim;
    }

    /** How often it comes, compared to others. */
    int weight() {
        return weight;
    }

    /** How long it lasts. */
    Duration lasting(Random random) {
        return Duration.ofMillis(random.nextInt(longestMillis + 1));
    }

    /** Chooses whom it hits. */
    Stroke aimed(Site site, List<Member> members, Random random) {
        return aim.at(site, members, random);
    }

    private static <T> T oneOf(List<T> all, Random random) {
        return all.get(random.nextInt(all.size()));
    }

    private static Stroke cut(Member member, Duration away) {
        return new Stroke(member, () -> member.cut(away), Act.NONE);
    }

    private static Stroke stall(Member member) {
        AtomicReference<Runnable> end = new AtomicReference<>();
        return new Stroke(end, () -> end.set(member.stall()), () -> end.get().run());
    }

    private static Stroke kill(ServerProcess server) {
        return new Stroke(server, server::kill, server::start);
    }

    private static Stroke killUnheard(ServerProcess server, List<Member> members) {
        return new Stroke(server, () -> members.forEach(Member::deafen), () -> {
            server.kill();
            members.forEach(member -> member.cut(Duration.ZERO));
            server.start();
        });
    }

    private static Stroke drain(ServerProcess server) {
        return new Stroke(server, server::drain, server::start);
    }

    private static Stroke putBackFormer(Site site, int which) {
        return new Stroke(site.redis(), () -> site.rollbacks().putBackFormer(which), Act.NONE);
    }

    /** As soon as the new one listens, members go over to it, and what they leave behind at the others ends soon after. */
    private static Stroke replace(Site site, List<Member> members, Random random) {
        Duration later = Duration.ofMillis(random.nextInt(2_500));
        int which = random.nextInt(site.servers().size() - 1);
        List<Runnable> ends = new CopyOnWriteArrayList<>();
        Act act = () -> {
            List<ServerProcess> living =
                    site.servers().stream().filter(ServerProcess::isAlive).toList();
            CompletableFuture<Void> killed = CompletableFuture.runAsync(
                    living.get(which)::kill,
                    CompletableFuture.delayedExecutor(later.toMillis(), TimeUnit.MILLISECONDS));
            for (ServerProcess server : site.servers()) {
                if (!living.contains(server)) {
                    server.start();
                }
            }
            members.forEach(member -> ends.add(member.stall()));
            killed.join();
        };
        return new Stroke("the servers", act, () -> ends.forEach(Runnable::run));
    }

    /**
     * Half of the members are away when what another has said is deleted, and come back meanwhile or soon afterwards. The
     * others are silent from a little before that until it is done, so that what is deleted was said last.
     */
    private static Stroke delete(Site site, List<Member> members, Random random) {
        Duration away = Duration.ofMillis(200 + random.nextInt(500));
        boolean orderly = random.nextInt(3) == 0;
        List<Member> leaving = members.stream()
                .filter(member -> member.keepsOrder() == orderly)
                .toList();
        List<Member> staying =
                members.stream().filter(member -> !leaving.contains(member)).toList();
        Member speaker = oneOf(staying, random);
        String channel = SMALL_CHANNELS.get(speaker.name());
        String order = random.nextInt(4) == 0 ? "delete " + channel : "deleteFrom " + speaker.name();
        ServerProcess server = oneOf(site.servers(), random);
        Glimpse glimpse = new Glimpse(oneOf(site.ports(), random), channel);
        Act begin = () -> {
            leaving.forEach(member -> member.cut(away));
            members.forEach(member -> member.talk(member == speaker));
        };
        Act end = () -> {
            speaker.talk(false);
            site.deletions().carryOut(server, order, glimpse);
            members.forEach(member -> member.talk(true));
        };
        return new Stroke("deletions", begin, end);
    }

    private static Stroke jump(FakeClock clock, Random random) {
        int most = random.nextBoolean() ? 300 : 6 * 3_600; // seconds
        Duration offset = Duration.ofSeconds(random.nextInt(2 * most) - most);
        return new Stroke(clock, () -> clock.jump(offset), Act.NONE);
    }

    private static Stroke delay(FaultyProxy proxy, Duration by) {
        return new Stroke(proxy, () -> proxy.delay(by), proxy::pass);
    }

    private static Stroke hide(FaultyProxy proxy) {
        return new Stroke(proxy, proxy::blackHole, proxy::pass);
    }

    private static Stroke cut(FaultyProxy proxy) {
        return new Stroke(proxy, proxy::cut, Act.NONE);
    }

    private static Stroke part(Site site, String one, String other, Random random) {
        Network network = site.network();
        Act begin = switch (random.nextInt(4)) {
            case 0 -> () -> network.cutOneWay(one, other);
            case 1 -> () -> network.cutOneWay(other, one);
            default -> () -> network.cut(one, other);
        };
        return new Stroke(List.of(one, other), begin, () -> network.heal(one, other));
    }

    private static void command(Site site, String name, String... arguments) {
        CommandArguments command = new CommandArguments(Protocol.Command.valueOf(name));
        for (String argument : arguments) {
            command.add(argument);
        }
        try (RedisClient client = site.redis().client()) {
            client.executeCommand(command);
        }
    }
}
