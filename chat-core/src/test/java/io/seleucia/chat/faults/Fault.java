package io.seleucia.chat.faults;

import static io.seleucia.chat.faults.Strokes.command;
import static io.seleucia.chat.faults.Strokes.cut;
import static io.seleucia.chat.faults.Strokes.delay;
import static io.seleucia.chat.faults.Strokes.delete;
import static io.seleucia.chat.faults.Strokes.drain;
import static io.seleucia.chat.faults.Strokes.fillDisk;
import static io.seleucia.chat.faults.Strokes.hide;
import static io.seleucia.chat.faults.Strokes.jump;
import static io.seleucia.chat.faults.Strokes.jumpAfterDeath;
import static io.seleucia.chat.faults.Strokes.jumpInSilence;
import static io.seleucia.chat.faults.Strokes.kill;
import static io.seleucia.chat.faults.Strokes.killUnheard;
import static io.seleucia.chat.faults.Strokes.oneOf;
import static io.seleucia.chat.faults.Strokes.part;
import static io.seleucia.chat.faults.Strokes.putBackFormer;
import static io.seleucia.chat.faults.Strokes.replace;
import static io.seleucia.chat.faults.Strokes.stall;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;

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
    /** The same, and once more to the same moment, when people have talked for a while. */
    ROLL_BACK_REDIS_TWICE(
            3,
            1_500,
            (site, members, random) ->
                    new Stroke(site.redis(), site.rollbacks()::take, site.rollbacks()::putBackTwice)),
    /** Redis is replaced by one that knows what it knew at any former moment. */
    ROLL_BACK_REDIS_FURTHER(1, 0, (site, members, random) -> putBackFormer(site, random.nextInt(Integer.MAX_VALUE))),
    /** Redis is killed with -9 and knows nothing. */
    EMPTY_REDIS(1, 0, (site, members, random) -> new Stroke(site.redis(), site.rollbacks()::empty, Act.NONE)),
    /** A server is killed with -9 while the one that was killed before starts again. */
    REPLACE_SERVER(6, 1_500, (site, members, random) -> replace(site, members, random)),
    /** What somebody has said, or all that was said in a channel, is deleted. */
    DELETE(20, 400, (site, members, random) -> delete(site, members, random)),
    /** The disk of a server with a journal is full for a while. */
    FULL_DISK(4, 1_500, (site, members, random) -> fillDisk(site, random)),
    /** The clock of Redis or of a server jumps, by up to some minutes or hours. */
    JUMP_CLOCK(6, 2_500, (site, members, random) -> jump(site, oneOf(site.clocks(), random), random)),
    /** The clock of Redis goes forward while a server is not heard of. */
    JUMP_IN_SILENCE(6, 0, (site, members, random) -> jumpInSilence(site, random)),
    /** The clock of Redis goes back when a server has died. */
    JUMP_AFTER_DEATH(6, 0, (site, members, random) -> jumpAfterDeath(site, random));

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
            ROLL_BACK_REDIS_TWICE,
            ROLL_BACK_REDIS_FURTHER,
            EMPTY_REDIS);

    /** After which an offset may be another message's. */
    static final Set<Fault> FORGETFUL =
            Set.of(FLUSH_REDIS, ROLL_BACK_REDIS, ROLL_BACK_REDIS_TWICE, ROLL_BACK_REDIS_FURTHER, EMPTY_REDIS);

    /** Those of a site with a server more than is running. */
    static final Set<Fault> REPLACEMENTS = Set.of(CUT_CLIENT, STALL_CLIENT, CUT_PUBSUB, REPLACE_SERVER);

    /** Deletions, and what has members recover. */
    static final Set<Fault> DELETIONS =
            Set.of(CUT_CLIENT, AWAY_CLIENT, STALL_CLIENT, KILL_SERVER, DRAIN_SERVER, DELETE);

    /** Those of a journal's disk. */
    static final Set<Fault> DISK = Set.of(CUT_CLIENT, AWAY_CLIENT, KILL_SERVER, DRAIN_SERVER, FULL_DISK);

    /** Those of a site with clocks. */
    static final Set<Fault> CLOCKS =
            Set.of(CUT_CLIENT, AWAY_CLIENT, KILL_SERVER, DRAIN_SERVER, KILL_REDIS, CUT_PUBSUB, CUT_REDIS, JUMP_CLOCK);

    /** Those by which a clock may say wrongly which servers are dead. Nothing else is to keep servers from being sure. */
    static final Set<Fault> CLOCKS_OF_THE_DEAD = Set.of(CUT_CLIENT, CUT_PUBSUB, JUMP_IN_SILENCE, JUMP_AFTER_DEATH);

    /** Those that need no Redis. */
    static final Set<Fault> CLOCKS_WITHOUT_REDIS =
            Set.of(CUT_CLIENT, AWAY_CLIENT, KILL_SERVER, DRAIN_SERVER, JUMP_CLOCK);

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
}
