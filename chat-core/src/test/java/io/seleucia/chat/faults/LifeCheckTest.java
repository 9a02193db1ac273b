package io.seleucia.chat.faults;

import static io.seleucia.chat.faults.Verdict.Violation.MISFOLDED;
import static io.seleucia.chat.faults.Verdict.Violation.MISJUDGED;
import static io.seleucia.chat.faults.Verdict.Violation.SET_BACK;
import static io.seleucia.chat.faults.Verdict.Violation.UNDELETED;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.faults.Evidence.History;
import io.seleucia.chat.faults.Evidence.LastMark;
import io.seleucia.chat.faults.Verdict.Violation;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Reference.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Made-up observations of what was said about messages, good ones and one for each way to break a rule. */
class LifeCheckTest {
    private static final String CHANNEL = "lobby";

    private final List<Said> log = new ArrayList<>();
    private final List<Folded> folded = new ArrayList<>();
    private final Track bob = new Track("bob", CHANNEL, at(0));
    private final List<Outbox.Deleted> deleted = new ArrayList<>();
    private final List<Outbox.Refusal> refusals = new ArrayList<>();
    private final List<Publication> trespasses = new ArrayList<>();
    private final Marks marks = new Marks("ada");
    private final List<LastMark> last = new ArrayList<>();
    private final Verdict verdict = new Verdict();
    private boolean forgetful;

    LifeCheckTest() {
        said("ada", "ada-1 hi", null);
        said("bob", "bob-1 yes", new Reference(1, Kind.REPLY));
        said("ada", "ada-2 hello", new Reference(1, Kind.EDIT));
        said("bob", "+1", new Reference(1, Kind.REACTION));
        said("cyd", "ok", new Reference(1, Kind.REACTION));
        said("cyd", "+1", new Reference(1, Kind.REACTION));
        said("ada", "ada-3 hey", new Reference(1, Kind.EDIT));
        said("cyd", "+1", new Reference(1, Kind.REACTION, true));
        said("bob", "bob-2 a slip", null);
        said("bob", null, new Reference(9, Kind.DELETE));
        log.set(8, blank(log.get(8), "bob", 10));
        folded.add(new Folded(
                1,
                "ada",
                1,
                Optional.of("ada-3 hey"),
                Optional.of(new FoldedMessage.Edit(7, 7)),
                Optional.empty(),
                Map.of("+1", List.of("1", "bob")),
                1));
        folded.set(0, reacted(folded.getFirst(), "+1", "bob", "ok", "cyd"));
        folded.add(plain(2, "bob", "bob-1 yes"));
        folded.add(new Folded(
                9,
                "bob",
                9,
                Optional.empty(),
                Optional.empty(),
                Optional.of(new Attributes.Deleted("bob", 10)),
                Map.of(),
                0));
        marks.set(CHANNEL, 2, 2, 5);
        last.add(new LastMark("ada", CHANNEL, 2, 0, false));
    }

    private void said(String sender, String text, Reference ref) {
        long offset = log.size() + 1;
        Said said = new Said(
                CHANNEL,
                offset,
                sender,
                offset,
                Optional.ofNullable(text),
                Optional.ofNullable(ref),
                Optional.empty(),
                Optional.empty());
        log.add(said);
        bob.add(new Track.Shown.Message(at(offset), said));
    }

    private static Said blank(Said said, String by, long time) {
        return new Said(
                CHANNEL,
                said.offset(),
                said.sender(),
                said.time(),
                Optional.empty(),
                said.ref(),
                Optional.of(new Attributes.Deleted(by, time)),
                Optional.empty());
    }

    private static Folded plain(long offset, String sender, String text) {
        return new Folded(offset, sender, offset, Optional.of(text), Optional.empty(), Optional.empty(), Map.of(), 0);
    }

    /** With two reactions of one client each. */
    private static Folded reacted(Folded now, String text, String client, String other, String another) {
        Map<String, List<String>> reactions = new LinkedHashMap<>();
        reactions.put(text, List.of("1", client));
        reactions.put(other, List.of("1", another));
        return new Folded(
                now.offset(),
                now.sender(),
                now.time(),
                now.text(),
                now.edited(),
                now.deleted(),
                reactions,
                now.replies());
    }

    private static Position at(long offset) {
        return new Position("e", offset);
    }

    private LifeCheck check() {
        History history = History.of(CHANNEL, at(log.size()), log, 100).with(folded);
        Evidence.Life life = new Evidence.Life(deleted, refusals, trespasses, List.of(marks), last, forgetful);
        return new LifeCheck(
                new Evidence(
                        List.of(bob),
                        List.of(),
                        List.of(history),
                        Set.of(),
                        new Deletions(),
                        List.of(),
                        List.of(),
                        life),
                verdict);
    }

    private void assertOnly(Violation kind, String text) {
        check().judge();
        assertThat(verdict.of(kind))
                .as("%s", verdict)
                .isNotEmpty()
                .allSatisfy(one -> assertThat(one).contains(text));
        for (Violation other : Violation.values()) {
            assertThat(verdict.of(other).isEmpty()).as("%s", verdict).isEqualTo(other != kind);
        }
    }

    private void assertClean() {
        check().judge();
        assertThat(verdict.clean()).as("%s", verdict).isTrue();
    }

    @Test
    void acceptsMessagesThatAreAsTheLogSays() {
        assertClean();
        assertThat(verdict.folded()).as("of the server, and of bob").isEqualTo(3 + 3);
    }

    @Test
    void findsAnEarlierEdit() {
        Folded first = folded.getFirst();
        folded.set(
                0,
                new Folded(
                        1,
                        "ada",
                        1,
                        Optional.of("ada-2 hello"),
                        Optional.of(new FoldedMessage.Edit(3, 3)),
                        Optional.empty(),
                        first.reactions(),
                        1));
        assertOnly(MISFOLDED, "ada-2 hello");
    }

    @Test
    void findsReactionsInAnotherOrder() {
        folded.set(0, reacted(folded.getFirst(), "ok", "cyd", "+1", "bob"));
        assertOnly(MISFOLDED, "ada-3 hey");
    }

    @Test
    void findsAMessageThatIsNotAmongThemNow() {
        folded.remove(1);
        assertOnly(MISFOLDED, "bob-1 yes");
    }

    @Test
    void findsWhatTheLogDoesNotHave() {
        folded.add(plain(11, "bob", "bob-3 what?"));
        assertOnly(MISFOLDED, "bob-3 what?");
    }

    @Test
    void findsAMemberWhoWasShownAnEditWithAnotherContent() {
        Track other = new Track("bob", CHANNEL, at(0));
        for (Track.Shown shown : bob.shown().subList(1, bob.shown().size())) {
            Said said = ((Track.Shown.Message) shown).said().orElseThrow();
            other.add(
                    said.offset() == 7
                            ? new Track.Shown.Message(
                                    at(7),
                                    new Said(
                                            CHANNEL,
                                            7,
                                            "ada",
                                            7,
                                            Optional.of("ada-3 ho"),
                                            said.ref(),
                                            Optional.empty(),
                                            Optional.empty()))
                            : shown);
        }
        bob.shown().clear();
        other.shown().forEach(bob::add);

        assertOnly(MISFOLDED, "bob in lobby has");
    }

    @Test
    void asksOfAMemberWhatCameAfterItsLastLossOnly() {
        bob.shown().removeFirst();
        bob.shown().addFirst(new Track.Shown.Lost(at(0)));
        bob.shown().addFirst(new Track.Shown.Began(new Position("before", 7)));

        assertClean();
    }

    @Test
    void findsADeletedMessageInTheLog() {
        log.set(8, ((Track.Shown.Message) bob.shown().get(9)).said().orElseThrow());
        last.clear(); // it would count as unread
        assertOnly(UNDELETED, "bob-2 a slip");
    }

    @Test
    void forbidsWhatWasDeletedToThoseWhoAskAfterwards() {
        log.set(8, blank(log.get(8), "bob", 10));
        said("bob", "bob-3 again", new Reference(9, Kind.EDIT));
        deleted.add(new Outbox.Deleted(CHANNEL, at(10), 50));
        LifeCheck check = check();

        for (long offset : List.of(9, 11)) {
            assertThat(check.forbids(CHANNEL, at(offset), "bob-2", 49)).isFalse();
            assertThat(check.forbids(CHANNEL, at(offset), "bob-2", 51)).isTrue();
            assertThat(check.forbids(CHANNEL, at(offset), Said.GONE, 51)).isFalse();
        }
        assertThat(check.forbids(CHANNEL, at(1), "ada-1", 51)).isFalse();
    }

    private static Publication reference(long offset, Kind kind, boolean trespass) {
        return new Publication(CHANNEL, "ada-9", 20, Optional.of(new Reference(offset, kind)), "", trespass);
    }

    private void refused(Publication publication, String code) {
        refusals.add(new Outbox.Refusal("ada", publication, code));
    }

    @Test
    void acceptsRefusalsThatHaveAReason() {
        refused(reference(9, Kind.REPLY, false), "too_old");
        refused(reference(2, Kind.EDIT, true), "forbidden");
        assertClean();
    }

    @Test
    void findsThatAMessageWasCalledTooOldWithoutBeing() {
        refused(reference(2, Kind.REPLY, false), "too_old");
        assertOnly(MISJUDGED, "was refused as too_old");
    }

    @Test
    void findsThatAnOwnMessageCouldNotBeChanged() {
        refused(reference(1, Kind.EDIT, false), "forbidden");
        assertOnly(MISJUDGED, "was refused as forbidden");
    }

    @Test
    void findsThatAnothersMessageCouldBeChanged() {
        trespasses.add(reference(2, Kind.EDIT, true));
        assertOnly(MISJUDGED, "was not for its publisher to change");
    }

    @Test
    void findsWhatWasRefusedAndPublished() {
        said("ada", "ada-9 no", null);
        folded.add(plain(11, "ada", "ada-9 no"));
        refused(reference(9, Kind.REPLY, false), "too_old");
        assertOnly(MISJUDGED, "was refused as too_old, and published");
    }

    @Test
    void findsAMarkThatWasSetBack() {
        marks.told(CHANNEL, 1, Long.MAX_VALUE);
        assertOnly(SET_BACK, "told ada 1 in lobby after 2");
    }

    @Test
    void acceptsAnEarlierMarkToThoseWhoHadAskedBefore() {
        marks.told(CHANNEL, 1, 6);
        assertClean();
    }

    @Test
    void findsAReplyBehindWhatWasRead() {
        marks.set(CHANNEL, 3, 2, 7);
        assertOnly(SET_BACK, "was answered with less");
    }

    @Test
    void findsAWrongNumberOfUnreadMessages() {
        last.set(0, new LastMark("ada", CHANNEL, 2, 1, false));
        assertOnly(SET_BACK, "but 0 are unread");
    }

    @Test
    void asksNothingOfAStoreThatForgets() {
        forgetful = true;
        refused(reference(2, Kind.REPLY, false), "bad_request");
        marks.told(CHANNEL, 1, Long.MAX_VALUE);
        assertClean();
    }
}
