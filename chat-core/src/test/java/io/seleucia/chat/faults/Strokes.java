package io.seleucia.chat.faults;

import static io.seleucia.chat.Eventually.eventuallyGet;

import io.seleucia.chat.faults.Fault.Act;
import io.seleucia.chat.faults.Fault.Stroke;
import java.io.IOException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.RedisClient;

/** How each {@link Fault} is brought about and mended. */
final class Strokes {
    private static final Map<String, String> SMALL_CHANNELS = Map.of( // one in which that member talks
            "ada", "nook", "bob", "den", "cyd", "den", "dan", "yard", "eve", "yard", "fay", "nook");

    private Strokes() {}

    static <T> T oneOf(List<T> all, Random random) {
        return all.get(random.nextInt(all.size()));
    }

    static Stroke cut(Member member, Duration away) {
        return new Stroke(member, () -> member.cut(away), Act.NONE);
    }

    static Stroke stall(Member member) {
        AtomicReference<Runnable> end = new AtomicReference<>();
        return new Stroke(end, () -> end.set(member.stall()), () -> end.get().run());
    }

    static Stroke kill(ServerProcess server) {
        return new Stroke(server, server::kill, server::start);
    }

    static Stroke killUnheard(ServerProcess server, List<Member> members) {
        return new Stroke(server, () -> members.forEach(Member::deafen), () -> {
            server.kill();
            members.forEach(member -> member.cut(Duration.ZERO));
            server.start();
        });
    }

    static Stroke drain(ServerProcess server) {
        return new Stroke(server, server::drain, server::start);
    }

    static Stroke putBackFormer(Site site, int which) {
        return new Stroke(site.redis(), () -> site.rollbacks().putBackFormer(which), Act.NONE);
    }

    /**
     * The oldest server is sure of what it knows of others when the new one starts, half of the time while it is finding
     * out that the former one is dead. As soon as the new one listens, members and bystanders go over to it, and what they
     * leave behind at the others ends soon after. Most of the time the younger of the others dies.
     */
    static Stroke replace(Site site, List<Member> members, Random random) {
        Duration later = Duration.ofMillis(random.nextInt(2_500));
        boolean old = random.nextInt(5) == 0;
        Duration afterDeath =
                random.nextBoolean() ? Pace.SILENCE.plusNanos(random.nextLong(2 * Pace.BEAT.toNanos())) : Duration.ZERO;
        List<Runnable> ends = new CopyOnWriteArrayList<>();
        Act act = () -> {
            List<ServerProcess> living = byAge(site);
            ServerProcess next = site.servers().stream()
                    .filter(server -> !server.isAlive())
                    .findFirst()
                    .orElseThrow();
            ServerProcess dying = old ? living.getFirst() : living.getLast();
            Pace.awaitSure(living.getFirst());
            Pace.await(next.killedAt(), afterDeath);
            CompletableFuture<Void> killed = CompletableFuture.runAsync(
                    dying::kill, CompletableFuture.delayedExecutor(later.toMillis(), TimeUnit.MILLISECONDS));
            next.start();
            members.forEach(member -> ends.add(member.stall()));
            site.bystanders().goOver(next.port(), Pace.BEAT.dividedBy(2), random);
            killed.join();
        };
        return new Stroke("the servers", act, () -> {
            ends.forEach(Runnable::run);
            TimeUnit.NANOSECONDS.sleep(Pace.BEAT.multipliedBy(2).toNanos()); // so that what is wrong now can be seen
        });
    }

    /** Those that are running, oldest first. */
    private static List<ServerProcess> byAge(Site site) {
        return site.servers().stream()
                .filter(ServerProcess::isAlive)
                .sorted(Comparator.comparingLong(ServerProcess::startedAt))
                .toList();
    }

    /**
     * Half of the members are away when what another has said is deleted, and come back meanwhile or soon afterwards. The
     * others are silent from a little before that until it is done, so that what is deleted was said last.
     */
    static Stroke delete(Site site, List<Member> members, Random random) {
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

    /**
     * A few bytes still fit into each file, so that a record may be cut off. Half of the time that is behind the largest
     * file of the journal, which can then go on in another.
     */
    static Stroke fillDisk(Site site, Random random) {
        ServerProcess server = site.servers().getFirst();
        boolean behindTheLargest = random.nextBoolean();
        int left = random.nextInt(300);
        Act begin = () -> {
            server.limitFiles(Long.toString(left + (behindTheLargest ? site.largestFile() : 0)));
            if (!behindTheLargest) {
                eventuallyGet(() -> {
                    if (!server.status().flaw().contains("the journal can't be written")) {
                        throw new IOException("nothing has been written yet");
                    }
                    return null;
                });
            }
        };
        return new Stroke(server, begin, () -> server.limitFiles("unlimited"));
    }

    static Stroke jump(Site site, FakeClock clock, Random random) {
        int most = random.nextBoolean() ? 300 : 6 * 3_600; // seconds
        Duration offset = Duration.ofSeconds(random.nextInt(2 * most) - most);
        return new Stroke(clock, () -> clock.jump(offset), Act.NONE);
    }

    /**
     * Redis' clock goes forward while it has heard nothing of the younger server for a while: by so much that this server
     * seems to have been silent for too long, and the older one does not.
     */
    static Stroke jumpInSilence(Site site, Random random) {
        FakeClock clock = site.clocks().getFirst();
        Duration jump = Pace.SILENCE.minus(Pace.BEAT).minusMillis(700).truncatedTo(ChronoUnit.SECONDS);
        Duration before = Pace.BEAT.plusNanos(random.nextLong(Pace.BEAT.toNanos() / 2));
        Duration after = Pace.BEAT.plusSeconds(2); // until the older one has looked at it by the new time
        Act act = () -> {
            Pace.awaitSure(byAge(site).getFirst());
            FaultyProxy silent =
                    site.proxies().get(site.servers().indexOf(byAge(site).getLast()));
            silent.blackHole();
            TimeUnit.NANOSECONDS.sleep(before.toNanos());
            clock.advance(jump);
            TimeUnit.NANOSECONDS.sleep(after.toNanos());
            silent.pass();
        };
        return new Stroke(clock, act, Act.NONE);
    }

    /**
     * The younger server dies, and with it those that do not come back. Then Redis' clock goes back, so that the last
     * heartbeat is in the future.
     */
    static Stroke jumpAfterDeath(Site site, Random random) {
        FakeClock clock = site.clocks().getFirst();
        Duration back = Duration.ofMinutes(5 + random.nextInt(60));
        Act act = () -> {
            ServerProcess dying = byAge(site).getLast();
            Pace.awaitSure(byAge(site).getFirst());
            List<Bystander> gone = site.bystanders().mortals(dying.port());
            dying.kill();
            clock.advance(back.negated());
            dying.start();
            site.attendance().awaitForgotten(gone, Pace.FORGOTTEN);
        };
        return new Stroke(clock, act, Act.NONE);
    }

    static Stroke delay(FaultyProxy proxy, Duration by) {
        return new Stroke(proxy, () -> proxy.delay(by), proxy::pass);
    }

    static Stroke hide(FaultyProxy proxy) {
        return new Stroke(proxy, proxy::blackHole, proxy::pass);
    }

    static Stroke cut(FaultyProxy proxy) {
        return new Stroke(proxy, proxy::cut, Act.NONE);
    }

    static Stroke part(Site site, String one, String other, Random random) {
        Network network = site.network();
        Act begin = switch (random.nextInt(4)) {
            case 0 -> () -> network.cutOneWay(one, other);
            case 1 -> () -> network.cutOneWay(other, one);
            default -> () -> network.cut(one, other);
        };
        return new Stroke(List.of(one, other), begin, () -> network.heal(one, other));
    }

    static void command(Site site, String name, String... arguments) {
        CommandArguments command = new CommandArguments(Protocol.Command.valueOf(name));
        for (String argument : arguments) {
            command.add(argument);
        }
        try (RedisClient client = site.redis().client()) {
            client.executeCommand(command);
        }
    }
}
