package io.seleucia.chat.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.faults.Evidence.History;
import io.seleucia.chat.faults.Evidence.Stored;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import java.util.List;

/** Members of one channel on a network of two sides: ada on the left, bob on the right, and eve, who goes over to bob. */
final class Trio {
    private final TwoSides sides;
    private final String channel;
    private final Listening ada;
    private final Listening bob;
    private final Position before;
    private Listening eve;

    /** They join, and three messages are said, of which the last is changed and reacted to. */
    Trio(TwoSides sides, String channel) throws Exception {
        this.sides = sides;
        this.channel = channel;
        ada = sides.join(sides.left(), "ada", channel);
        bob = sides.join(sides.right(), "bob", channel);
        eve = sides.join(sides.left(), "eve", channel);
        sides.publish(bob, 2);
        Position last = sides.publish(ada, 1).getFirst();
        sides.refer(bob, last, Reference.Kind.REACTION);
        before = sides.refer(ada, last, Reference.Kind.EDIT);
        eve.readTo(before);
    }

    String channel() {
        return channel;
    }

    Listening ada() {
        return ada;
    }

    Listening bob() {
        return bob;
    }

    Listening eve() {
        return eve;
    }

    /** Where the last of what was said at the beginning is. */
    Position before() {
        return before;
    }

    /** Has eve go from the left to the right. */
    void goOver() throws Exception {
        eve = sides.move(eve, sides.right());
    }

    /**
     * Says one thing more, which is reacted to and changed, and asserts that there is one history then, with all that was
     * acknowledged on the right; that it begins a new epoch if the channel was torn, and else not; and that all three know.
     */
    History assertAgreed(boolean torn) throws Exception {
        Position next = sides.publish(ada, 1).getFirst();
        assertThat(next.sameEpoch(before)).as(channel).isEqualTo(!torn);
        sides.refer(bob, next, Reference.Kind.REACTION);
        Position edit = sides.refer(ada, next, Reference.Kind.EDIT);
        History history = sides.history(channel);
        assertThat(history.end()).isEqualTo(edit);
        assertThat(history.folded().orElseThrow().getLast().edited())
                .hasValueSatisfying(newest -> assertThat(newest.offset()).isEqualTo(edit.offset()));
        assertThat(history.messages())
                .extracting(Stored::id)
                .containsAll(bob.acknowledged().stream().map(Stored::id).toList());
        for (Listening member : List.of(ada, bob, eve)) {
            member.readTo(history.end());
            assertToldWhetherItIsTorn(member, history, torn);
        }
        return history;
    }

    /** From the last time that it was told of a loss, it was shown what the history has, and all of that. */
    private static void assertToldWhetherItIsTorn(Listening member, History history, boolean torn) {
        List<Track.Shown> shown = member.track().shown();
        List<Track.Shown> losses =
                shown.stream().filter(Track.Shown.Lost.class::isInstance).toList();
        assertThat(losses.isEmpty())
                .as("%s of %s", member.track().member(), history.end())
                .isEqualTo(!torn);
        List<Track.Shown> afterwards = torn ? shown.subList(shown.indexOf(losses.getLast()), shown.size()) : shown;
        Position begin = afterwards.getFirst().position();
        assertThat(begin.sameEpoch(history.end())).isTrue();
        assertThat(afterwards.stream()
                        .filter(Track.Shown.Message.class::isInstance)
                        .map(Track.Shown.Message.class::cast)
                        .map(message -> message.position() + message.id()))
                .isEqualTo(history.messages().stream()
                        .filter(message -> message.position().offset() > begin.offset())
                        .map(message -> message.position() + message.id())
                        .toList());
    }
}
