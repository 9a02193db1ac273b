package io.seleucia.chat.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A model of how a connection is written to: two threads that offer, one that answers, the flusher, the outbound loop, a
 * thread that ends the connection, and a peer that reads slowly. Each step is one atomic operation of {@link OutboundQueue},
 * {@link WriteTurn}, {@link Flusher} and {@link ServedConnection}. All interleavings are gone through. Where nothing can go
 * on, everything that was accepted must be written, once and in order.
 */
class WritersModelTest {
    private enum Case {
        /** Two threads offer three frames, and the peer reads. */
        OFFERS(2, 1, false, false, false),
        /** The inbound loop answers meanwhile. */
        ANSWER(1, 1, true, false, false),
        /** The connection is ended meanwhile, after what waits. */
        END(2, 0, false, true, false),
        /** The connection is ended at once. */
        DISCARD(1, 1, false, true, true),
        /** All of it. */
        ALL(1, 0, true, true, false);

        private final int first;
        private final int second;
        private final boolean answers;
        private final boolean ends;
        private final boolean discards;

        Case(int first, int second, boolean answers, boolean ends, boolean discards) {
            this.first = first;
            this.second = second;
            this.answers = answers;
            this.ends = ends;
            this.discards = discards;
        }
    }

    private static final int ROOM = 1; // frames that the kernel takes before the peer reads
    private static final int BATCH = 2;
    private static final String LAST = "z";

    @ParameterizedTest
    @EnumSource
    void everythingIsWrittenOnceInOrder(Case of) {
        Set<String> seen = new HashSet<>();
        Deque<State> open = new ArrayDeque<>(List.of(new State(of)));
        int ends = 0;
        while (!open.isEmpty()) {
            State state = open.pop();
            if (!seen.add(state.key())) {
                continue;
            }
            List<State> next = state.next();
            if (next.isEmpty()) {
                ends++;
                state.checkEnd(of);
            }
            open.addAll(next);
        }
        assertThat(ends).isPositive();
        assertThat(seen).as("the model moves").hasSizeGreaterThan(1_000);
    }

    /** A queue's frames are letters: {@code a} and {@code b} of the first thread, {@code m} of the second, {@code x} the answer. */
    private static final class State {
        // the queue
        private boolean idle;
        private boolean ended;
        private String stack = ""; // the oldest first
        private String taken = "";
        private boolean closed;
        private boolean discard;
        private boolean finished;
        // the turn
        private int turn; // 0 free, 1 taken, 2 awaited
        // the flusher's list: 0 empty, 1 holds the connection, 2 the flusher is parked
        private int list;
        private boolean listed;
        // the kernel
        private int unread;
        private String written = "";
        private String rest = "";
        private String accepted = "";

        private boolean permit; // of the outbound loop
        private int flusher;
        private String batch = "";
        private boolean handedOver;
        private boolean left;
        private boolean more;
        private int loop;
        private boolean known;
        private String frame = "";
        private int answer;
        private boolean nothingWaits;
        private int closer;
        private final String[] toOffer = {"", "", ""};
        private final int[] offering = new int[3]; // a step of an offer
        private final boolean[] wasIdle = new boolean[3];

        State(Case of) {
            toOffer[0] = "ab".substring(0, of.first);
            toOffer[1] = "m".substring(0, of.second);
            answer = of.answers ? 0 : 9;
            closer = of.ends ? 0 : 9;
            discard = of.discards;
        }

        private State(State other) {
            idle = other.idle;
            ended = other.ended;
            stack = other.stack;
            taken = other.taken;
            closed = other.closed;
            discard = other.discard;
            finished = other.finished;
            turn = other.turn;
            list = other.list;
            listed = other.listed;
            unread = other.unread;
            written = other.written;
            rest = other.rest;
            accepted = other.accepted;
            permit = other.permit;
            flusher = other.flusher;
            batch = other.batch;
            handedOver = other.handedOver;
            left = other.left;
            more = other.more;
            loop = other.loop;
            known = other.known;
            frame = other.frame;
            answer = other.answer;
            nothingWaits = other.nothingWaits;
            closer = other.closer;
            for (int i = 0; i < 3; i++) {
                toOffer[i] = other.toOffer[i];
                offering[i] = other.offering[i];
                wasIdle[i] = other.wasIdle[i];
            }
        }

        private String key() {
            StringBuilder key = new StringBuilder(48);
            boolean[] flags = {
                idle,
                listed,
                ended,
                closed,
                finished,
                permit,
                handedOver,
                left,
                more,
                known,
                nothingWaits,
                wasIdle[0],
                wasIdle[1],
                wasIdle[2]
            };
            int bits = 1;
            for (boolean flag : flags) {
                bits = bits << 1 | (flag ? 1 : 0);
            }
            key.append((char) bits);
            int[] numbers = {turn, list, unread, flusher, loop, answer, closer, offering[0], offering[1], offering[2]};
            for (int number : numbers) {
                key.append((char) ('0' + number));
            }
            String[] texts = {stack, taken, written, rest, accepted, batch, frame, toOffer[0], toOffer[1], toOffer[2]};
            for (String text : texts) {
                key.append(text).append(',');
            }
            return key.toString();
        }

        /** The states after one step of each thread that can go on. */
        private List<State> next() {
            List<State> next = new ArrayList<>();
            Stream<Predicate<State>> threads = Stream.of(
                    state -> state.offer(0),
                    state -> state.offer(1),
                    State::answer,
                    State::close,
                    State::flush,
                    State::loop,
                    State::read);
            threads.forEach(thread -> {
                State state = new State(this);
                if (thread.test(state)) {
                    next.add(state);
                }
            });
            return next;
        }

        private boolean offer(int by) {
            switch (offering[by]) {
                case 0 -> { // the queue is found open
                    if (toOffer[by].isEmpty()) {
                        return false;
                    }
                    if (closed || ended) {
                        toOffer[by] = toOffer[by].substring(1);
                    } else {
                        offering[by] = 1;
                    }
                }
                case 1 -> { // the stack is exchanged
                    if (ended) {
                        offering[by] = 0;
                        return true;
                    }
                    wasIdle[by] = idle;
                    idle = false;
                    stack += toOffer[by].charAt(0);
                    accepted += toOffer[by].charAt(0);
                    toOffer[by] = toOffer[by].substring(1);
                    offering[by] = wasIdle[by] ? 2 : 0;
                }
                case 2 -> {
                    offering[by] = listed ? 0 : 3;
                    listed = true;
                }
                default -> {
                    addToList();
                    offering[by] = 0;
                }
            }
            return true;
        }

        private void addToList() {
            assertThat(list).as("the connection is in the list once").isNotEqualTo(1);
            list = 1;
        }

        private boolean answer() {
            switch (answer) {
                case 0 -> {
                    if (turn == 0) {
                        turn = 1;
                        answer = 1;
                    } else {
                        answer = 4;
                    }
                }
                case 1 -> {
                    nothingWaits = idle && !closed;
                    answer = nothingWaits ? 2 : 3;
                }
                case 2 -> {
                    if (unread == ROOM) {
                        return false;
                    }
                    accepted += "x";
                    toKernel("x");
                    answer = 3;
                }
                case 3 -> {
                    giveBack();
                    answer = nothingWaits ? 9 : 4;
                }
                case 4 -> {
                    toOffer[2] = "x";
                    answer = 5;
                }
                case 5 -> {
                    if (!offer(2)) {
                        answer = 9;
                    }
                }
                default -> {
                    return false;
                }
            }
            return true;
        }

        private boolean close() {
            switch (closer) {
                case 0 -> closed = true;
                case 1 -> permit = true;
                default -> {
                    return false;
                }
            }
            closer++;
            return true;
        }

        private boolean flush() {
            switch (flusher) {
                case 0 -> {
                    flusher = list == 1 ? 1 : 9;
                    list = list == 1 ? 0 : 2;
                }
                case 9 -> { // parked
                    if (list == 2) {
                        return false;
                    }
                    flusher = 0;
                }
                case 1 -> {
                    listed = false;
                    flusher = 7;
                }
                case 7 -> {
                    left = true;
                    more = false;
                    batch = "";
                    flusher = turn == 0 ? handedOver ? 5 : 2 : 6;
                    turn = turn == 0 ? 1 : turn;
                }
                case 2 -> { // polls, frame by frame
                    String polled = closed || batch.length() == BATCH ? "" : poll();
                    batch += polled;
                    if (polled.isEmpty()) {
                        flusher = batch.isEmpty() ? 4 : 3;
                    }
                }
                case 3 -> {
                    int n = Math.min(ROOM - unread, batch.length());
                    toKernel(batch.substring(0, n));
                    rest = batch.substring(n);
                    batch = "";
                    handedOver = !rest.isEmpty();
                    flusher = handedOver ? 5 : 4;
                }
                case 4 -> {
                    more = !rest();
                    flusher = 10;
                }
                case 10 -> {
                    left = closed;
                    flusher = 5;
                }
                case 5 -> {
                    giveBack();
                    flusher = 6;
                }
                case 6 -> {
                    flusher = 0;
                    if (left) {
                        permit = true;
                    } else if (more && !listed) {
                        listed = true;
                        flusher = 8;
                    }
                }
                default -> {
                    addToList();
                    flusher = 0;
                }
            }
            return true;
        }

        private boolean loop() {
            switch (loop) {
                case 0 -> loop = finished ? 9 : 1;
                case 1 -> loop = idle && !closed ? 2 : 3;
                case 2 -> { // parked
                    if (!permit) {
                        return false;
                    }
                    permit = false;
                    loop = 1;
                }
                case 3 -> {
                    loop = turn == 0 ? 5 : 4;
                    turn = turn == 0 ? 1 : 2;
                }
                case 4 -> {
                    if (turn == 2) {
                        return false;
                    }
                    loop = 3;
                }
                case 5 -> { // the rest, frame by frame
                    if (rest.isEmpty()) {
                        handedOver = false;
                        loop = 6;
                    } else if (unread == ROOM) {
                        return false;
                    } else {
                        toKernel(rest.substring(0, 1));
                        rest = rest.substring(1);
                    }
                }
                case 6 -> {
                    known = closed;
                    loop = 7;
                }
                case 7 -> pollInLoop();
                case 8 -> {
                    if (unread == ROOM) {
                        return false;
                    }
                    toKernel(frame);
                    loop = 6;
                }
                case 10 -> {
                    rest(); // or something has come, which the next round finds
                    loop = 11;
                }
                case 11 -> {
                    giveBack();
                    loop = 0;
                }
                default -> {
                    return false;
                }
            }
            return true;
        }

        private void pollInLoop() {
            if (finished) {
                loop = 10;
                return;
            }
            frame = known && discard ? "" : poll();
            if (frame.isEmpty() && known) {
                if (!discard && !stack.isEmpty()) {
                    return; // polls again
                }
                stack = "";
                taken = "";
                idle = false;
                ended = true;
                finished = true;
                frame = LAST;
            }
            loop = frame.isEmpty() ? 10 : 8;
        }

        private String poll() {
            if (taken.isEmpty()) {
                taken = stack;
                stack = "";
            }
            String first = taken.isEmpty() ? "" : taken.substring(0, 1);
            taken = taken.isEmpty() ? "" : taken.substring(1);
            return first;
        }

        private boolean rest() {
            if (!taken.isEmpty() || !stack.isEmpty() || ended) {
                return false;
            }
            idle = true;
            return true;
        }

        private void giveBack() {
            assertThat(turn).as("the turn was taken").isPositive();
            turn = 0;
        }

        private void toKernel(String frames) {
            unread += frames.length();
            written += frames;
        }

        /** The peer reads. */
        private boolean read() {
            if (unread == 0) {
                return false;
            }
            unread--;
            return true;
        }

        private void checkEnd(Case of) {
            if (of.ends) {
                assertThat(loop).as("the outbound loop has ended: %s", key()).isEqualTo(9);
                assertThat(written).as(key()).endsWith(LAST);
            }
            String withoutLast = written.replace(LAST, "");
            if (!of.discards) {
                assertThat(withoutLast.chars().sorted().toArray())
                        .as("all that was accepted is written: %s", key())
                        .isEqualTo(accepted.chars().sorted().toArray());
            }
            assertThat(withoutLast.chars().distinct().count()).as(key()).isEqualTo(withoutLast.length());
            assertThat(withoutLast.replaceAll("[^ab]", "")).as(key()).isIn("", "a", "ab");
        }
    }
}
