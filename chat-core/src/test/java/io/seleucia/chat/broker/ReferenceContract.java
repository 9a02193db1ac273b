package io.seleucia.chat.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.Eventually;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Reference.Kind;
import io.seleucia.chat.message.Sender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The part of {@link BrokerContract} about messages that refer to earlier ones. */
public abstract class ReferenceContract {
    static final String CHANNEL = "a channel {with} bräces ☕";
    private static final Sender ADA = Sender.of("ada");
    private static final Sender BOB = Sender.of("bob");

    final List<Broker> brokers = new ArrayList<>();

    /** A broker on this test's store, which is empty at the test's beginning. */
    protected abstract Broker create(Retention retention) throws Exception;

    /** Another broker on the same store, or the same one where the store is the broker's own memory. */
    protected abstract Broker another(Broker broker, Retention retention) throws Exception;

    final Broker open(Retention retention) throws Exception {
        Broker broker = create(retention);
        brokers.add(broker);
        return broker;
    }

    final Broker open() throws Exception {
        return open(Retention.DEFAULT);
    }

    @AfterEach
    void closeBrokers() {
        brokers.forEach(Broker::close);
    }

    static Content text(String text) {
        return new Content.Text(text);
    }

    private static Draft draft(Content content, Attributes attributes) {
        return new Draft(content, attributes, "", false);
    }

    private static Draft reference(long offset, Kind kind, Content content) {
        return draft(content, Attributes.NONE.withRef(new Reference(offset, kind)));
    }

    private static Draft edit(long offset, String text) {
        return reference(offset, Kind.EDIT, text(text));
    }

    private static Draft reaction(long offset, String text) {
        return reference(offset, Kind.REACTION, text(text));
    }

    private static Draft noReaction(long offset, String text) {
        return draft(text(text), Attributes.NONE.withRef(new Reference(offset, Kind.REACTION, true)));
    }

    private static Draft reply(long offset, String text) {
        return reference(offset, Kind.REPLY, text(text));
    }

    private static Draft deletion(long offset) {
        return reference(offset, Kind.DELETE, Content.NONE);
    }

    private static Draft moderating(Draft draft) {
        return new Draft(draft.content(), draft.attributes(), draft.key(), true);
    }

    private static Draft by(String author, Draft draft) {
        return new Draft(draft.content(), draft.attributes().withAuthor(author), draft.key(), draft.moderates());
    }

    private static Position say(Broker broker, Sender sender, String text) throws Exception {
        return broker.publish(CHANNEL, sender, text(text), "").position();
    }

    private static List<FoldedMessage> folded(Broker broker) throws Exception {
        return broker.folded(CHANNEL, false, Long.MAX_VALUE, 100).messages();
    }

    private static List<Message> log(Broker broker) throws Exception {
        return broker.historyAfter(CHANNEL, 0, 1_000).messages();
    }

    private static void assertRefused(Broker broker, Sender sender, Draft draft, ReferenceException.Reason reason)
            throws Exception {
        Position before = broker.historyBefore(CHANNEL, Long.MAX_VALUE, 0).position();
        assertThatThrownBy(() -> broker.publish(CHANNEL, sender, draft))
                .isInstanceOfSatisfying(
                        ReferenceException.class,
                        refused -> assertThat(refused.reason()).isEqualTo(reason));
        assertThat(broker.historyBefore(CHANNEL, Long.MAX_VALUE, 0).position()).isEqualTo(before);
    }

    @Test
    void carriesHeadersAndReferences() throws Exception {
        Broker broker = open();
        RecordingListener listener = new RecordingListener();
        broker.subscribe(CHANNEL, listener);
        Attributes headers = Attributes.NONE.withHeaders(Map.of("event", "greeting", "a-1", "\"{ä☕}\\ \n"));

        broker.publish(CHANNEL, ADA, draft(text("hi"), headers));
        broker.publish(CHANNEL, BOB, reply(1, "hello"));
        broker.publish(CHANNEL, new Sender("eve", true), by("abc", reaction(1, "👍")));
        broker.publish(
                CHANNEL, ADA, draft(text("x"), Attributes.NONE.withTo("bob").withPair("p1")));

        List<Message> live =
                List.of(listener.nextMessage(), listener.nextMessage(), listener.nextMessage(), listener.nextMessage());
        assertThat(live.get(0).attributes()).isEqualTo(headers);
        assertThat(live.get(1).attributes().ref()).contains(new Reference(1, Kind.REPLY));
        assertThat(live.get(2).attributes())
                .isEqualTo(
                        Attributes.NONE.withRef(new Reference(1, Kind.REACTION)).withAuthor("abc"));
        assertThat(live.get(3).attributes().pair()).isEqualTo("p1");
        assertThat(log(broker)).isEqualTo(live);
    }

    @Test
    void foldsWithoutReferencesToWhatWasPublished() throws Exception {
        Broker broker = open();
        for (int i = 1; i <= 5; i++) {
            say(broker, ADA, "m" + i);
        }

        Broker.FoldedPage all = broker.folded(CHANNEL, false, Long.MAX_VALUE, 100);

        assertThat(all.position().offset()).isEqualTo(5);
        assertThat(all.messages())
                .isEqualTo(log(broker).stream().map(FoldedMessage::new).toList());
        assertThat(broker.folded(CHANNEL, false, 4, 2).messages())
                .extracting(one -> one.message().position().offset())
                .containsExactly(2L, 3L);
        assertThat(broker.folded(CHANNEL, true, 2, 2).messages())
                .extracting(one -> one.message().position().offset())
                .containsExactly(3L, 4L);
        assertThat(broker.folded(CHANNEL, true, 5, 2).messages()).isEmpty();
        assertThat(broker.folded(CHANNEL, false, 1, 2).messages()).isEmpty();
        assertThat(broker.folded(CHANNEL, false, 3, 0).messages()).isEmpty();
    }

    @Test
    void showsTheNewestEdit() throws Exception {
        Broker broker = open();
        say(broker, ADA, "first");
        say(broker, BOB, "other");
        broker.publish(CHANNEL, ADA, edit(1, "second"));
        Position third = broker.publish(CHANNEL, ADA, edit(1, "third")).position();

        List<FoldedMessage> folded = folded(broker);

        assertThat(folded).hasSize(2);
        FoldedMessage edited = folded.getFirst();
        assertThat(edited.message().content()).isEqualTo(text("third"));
        assertThat(edited.message().position()).isEqualTo(third.at(1));
        assertThat(edited.edited()).hasValueSatisfying(edit -> {
            assertThat(edit.offset()).isEqualTo(4);
            assertThat(edit.time()).isGreaterThanOrEqualTo(edited.message().time());
        });
        assertThat(folded.get(1).edited()).isEmpty();
        assertThat(log(broker))
                .extracting(message -> message.content().asText())
                .containsExactly("first", "other", "second", "third");
    }

    @Test
    void countsReactionsOfEachClientOnce() throws Exception {
        Broker broker = open();
        say(broker, ADA, "hi");
        broker.publish(CHANNEL, ADA, reaction(1, "👍"));
        broker.publish(CHANNEL, BOB, reaction(1, "\"]},{☕"));
        broker.publish(CHANNEL, BOB, reaction(1, "👍"));
        assertThat(broker.publish(CHANNEL, BOB, reaction(1, "👍")).position().offset())
                .isEqualTo(5); // has an offset, but no effect
        broker.publish(CHANNEL, new Sender("bob", true), reaction(1, "👍")); // a guest is another client

        assertThat(folded(broker).getFirst().reactions())
                .containsExactly(
                        new FoldedMessage.Reaction("👍", 3, List.of("ada", "bob", "bob")),
                        new FoldedMessage.Reaction("\"]},{☕", 1, List.of("bob")));

        broker.publish(CHANNEL, BOB, noReaction(1, "👍"));
        broker.publish(CHANNEL, BOB, noReaction(1, "👍"));
        broker.publish(CHANNEL, BOB, noReaction(1, "\"]},{☕"));

        assertThat(folded(broker).getFirst().reactions())
                .containsExactly(new FoldedMessage.Reaction("👍", 2, List.of("ada", "bob")));
    }

    @Test
    void namesTheFirstTwentyClientsOfAReaction() throws Exception {
        Broker broker = open();
        say(broker, ADA, "hi");
        for (int i = 10; i < 35; i++) {
            broker.publish(CHANNEL, Sender.of("client " + i), reaction(1, "+"));
        }

        FoldedMessage.Reaction reaction = folded(broker).getFirst().reactions().getFirst();

        assertThat(reaction.count()).isEqualTo(25);
        assertThat(reaction.clients())
                .hasSize(FoldedMessage.MAX_NAMED)
                .startsWith("client 10", "client 11")
                .endsWith("client 29");
    }

    @Test
    void countsRepliesThatAreNotDeleted() throws Exception {
        Broker broker = open();
        say(broker, ADA, "question");
        broker.publish(CHANNEL, BOB, reply(1, "one"));
        broker.publish(CHANNEL, BOB, reply(1, "two"));
        broker.publish(CHANNEL, ADA, reply(2, "thanks"));

        assertThat(folded(broker)).extracting(FoldedMessage::replies).containsExactly(2, 1, 0, 0);

        broker.publish(CHANNEL, BOB, deletion(3));

        assertThat(folded(broker)).extracting(FoldedMessage::replies).containsExactly(1, 1, 0, 0);
    }

    @Test
    void leavesNothingOfADeletedMessage() throws Exception {
        Broker broker = open();
        RecordingListener listener = new RecordingListener();
        broker.subscribe(CHANNEL, listener);
        broker.publish(CHANNEL, ADA, draft(text("secret"), Attributes.NONE.withHeaders(Map.of("h", "secret too"))));
        broker.publish(CHANNEL, ADA, edit(1, "secret again"));
        broker.publish(CHANNEL, BOB, reaction(1, "👍"));
        broker.publish(CHANNEL, BOB, reply(1, "what?"));
        broker.publish(CHANNEL, ADA, deletion(1));
        say(broker, BOB, "last");

        List<Message> live = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            live.add(listener.nextMessage());
        }
        assertThat(live.get(4).attributes().ref()).contains(new Reference(1, Kind.DELETE));
        assertThat(live.get(4).content()).isEqualTo(Content.NONE);
        Attributes.Deleted deleted = new Attributes.Deleted("ada", live.get(4).time());

        for (Broker reader : List.of(broker, another(broker, Retention.DEFAULT))) {
            List<Message> log = log(reader);
            assertThat(log).extracting(message -> message.position().offset()).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
            assertThat(log.toString()).doesNotContain("secret");
            assertThat(log.get(0)).isEqualTo(live.get(0).deleted(deleted));
            assertThat(log.get(1)).isEqualTo(live.get(1).deleted(deleted));
            assertThat(log.subList(2, 6)).isEqualTo(live.subList(2, 6));
            assertThat(reader.historyBefore(CHANNEL, 3, 10).messages()).isEqualTo(log.subList(0, 2));
            assertThat(reader.historyBefore(CHANNEL, Long.MAX_VALUE, 5).messages())
                    .isEqualTo(log.subList(1, 6));

            List<FoldedMessage> folded = folded(reader);
            assertThat(folded).hasSize(3);
            assertThat(folded.get(0))
                    .isEqualTo(new FoldedMessage(live.get(0).deleted(deleted), Optional.empty(), List.of(), 1));
            assertThat(folded.get(1)).isEqualTo(new FoldedMessage(live.get(3)));
            assertThat(folded.get(2)).isEqualTo(new FoldedMessage(live.get(5)));
        }
    }

    @Test
    void refusesReferencesToWhatNeverWas() throws Exception {
        Broker broker = open();
        say(broker, ADA, "hi");

        assertRefused(broker, ADA, reply(2, "itself"), ReferenceException.Reason.UNKNOWN);
        assertRefused(broker, ADA, edit(900, "later"), ReferenceException.Reason.UNKNOWN);
        assertRefused(broker, ADA, deletion(2), ReferenceException.Reason.UNKNOWN);
    }

    @Test
    void refusesReferencesToAnnotations() throws Exception {
        Broker broker = open();
        say(broker, ADA, "hi");
        broker.publish(CHANNEL, ADA, edit(1, "edited"));
        broker.publish(CHANNEL, ADA, reaction(1, "👍"));
        broker.publish(CHANNEL, ADA, reply(1, "a reply is none"));

        assertRefused(broker, ADA, edit(2, "x"), ReferenceException.Reason.ANNOTATION);
        assertRefused(broker, ADA, deletion(3), ReferenceException.Reason.ANNOTATION);
        assertRefused(broker, ADA, reply(2, "x"), ReferenceException.Reason.ANNOTATION);
        broker.publish(CHANNEL, ADA, edit(4, "edited reply"));

        assertThat(folded(broker).getLast().message().content()).isEqualTo(text("edited reply"));
        assertThat(folded(broker).getLast().message().attributes().ref()).contains(new Reference(1, Kind.REPLY));
    }

    @Test
    void refusesReferencesToWhatIsDeleted() throws Exception {
        Broker broker = open();
        say(broker, ADA, "hi");
        broker.publish(CHANNEL, ADA, deletion(1));

        assertRefused(broker, ADA, deletion(1), ReferenceException.Reason.TOO_OLD);
        assertRefused(broker, ADA, edit(1, "x"), ReferenceException.Reason.TOO_OLD);
        assertRefused(broker, BOB, reaction(1, "x"), ReferenceException.Reason.TOO_OLD);
        assertRefused(broker, BOB, reply(1, "x"), ReferenceException.Reason.TOO_OLD);
    }

    @Test
    void refusesReferencesToWhatHasLeftTheHistory() throws Exception {
        Broker broker = open(Retention.DEFAULT.withMessages(3));
        for (int i = 1; i <= 5; i++) {
            say(broker, ADA, "m" + i);
        }

        assertRefused(broker, ADA, edit(2, "x"), ReferenceException.Reason.TOO_OLD);
        assertRefused(broker, ADA, reaction(1, "x"), ReferenceException.Reason.TOO_OLD);
        broker.publish(CHANNEL, ADA, edit(3, "x")); // which the edit itself pushes out
    }

    @Test
    void letsOnlyTheSenderAndModeratorsChangeAMessage() throws Exception {
        Broker broker = open();
        Sender guest = new Sender("ada", true);
        say(broker, ADA, "ada's");
        broker.publish(CHANNEL, guest, by("one", draft(text("a guest's"), Attributes.NONE)));

        assertRefused(broker, BOB, edit(1, "x"), ReferenceException.Reason.FORBIDDEN);
        assertRefused(broker, BOB, deletion(1), ReferenceException.Reason.FORBIDDEN);
        assertRefused(broker, guest, by("one", edit(1, "x")), ReferenceException.Reason.FORBIDDEN);
        assertRefused(broker, ADA, edit(2, "x"), ReferenceException.Reason.FORBIDDEN);
        assertRefused(broker, guest, by("two", edit(2, "x")), ReferenceException.Reason.FORBIDDEN);
        broker.publish(CHANNEL, guest, by("one", edit(2, "edited by the guest")));
        broker.publish(CHANNEL, BOB, moderating(edit(1, "edited by bob")));

        assertThat(folded(broker))
                .extracting(one -> one.message().content().asText())
                .containsExactly("edited by bob", "edited by the guest");
        assertThat(folded(broker)).extracting(one -> one.message().sender()).containsExactly("ada", "ada");

        broker.publish(CHANNEL, BOB, moderating(deletion(2)));

        assertThat(folded(broker).getLast().message().attributes().deleted())
                .hasValueSatisfying(deleted -> assertThat(deleted.by()).isEqualTo("bob"));
    }

    @Test
    void boundsTheReactionsOfAClientToAMessage() throws Exception {
        Broker broker = open();
        say(broker, ADA, "hi");
        say(broker, ADA, "another");
        for (int i = 0; i < FoldedMessage.MAX_CLIENT_REACTIONS; i++) {
            broker.publish(CHANNEL, BOB, reaction(1, "r" + i));
        }

        assertRefused(broker, BOB, reaction(1, "one more"), ReferenceException.Reason.TOO_MANY_OF_CLIENT);
        broker.publish(CHANNEL, BOB, reaction(1, "r3")); // which he has already
        broker.publish(CHANNEL, BOB, reaction(2, "one more"));
        broker.publish(CHANNEL, new Sender("bob", true), reaction(1, "a guest's"));
        broker.publish(CHANNEL, BOB, noReaction(1, "r7"));
        broker.publish(CHANNEL, BOB, reaction(1, "one more"));
        assertRefused(broker, BOB, reaction(1, "and more"), ReferenceException.Reason.TOO_MANY_OF_CLIENT);

        assertThat(folded(broker).getFirst().reactions())
                .hasSize(FoldedMessage.MAX_CLIENT_REACTIONS + 1)
                .extracting(FoldedMessage.Reaction::text)
                .doesNotContain("r7")
                .endsWith("a guest's", "one more");
    }

    @Test
    void letsModeratorsTakeReactionsAway() throws Exception {
        Broker broker = open();
        Sender cyd = Sender.of("cyd");
        say(broker, ADA, "hi");
        broker.publish(CHANNEL, BOB, reaction(1, "rude"));
        broker.publish(CHANNEL, cyd, reaction(1, "rude"));
        broker.publish(CHANNEL, BOB, reaction(1, "+"));
        broker.publish(CHANNEL, BOB, reaction(1, "rude")); // again, without effect
        broker.publish(CHANNEL, BOB, noReaction(1, "+"));

        assertRefused(broker, BOB, deletion(2), ReferenceException.Reason.ANNOTATION);
        assertRefused(broker, ADA, moderating(edit(2, "x")), ReferenceException.Reason.ANNOTATION);
        long deleted =
                broker.publish(CHANNEL, ADA, moderating(deletion(2))).position().offset();

        for (Broker reader : List.of(broker, another(broker, Retention.DEFAULT))) {
            assertThat(folded(reader).getFirst().reactions())
                    .containsExactly(new FoldedMessage.Reaction("rude", 1, List.of("cyd")));
            List<Message> log = log(reader);
            assertThat(log).hasSize(7);
            for (long offset : List.of(2L, 5L)) {
                Message blank = log.get((int) offset - 1);
                assertThat(blank.content()).isEqualTo(Content.NONE);
                assertThat(blank.attributes().ref()).contains(new Reference(1, Kind.REACTION));
                assertThat(blank.attributes().deleted())
                        .hasValueSatisfying(by -> assertThat(by.by()).isEqualTo("ada"));
            }
            assertThat(log.get(2).content()).isEqualTo(text("rude")); // cyd's
            assertThat(log.get((int) deleted - 1).attributes().ref()).contains(new Reference(2, Kind.DELETE));
        }
        assertRefused(broker, ADA, moderating(deletion(2)), ReferenceException.Reason.TOO_OLD);
        assertRefused(broker, ADA, moderating(deletion(5)), ReferenceException.Reason.TOO_OLD);
        broker.publish(CHANNEL, BOB, reaction(1, "sorry"));
        assertThat(folded(broker).getFirst().reactions())
                .extracting(FoldedMessage.Reaction::text)
                .containsExactly("rude", "sorry");
    }

    /** The log of bob's reactions is what it was without those that are deleted. */
    @Test
    void letsModeratorsDeleteWhatTakesAReactionBack() throws Exception {
        Broker broker = open();
        say(broker, ADA, "hi");
        broker.publish(CHANNEL, BOB, noReaction(1, "very rude")); // which he never made
        broker.publish(CHANNEL, BOB, reaction(1, "rude"));
        broker.publish(CHANNEL, BOB, reaction(1, "rude"));
        broker.publish(CHANNEL, Sender.of("cyd"), reaction(1, "rude"));
        broker.publish(CHANNEL, BOB, noReaction(1, "rude"));
        broker.publish(CHANNEL, BOB, reaction(1, "rude"));
        assertRefused(broker, BOB, deletion(6), ReferenceException.Reason.ANNOTATION);

        broker.publish(CHANNEL, ADA, moderating(deletion(2)));
        broker.publish(CHANNEL, ADA, moderating(deletion(6)));

        for (Broker reader : List.of(broker, another(broker, Retention.DEFAULT))) {
            List<Message> log = log(reader);
            assertThat(log.stream()
                            .filter(Message::isDeleted)
                            .map(message -> message.position().offset()))
                    .containsExactly(2L, 3L, 4L, 6L); // without 3 and 4, a reader would have those in force
            assertThat(log.get(5).attributes().ref()).contains(new Reference(1, Kind.REACTION, true));
            assertThat(folded(reader).getFirst().reactions())
                    .containsExactly(new FoldedMessage.Reaction("rude", 2, List.of("cyd", "bob")));
        }
        assertRefused(broker, ADA, moderating(deletion(6)), ReferenceException.Reason.TOO_OLD);
        broker.publish(CHANNEL, ADA, moderating(deletion(7)));
        assertThat(folded(broker).getFirst().reactions())
                .containsExactly(new FoldedMessage.Reaction("rude", 1, List.of("cyd")));
    }

    @Test
    void boundsHowOftenAClientRepeatsItsReactions() throws Exception {
        Broker broker = open();
        say(broker, ADA, "hi");
        say(broker, ADA, "another");
        broker.publish(CHANNEL, BOB, reaction(1, "+"));
        for (int i = 0; i < FoldedMessage.MAX_SPENT_REACTIONS; i++) {
            broker.publish(CHANNEL, BOB, reaction(1, "+"));
        }

        assertRefused(broker, BOB, reaction(1, "+"), ReferenceException.Reason.TOO_OFTEN);
        assertRefused(broker, BOB, reaction(1, "-"), ReferenceException.Reason.TOO_OFTEN);
        assertRefused(broker, BOB, noReaction(1, "-"), ReferenceException.Reason.TOO_OFTEN);
        broker.publish(CHANNEL, BOB, reaction(2, "+"));
        broker.publish(CHANNEL, new Sender("bob", true), reaction(1, "+"));
        Broker other = another(broker, Retention.DEFAULT);
        assertRefused(other, BOB, reaction(1, "+"), ReferenceException.Reason.TOO_OFTEN);
        broker.publish(CHANNEL, ADA, moderating(deletion(9)));

        List<Message> log = log(broker);
        assertThat(log.stream().filter(Message::isDeleted)).hasSize(1 + FoldedMessage.MAX_SPENT_REACTIONS);
        assertThat(folded(broker).getFirst().reactions())
                .containsExactly(new FoldedMessage.Reaction("+", 1, List.of("bob")));
        broker.publish(CHANNEL, BOB, reaction(1, "-")); // what is deleted does not count
    }

    @Test
    void boundsHowOftenAClientTakesItsReactionsBack() throws Exception {
        Broker broker = open();
        say(broker, ADA, "hi");
        broker.publish(CHANNEL, BOB, reaction(1, "-"));
        for (int i = 0; i < FoldedMessage.MAX_SPENT_REACTIONS / 2; i++) {
            broker.publish(CHANNEL, BOB, reaction(1, "+"));
            broker.publish(CHANNEL, BOB, noReaction(1, "+"));
        }

        assertRefused(broker, BOB, reaction(1, "o"), ReferenceException.Reason.TOO_OFTEN);
        broker.publish(CHANNEL, BOB, noReaction(1, "-")); // which is in force
        assertRefused(broker, BOB, noReaction(1, "-"), ReferenceException.Reason.TOO_OFTEN);
        assertThat(folded(broker).getFirst().reactions()).isEmpty();

        broker.deleteFrom("bob");
        broker.publish(CHANNEL, BOB, reaction(1, "+"));
        assertThat(folded(broker).getFirst().reactions())
                .containsExactly(new FoldedMessage.Reaction("+", 1, List.of("bob")));
    }

    @Test
    void deletesTheEditsOfAMessageThatHasLeftTheHistory() throws Exception {
        Retention four = Retention.DEFAULT.withMessages(4).withArchive(Duration.ZERO);
        Broker broker = open(four);
        say(broker, ADA, "secret");
        say(broker, BOB, "plain");
        broker.publish(CHANNEL, ADA, edit(1, "secret too"));
        broker.publish(CHANNEL, BOB, moderating(edit(1, "secret still")));
        broker.publish(CHANNEL, BOB, reaction(1, "+"));
        say(broker, BOB, "next");

        assertThat(log(broker))
                .extracting(message -> message.content().asText())
                .containsExactly("secret too", "secret still", "+", "next");
        assertRefused(broker, ADA, edit(1, "x"), ReferenceException.Reason.TOO_OLD);
        assertRefused(broker, ADA, deletion(2), ReferenceException.Reason.TOO_OLD); // nothing of it remains
        assertRefused(broker, Sender.of("cyd"), deletion(1), ReferenceException.Reason.FORBIDDEN);
        assertRefused(broker, new Sender("ada", true), deletion(1), ReferenceException.Reason.FORBIDDEN);
        RecordingListener listener = new RecordingListener();
        broker.subscribe(CHANNEL, listener);

        broker.publish(CHANNEL, ADA, deletion(1));

        assertThat(listener.nextMessage().attributes().ref()).contains(new Reference(1, Kind.DELETE));
        for (Broker reader : List.of(broker, another(broker, four))) {
            List<Message> log = log(reader);
            assertThat(log).extracting(message -> message.position().offset()).containsExactly(4L, 5L, 6L, 7L);
            assertThat(log.toString()).doesNotContain("secret");
            assertThat(log.getFirst().isDeleted()).isTrue();
            assertThat(reader.historyBefore(CHANNEL, 7, 10).messages()).isEqualTo(log.subList(0, 3));
        }
        assertRefused(broker, ADA, deletion(1), ReferenceException.Reason.TOO_OLD);
    }

    @Test
    void letsAModeratorDeleteTheEditsOfAMessageThatHasLeftTheHistory() throws Exception {
        Broker broker = open(Retention.DEFAULT.withMessages(2).withArchive(Duration.ZERO));
        say(broker, ADA, "secret");
        broker.publish(CHANNEL, ADA, edit(1, "secret too"));
        say(broker, BOB, "plain");

        broker.publish(CHANNEL, BOB, moderating(deletion(1)));

        assertThat(log(broker).toString()).doesNotContain("secret");
    }

    @Test
    void boundsTheReactionsToAMessage() throws Exception {
        Broker broker = open(Retention.DEFAULT.withMessages(5_000));
        say(broker, ADA, "hi");
        for (int i = 0; i < FoldedMessage.MAX_REACTIONS; i++) {
            broker.publish(CHANNEL, Sender.of("c" + i / 2), reaction(1, "r" + i % 2));
        }

        assertRefused(broker, BOB, reaction(1, "one more"), ReferenceException.Reason.TOO_MANY);
        broker.publish(CHANNEL, Sender.of("c7"), noReaction(1, "r1"));
        broker.publish(CHANNEL, BOB, reaction(1, "one more"));
        broker.publish(CHANNEL, Sender.of("c8"), reaction(1, "r1")); // which it has already

        assertThat(folded(broker).getFirst().reactions())
                .extracting(FoldedMessage.Reaction::count)
                .containsExactly(500, 499, 1);
    }

    @Test
    void givesTheFirstPositionOfAReferenceWithTheSameKey() throws Exception {
        Broker broker = open();
        say(broker, ADA, "hi");
        Draft once = new Draft(Content.NONE, Attributes.NONE.withRef(new Reference(1, Kind.DELETE)), "a key", false);

        Broker.Receipt first = broker.publish(CHANNEL, ADA, once);

        assertThat(broker.publish(CHANNEL, ADA, once)).isEqualTo(new Broker.Receipt(first.position(), true));
    }

    @Test
    void keepsNoKeyOfARefusedReference() throws Exception {
        Broker broker = open();
        say(broker, ADA, "hi");
        Draft early = new Draft(text("x"), Attributes.NONE.withRef(new Reference(2, Kind.REPLY)), "a key", false);
        assertRefused(broker, ADA, early, ReferenceException.Reason.UNKNOWN);
        say(broker, ADA, "there");

        assertThat(broker.publish(CHANNEL, ADA, early).duplicate()).isFalse();
    }

    @Test
    void leavesOutAnnotationsWithoutCountingThem() throws Exception {
        Broker broker = open();
        say(broker, ADA, "first");
        say(broker, ADA, "second");
        for (int i = 0; i < 120; i++) {
            broker.publish(CHANNEL, ADA, i % 2 == 0 ? reaction(2, "👍") : noReaction(2, "👍"));
        }

        assertThat(broker.folded(CHANNEL, false, Long.MAX_VALUE, 2).messages())
                .extracting(one -> one.message().position().offset())
                .containsExactly(1L, 2L);
        assertThat(broker.folded(CHANNEL, false, 100, 1).messages())
                .extracting(one -> one.message().position().offset())
                .containsExactly(2L);
        assertThat(broker.folded(CHANNEL, true, 2, 10).messages()).isEmpty();
    }

    @Test
    void submitsReferencesBehindWhatTheyReferTo() throws Exception {
        Broker broker = open();
        Broker.PendingReceipt said = broker.submit(CHANNEL, ADA, draft(text("hi"), Attributes.NONE));
        assertThat(said.await().position().offset()).isEqualTo(1);
        Broker.PendingReceipt edited = broker.submit(CHANNEL, ADA, edit(1, "edited"));
        Broker.PendingReceipt refused;
        try {
            refused = broker.submit(CHANNEL, BOB, edit(1, "not bob's"));
        } catch (ReferenceException e) {
            refused = null; // told at once
        }
        Broker.PendingReceipt after = broker.submit(CHANNEL, BOB, draft(text("after"), Attributes.NONE));

        assertThat(edited.await().position().offset()).isEqualTo(2);
        if (refused != null) {
            Broker.PendingReceipt pending = refused;
            assertThatThrownBy(pending::await).isInstanceOf(ReferenceException.class);
        }
        assertThat(after.await().position().offset()).isEqualTo(3);
    }

    @Test
    void tellsListenersOfADeletedChannel() throws Exception {
        Broker broker = open();
        RecordingListener listener = new RecordingListener();
        broker.subscribe(CHANNEL, listener);
        say(broker, ADA, "one");
        Position newest = say(broker, ADA, "two");
        listener.nextMessage();
        listener.nextMessage();

        broker.delete(CHANNEL);

        assertThat(listener.nextLoss()).isEqualTo(newest);
        assertThat(folded(broker)).isEmpty();
        assertRefused(broker, ADA, reply(1, "x"), ReferenceException.Reason.TOO_OLD);
    }

    @Test
    void tellsListenersOfTheDeletedMessagesOfASender() throws Exception {
        Broker broker = open();
        RecordingListener listener = new RecordingListener();
        broker.subscribe(CHANNEL, listener);
        say(broker, ADA, "one");
        say(broker, BOB, "bob's");
        say(broker, ADA, "two");
        for (int i = 0; i < 3; i++) {
            listener.nextMessage();
        }

        broker.deleteFrom("ada");

        List<Message> told = List.of(listener.nextMessage(), listener.nextMessage());
        assertThat(told).extracting(Message::sender).containsOnly("operator");
        assertThat(told)
                .extracting(message -> message.attributes().ref().orElseThrow())
                .containsExactlyInAnyOrder(new Reference(1, Kind.DELETE), new Reference(3, Kind.DELETE));
        assertThat(log(broker))
                .extracting(Message::content)
                .containsExactlyInAnyOrder(text("bob's"), Content.NONE, Content.NONE);
        assertRefused(broker, BOB, reply(1, "x"), ReferenceException.Reason.TOO_OLD);
        assertRefused(broker, BOB, reply(3, "x"), ReferenceException.Reason.TOO_OLD);
    }

    @Test
    void tellsListenersThatReactionsAndEditsOfASenderAreErased() throws Exception {
        Broker broker = open();
        AtomicInteger erased = new AtomicInteger();
        Broker reader = another(broker, Retention.DEFAULT);
        reader.subscribe(CHANNEL, new Broker.Listener() {
            @Override
            public void message(Message message) {}

            @Override
            public void lost(Position position) {}

            @Override
            public void erased() {
                erased.incrementAndGet();
            }
        });
        say(broker, ADA, "hi");
        broker.publish(CHANNEL, BOB, reaction(1, "+"));
        assertThat(erased).hasValue(0);

        broker.deleteFrom("bob");

        Eventually.eventually(() -> assertThat(erased).hasPositiveValue());
        assertThat(folded(reader).getFirst().reactions()).isEmpty();
        long newest = say(broker, ADA, "there").offset();
        assertThat(newest).isEqualTo(3);
    }
}
