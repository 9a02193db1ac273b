package io.seleucia.chat.faults;

import static io.seleucia.chat.faults.Verdict.Violation.ABSENT;
import static io.seleucia.chat.faults.Verdict.Violation.CONTRADICTED;
import static io.seleucia.chat.faults.Verdict.Violation.DISMISSED;
import static io.seleucia.chat.faults.Verdict.Violation.DOUBLED;
import static io.seleucia.chat.faults.Verdict.Violation.GHOST;
import static io.seleucia.chat.faults.Verdict.Violation.LOST;
import static io.seleucia.chat.faults.Verdict.Violation.REORDERED;
import static io.seleucia.chat.faults.Verdict.Violation.UNDELETED;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.faults.Evidence.History;
import io.seleucia.chat.faults.Evidence.Stored;
import io.seleucia.chat.faults.Verdict.Violation;
import io.seleucia.chat.message.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Made-up observations, good ones and one for each way to break the promise: the checker must be able to fail. */
class CheckerTest {
    private static final String CHANNEL = "lobby";

    private String epoch = "e";
    private final Track ada = new Track("ada", CHANNEL, at(0));
    private final Track bob = new Track("bob", CHANNEL, at(0));
    private final List<Stored> acknowledged = new ArrayList<>();
    private final List<Stored> history = new ArrayList<>();
    private final List<History> histories = new ArrayList<>(); // besides that one
    private final List<Presences> presences = new ArrayList<>();
    private final List<Departures.Departure> departures = new ArrayList<>();
    private final Deletions deletions = new Deletions();
    private Evidence.Life life = Evidence.Life.NONE;
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
    void acceptsAnOrderlyMembersResendWhenTheStoreHasForgottenWhatWasNotAcknowledged() {
        published("fay-1");
        shown(ada, 1, "fay-1", "fay-2");
        shown(bob, 1, "fay-1");
        putBackTo(1);
        published("fay-2");
        for (Track track : List.of(ada, bob)) {
            track.add(new Track.Shown.Lost(at(1)));
            shown(track, 2, "fay-2");
        }

        Verdict verdict = Checker.judge(new Evidence(List.of(ada, bob), acknowledged, List.of(), Set.of("fay")));

        assertThat(verdict.clean()).as("%s", verdict).isTrue();
    }

    @Test
    void findsARecoveryThatIsBehindTheMember() {
        published("a", "b");
        shown(ada, 1, "a", "b");
        ada.add(new Track.Shown.Resumed(at(1)));
        shown(bob, 1, "a", "b");

        assertOnly(CONTRADICTED, "ada in lobby recovered from");
    }

    @Test
    void acceptsAStoreThatWasPutBackAndSaidSo() {
        published("eve-1", "eve-2", "eve-3");
        shown(ada, 1, "eve-1", "eve-2", "eve-3");
        shown(bob, 1, "eve-1");
        putBackTo(1);
        published("eve-4");
        for (Track track : List.of(ada, bob)) {
            track.add(new Track.Shown.Lost(at(1)));
            shown(track, 2, "eve-4");
        }

        assertThat(verdict().clean()).as("%s", verdict()).isTrue();
        assertThat(verdict().covered())
                .as("bob's 2 and 3, and for both the first, as it is called in the new epoch")
                .isEqualTo(2 + 2);
    }

    @Test
    void findsAPositionThatIsGivenToAnotherMessageWhenTheStoreWasPutBack() {
        published("eve-1", "eve-2");
        shown(ada, 1, "eve-1", "eve-2");
        history.removeLast();
        end = at(1);
        published("eve-3");
        shown(bob, 1, "eve-1", "eve-3");

        assertThat(verdict().of(CONTRADICTED)).isNotEmpty();
    }

    @Test
    void findsAGapThatIsNotToldWhenTheStoreWasPutBack() {
        published("eve-1", "eve-2");
        shown(ada, 1, "eve-1", "eve-2");
        putBackTo(1);
        published("eve-3");
        ada.add(new Track.Shown.Lost(at(1)));
        shown(ada, 2, "eve-3");
        shown(bob, 1, "eve-1"); // in the new epoch, as if there had been no other

        assertThat(verdict().of(LOST))
                .anySatisfy(text -> assertThat(text).contains("bob in lobby was never shown", "epoch=e, offset=2"));
    }

    @Test
    void findsAMessageShownAgainInTheEpochThatFollows() {
        published("eve-1", "eve-2");
        shown(ada, 1, "eve-1", "eve-2");
        shown(bob, 1, "eve-1", "eve-2");
        putBackTo(1);
        ada.add(new Track.Shown.Lost(at(0)));
        shown(ada, 1, "eve-1");
        bob.add(new Track.Shown.Lost(at(1)));

        assertOnly(DOUBLED, "which it had been shown at Position[epoch=e, offset=1]");
    }

    @Test
    void acceptsARepetitionThatTheStoreForgotTogetherWithItsKey() {
        published("eve-1");
        shown(ada, 1, "eve-1", "eve-2"); // the second was not acknowledged
        shown(bob, 1, "eve-1");
        putBackTo(1);
        published("eve-2");
        for (Track track : List.of(ada, bob)) {
            track.add(new Track.Shown.Lost(at(1)));
            shown(track, 2, "eve-2");
        }

        assertThat(verdict().clean()).as("%s", verdict()).isTrue();
    }

    @Test
    void acceptsARepetitionOfWhatWasSentAgainBeforeItsFirstAcknowledgementCame() {
        published("eve-1", "eve-2");
        shown(ada, 1, "eve-1", "eve-2");
        shown(bob, 1, "eve-1", "eve-2");
        putBackTo(1);
        published("eve-2");
        for (Track track : List.of(ada, bob)) {
            track.add(new Track.Shown.Lost(at(1)));
            shown(track, 2, "eve-2");
        }

        assertThat(verdict().clean()).as("%s", verdict()).isTrue();
    }

    @Test
    void findsAMessageAcknowledgedInTheLastEpochThatIsNotInTheHistory() {
        published("eve-1", "eve-2");
        shown(ada, 1, "eve-1", "eve-2");
        shown(bob, 1, "eve-1", "eve-2");
        putBackTo(1);
        for (Track track : List.of(ada, bob)) {
            track.add(new Track.Shown.Lost(at(1)));
        }
        acknowledged.add(stored(2, "eve-3"));

        assertThat(verdict().of(LOST)).anySatisfy(text -> assertThat(text).contains("eve-3", "is not in the history"));
    }

    @Test
    void acceptsHolesWhereMessagesWereDeleted() {
        published("eve-1", "fay-1", "eve-2");
        deleted("eve", 20, 30);
        shown(ada, 1, "eve-1", "fay-1", "eve-2");
        bob.add(new Track.Shown.Resumed(at(3), 40));
        bob.add(new Track.Shown.Lost(at(1)));
        shown(bob, 2, "fay-1");
        bob.add(new Track.Shown.Lost(at(3)));
        history.removeFirst();
        history.removeLast();

        assertThat(verdict().clean()).as("%s", verdict()).isTrue();
    }

    @Test
    void findsWhatIsMissingBesidesWhatWasDeleted() {
        published("eve-1", "fay-1", "eve-2", "fay-2");
        deleted("eve", 20, 30);
        shown(ada, 1, "eve-1", "fay-1", "eve-2", "fay-2");
        shown(bob, 1, "eve-1", "fay-1", "eve-2", "fay-2");
        history.remove(1);

        assertThat(verdict().of(LOST)).anySatisfy(text -> assertThat(text).contains("fay-1", "not in the history"));
    }

    @Test
    void findsAHoleThatIsNotToldWhereMessagesWereDeleted() {
        published("fay-1", "eve-1", "fay-2");
        deleted("eve", 20, 30);
        shown(ada, 1, "fay-1", "eve-1", "fay-2");
        shown(bob, 1, "fay-1");
        shown(bob, 3, "fay-2");

        assertOnly(LOST, "bob in lobby was never shown");
    }

    @Test
    void findsADeletedMessageInARecoveryThatWasAskedForAfterwards() {
        published("eve-1", "eve-2");
        deleted("eve", 20, 30);
        shown(ada, 1, "eve-1");
        ada.add(new Track.Shown.Resumed(at(2), 29)); // before it had returned
        shown(ada, 2, "eve-2");
        shown(bob, 1, "eve-1");
        bob.add(new Track.Shown.Resumed(at(2), 31));
        shown(bob, 2, "eve-2");

        assertOnly(UNDELETED, "bob in lobby recovered");
    }

    @Test
    void findsADeletedMessageInAHistoryThatWasAskedForAfterwards() {
        published("eve-1");
        deleted("eve", 20, 30);
        shown(ada, 1, "eve-1");
        shown(bob, 1, "eve-1");
        histories.add(new History(CHANNEL, end, List.copyOf(history), 31));

        assertOnly(UNDELETED, "the history of lobby has");
    }

    @Test
    void expectsNothingOfADeletionThatFailed() {
        published("eve-1");
        deleted("eve", 20, Deletions.NEVER);
        shown(ada, 1, "eve-1");
        shown(bob, 1, "eve-1");
        histories.add(new History(CHANNEL, end, List.copyOf(history), 31));

        assertThat(verdict().clean()).as("%s", verdict()).isTrue();
    }

    @Test
    void findsWhoIsMissingAndWhoIsGone() {
        presences.add(new Presences(CHANNEL, 1, Set.of("ada", "bob"), Set.of("bob", "cyd")));

        assertThat(verdict().of(ABSENT)).singleElement().asString().contains("ada in lobby");
        assertThat(verdict().of(GHOST)).singleElement().asString().contains("cyd in lobby");
    }

    @Test
    void findsThatMembersWereSaidToHaveLeft() {
        departures.add(new Departures.Departure("ada", CHANNEL, 1));

        assertOnly(DISMISSED, "ada");
    }

    private Verdict verdict() {
        List<History> all = new ArrayList<>(histories);
        all.add(new History(CHANNEL, end, history));
        return Checker.judge(
                new Evidence(List.of(ada, bob), acknowledged, all, Set.of(), deletions, presences, departures, life));
    }

    /** The store knows what it knew then, and the channel is in a new epoch, as the history says of all in it. */
    private void putBackTo(long offset) {
        epoch = "after " + epoch;
        end = at(offset);
        history.removeIf(message -> message.position().offset() > offset);
        history.replaceAll(message -> stored(message.position().offset(), message.id()));
    }

    /** What was published up to now was sent at 1 and acknowledged at 10. */
    private void deleted(String sender, long begun, long returned) {
        for (Stored stored : acknowledged) {
            deletions.addTimes(Map.of(stored.id(), new Deletions.Times(1, 10)));
        }
        deletions.add(new Deletions.Deletion(Optional.of(sender), Optional.empty(), begun, returned));
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

    private void shown(Track track, long from, String... ids) {
        for (int i = 0; i < ids.length; i++) {
            track.add(new Track.Shown.Message(at(from + i), ids[i]));
        }
    }

    private Stored stored(long offset, String id) {
        return new Stored(CHANNEL, at(offset), id);
    }

    private Position at(long offset) {
        return new Position(epoch, offset);
    }
}
