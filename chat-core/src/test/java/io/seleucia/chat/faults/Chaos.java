package io.seleucia.chat.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Random faults, chosen by one thread, each carried out by a thread of its own, so that they overlap, but for those that
 * hit the same target.
 */
final class Chaos {
    private static final int LONGEST_PAUSE_MILLIS = 1_200;

    private final Site site;
    private final List<Member> members;
    private final List<Fault> pack = new ArrayList<>(); // each as often as it weighs
    private final List<Fault> deck = new ArrayList<>(); // what is left of the pack, or of one of each, shuffled
    private final Set<Fault> missing; // those that have not come yet
    private final List<Fault> postponed = new ArrayList<>(); // those that could not, when they were drawn
    private final Random random;
    private final Map<Fault, Integer> counts = new EnumMap<>(Fault.class);
    private final Set<Object> struck = ConcurrentHashMap.newKeySet();
    private final CountDownLatch over = new CountDownLatch(1);
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    Chaos(Site site, List<Member> members, Set<Fault> faults, long seed) {
        this.site = site;
        this.members = members;
        this.random = new Random(seed);
        this.missing = EnumSet.copyOf(faults);
        for (Fault fault : Fault.values()) {
            for (int i = 0; faults.contains(fault) && i < fault.weight(); i++) {
                pack.add(fault);
            }
        }
        deck.addAll(missing);
        Collections.shuffle(deck, random);
    }

    /** Strikes for as long as that, with each fault at least once, and returns when everything works again. */
    void rage(Duration duration) throws InterruptedException {
        List<Thread> strokes = new ArrayList<>();
        long end = System.nanoTime() + duration.toNanos();
        while ((System.nanoTime() - end < 0 || !missing.isEmpty()) && failure.get() == null) {
            strike(draw(), strokes);
            over.await(random.nextInt(LONGEST_PAUSE_MILLIS), TimeUnit.MILLISECONDS);
        }
        over.countDown();
        for (Thread stroke : strokes) {
            stroke.join();
        }
        if (failure.get() != null) {
            throw new AssertionError("a fault could not be brought about, or mended", failure.get());
        }
    }

    private Fault draw() {
        if (!postponed.isEmpty() && random.nextBoolean()) {
            return postponed.removeFirst();
        }
        if (deck.isEmpty()) {
            deck.addAll(pack);
            Collections.shuffle(deck, random);
        }
        return deck.removeLast();
    }

    /** Carries out a fault. If something else happens to its target now, it is left out, or left for later the first time. */
    private void strike(Fault fault, List<Thread> strokes) {
        Fault.Stroke stroke = fault.aimed(site, members, random);
        Duration lasting = fault.lasting(random);
        if (struck.add(stroke.target())) {
            missing.remove(fault);
            counts.merge(fault, 1, Integer::sum);
            strokes.add(Thread.ofVirtual().name("fault-" + fault).start(() -> carryOut(stroke, lasting)));
        } else if (missing.contains(fault)) {
            postponed.add(fault);
        }
    }

    private void carryOut(Fault.Stroke stroke, Duration lasting) {
        try {
            stroke.begin().run();
            over.await(lasting.toMillis(), TimeUnit.MILLISECONDS);
            stroke.end().run();
        } catch (Exception | AssertionError e) {
            failure.compareAndSet(null, e);
        } finally {
            struck.remove(stroke.target());
        }
    }

    /** How often each fault came. */
    Map<Fault, Integer> counts() {
        return counts;
    }
}
