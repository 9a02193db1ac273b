package io.seleucia.chat.faults;

import static io.seleucia.chat.faults.Verdict.Violation.CONTRADICTED;
import static io.seleucia.chat.faults.Verdict.Violation.DOUBLED;
import static io.seleucia.chat.faults.Verdict.Violation.LOST;
import static io.seleucia.chat.faults.Verdict.Violation.REORDERED;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.faults.Evidence.History;
import io.seleucia.chat.faults.Evidence.Stored;
import io.seleucia.chat.faults.Verdict.Violation;
import io.seleucia.chat.message.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Made-up observations, good ones and one for each way to break the promise: the checker must be able to fail. */
class CheckerTest {
    private static final String CHANNEL = "lobby";

    private final Track ada = new Track("ada", CHANNEL, at(0));
    private final Track bob = new Track("bob", CHANNEL, at(0));
    private final List<Stored> acknowledged = new ArrayList<>();
    private final List<Stored> history = new ArrayList<>();
    private Position end = at(0);

    @Test
    void findsNothingWrongWhereAllIsWell() {
        published("a", "b", "c", "d");
        shown(ada, 1, "a", "b");
        ada.add(new Track.Shown.Resumed(at(3)));
        shown(ada, 3, "c", "d");
        shown(bob, 1, "a", "b", "c", "d");
        acknowledged.add(stored(2, "b")); // a resend, acknowledged with the first one's place

        assertThat(verdict().clean()).isTrue();
        assertThat(verdict().seen()).isEqualTo(8);
        assertThat(verdict().covered()).isZero();
    }

    @Test
    void findsAMessageLostBetweenOthers() {
        published("a", "b", "c");
        shown(ada, 1, "a");
        shown(ada, 3, "c");
        shown(bob, 1, "a", "b", "c");

        assertOnly(LOST, "ada in lobby was never shown");
    }

    @Test
    void findsALostLastMessage() {
        published("a", "b");
        shown(ada, 1, "a", "b");
        shown(bob, 1, "a");

        assertOnly(LOST, "bob in lobby was never shown");
    }

    @Test
    void findsAGapThatNobodyCanFill() {
        shown(ada, 2, "b");
        shown(bob, 2, "b");

        assertThat(verdict().of(LOST)).hasSize(2);
    }

    @Test
    void findsAnAcknowledgedMessageMissingInTheHistory() {
        published("a", "b", "c");
        history.remove(1);
        shown(ada, 1, "a", "b", "c");
        shown(bob, 1, "a", "b", "c");

        assertThat(verdict().of(LOST))
                .hasSize(2)
                .anySatisfy(text -> assertThat(text).contains("is not in the history"));
    }

    @Test
    void findsAHistoryThatEndsTooEarly() {
        published("a", "b");
        history.removeLast();
        shown(ada, 1, "a", "b");
        shown(bob, 1, "a", "b");

        assertThat(verdict().of(LOST)).isNotEmpty();
    }

    @Test
    void acceptsWhatIsSaidToBeLost() {
        published("a", "b", "c", "d");
        shown(ada, 1, "a");
        ada.add(new Track.Shown.Lost(at(3)));
        shown(ada, 4, "d");
        bob.add(new Track.Shown.Lost(new Position("another epoch", 0)));
        bob.add(new Track.Shown.Message(new Position("another epoch", 1), "e"));

        assertThat(verdict().clean()).isTrue();
        assertThat(verdict().covered()).isEqualTo(2 + 4);
    }

    @Test
    void acceptsNoMoreAsLostThanWasSaid() {
        published("a", "b", "c");
        ada.add(new Track.Shown.Lost(at(1)));
        shown(ada, 3, "c");
        shown(bob, 1, "a", "b", "c");

        assertOnly(LOST, "Position[epoch=e, offset=2]");
    }

    @Test
    void expectsNothingFromBeforeTheBeginning() {
        published("a", "b");
        Track eve = new Track("eve", CHANNEL, at(1));
        shown(eve, 2, "b");

        assertThat(Checker.judge(new Evidence(List.of(eve), acknowledged, List.of()))
                        .clean())
                .isTrue();
    }

    @Test
    void findsAMessageShownTwice() {
        published("a", "b");
        shown(ada, 1, "a", "b");
        shown(ada, 2, "b");
        shown(bob, 1, "a", "b");

        assertOnly(DOUBLED, "ada in lobby was shown");
    }

    @Test
    void findsMessagesOutOfOrder() {
        published("a", "b", "c");
        shown(ada, 1, "a");
        shown(ada, 3, "c");
        shown(ada, 2, "b");
        shown(bob, 1, "a", "b", "c");

        assertOnly(REORDERED, "ada in lobby was shown");
    }

    @Test
    void findsALossThatLeadsBack() {
        published("a", "b");
        shown(ada, 1, "a", "b");
        ada.add(new Track.Shown.Lost(at(1)));
        shown(bob, 1, "a", "b");

        assertOnly(REORDERED, "was told to go on at");
    }

    @Test
    void findsOtherContentAtAnOffset() {
        published("a", "b");
        shown(ada, 1, "a", "x");
        shown(bob, 1, "a", "b");

        assertOnly(CONTRADICTED, "ada in lobby has x at");
    }

    @Test
    void findsAnAcknowledgementOfAnotherPlace() {
        published("a", "b");
        acknowledged.set(1, stored(1, "b"));
        shown(ada, 1, "a", "b");
        shown(bob, 1, "a", "b");

        assertThat(verdict().of(CONTRADICTED)).isNotEmpty();
    }

    @Test
    void findsAResendThatBecameAMessageOfItsOwn() {
        published("a", "a");
        shown(ada, 1, "a", "a");
        shown(bob, 1, "a", "a");

        assertThat(verdict().of(DOUBLED)).isNotEmpty();
    }

    @Test
    void findsAnOrderlyMembersMessagesInAnotherOrder() {
        published("eve-1", "fay-2", "fay-1", "eve-0");
        shown(ada, 1, "eve-1", "fay-2", "fay-1", "eve-0");
        shown(bob, 1, "eve-1", "fay-2", "fay-1", "eve-0");

        Verdict verdict = Checker.judge(new Evidence(List.of(ada), acknowledged, List.of(), Set.of("fay")));

        assertThat(verdict.of(REORDERED)).singleElement().asString().contains("fay-1", "number 2");
    }

    @Test
    void findsARecoveryThatIsBehindTheMember() {
        published("a", "b");
        shown(ada, 1, "a", "b");
        ada.add(new Track.Shown.Resumed(at(1)));
        shown(bob, 1, "a", "b");

        assertOnly(CONTRADICTED, "ada in lobby recovered from");
    }

    private Verdict verdict() {
        return Checker.judge(
                new Evidence(List.of(ada, bob), acknowledged, List.of(new History(CHANNEL, end, history))));
    }

    private void assertOnly(Violation kind, String text) {
        Verdict verdict = verdict();
        assertThat(verdict.of(kind)).singleElement().asString().contains(text);
        for (Violation other : Violation.values()) {
            assertThat(verdict.of(other)).hasSize(other == kind ? 1 : 0);
        }
        assertThat(verdict.clean()).isFalse();
    }

    private void published(String... ids) {
        for (String id : ids) {
            end = end.next();
            acknowledged.add(stored(end.offset(), id));
            history.add(stored(end.offset(), id));
        }
    }

    private static void shown(Track track, long from, String... ids) {
        for (int i = 0; i < ids.length; i++) {
            track.add(new Track.Shown.Message(at(from + i), ids[i]));
        }
    }

    private static Stored stored(long offset, String id) {
        return new Stored(CHANNEL, at(offset), id);
    }

    private static Position at(long offset) {
        return new Position("e", offset);
    }
}
