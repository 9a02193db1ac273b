package io.seleucia.chat.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.auth.Authorizer.Action;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Sender;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Histories that one session reads. */
class HistoryRequestsTest extends CommandHandlerFixture {
    @Test
    void readsHistoryInBothDirections() throws Exception {
        Client client = ada();
        client.ask(subscribe(LOBBY));
        for (int i = 0; i < 5; i++) {
            client.ask(new Command.Publish(LOBBY, HI, ""));
        }

        assertThat(offsets(client.ask(new Command.History(LOBBY, 1, true, 2)))).containsExactly(2L, 3L);
        assertThat(offsets(client.ask(new Command.History(LOBBY, 5, false, 2)))).containsExactly(3L, 4L);
        assertFailed(client.ask(new Command.History("hall", 0, true, 2)), ErrorCode.NOT_SUBSCRIBED);
    }

    @Test
    void searchesWithinTheBoundsOfOneRequestAndThenOn() throws Exception {
        try (InMemoryBroker large = new InMemoryBroker(Retention.DEFAULT.withMessages(6_000))) {
            broker = large;
            Client client = ada();
            client.ask(subscribe(LOBBY));
            broker.publish(LOBBY, "bob", new Content.Text("the needle"), "");
            for (int i = 0; i < 5_500; i++) {
                broker.publish(LOBBY, "bob", new Content.Text("hay"), "");
            }

            Event.Found found = (Event.Found) client.ask(new Command.Search(LOBBY, "NEEDLE", Long.MAX_VALUE, 10));
            assertThat(found.messages()).isEmpty();
            assertThat(found.next()).isPresent();
            while (found.next().isPresent()) {
                assertThat(found.messages()).isEmpty();
                long next = found.next().getAsLong();
                found = (Event.Found) client.ask(new Command.Search(LOBBY, "NEEDLE", next, 10));
            }
            assertThat(found.messages()).hasSize(1);
            assertThat(memory.used(Part.PAGES)).isZero();
        }
    }

    @Test
    void looksForThePartnerOfAnInboxWithinTheBoundsOfOneRequest() throws Exception {
        try (InMemoryBroker large = new InMemoryBroker(Retention.DEFAULT.withMessages(6_000))) {
            broker = large;
            Client client = ada();
            client.ask(new Command.Ping());
            broker.publish("@ada", "bob", HI, "");
            for (int i = 0; i < 5_500; i++) {
                broker.publish("@ada", "eve", HI, "");
            }

            Event.Page page =
                    (Event.Page) client.ask(new Command.History("@ada", Long.MAX_VALUE, false, 10, false, "bob"));
            assertThat(page.next()).isPresent();
            assertThat(page.next().getAsLong()).isGreaterThanOrEqualTo(502);
            while (page.next().isPresent()) {
                assertThat(page.messages()).isEmpty();
                long next = page.next().getAsLong();
                page = (Event.Page) client.ask(new Command.History("@ada", next, false, 10, false, "bob"));
            }
            assertThat(offsets(page)).containsExactly(1L);
            Event.FoldedPage folded =
                    (Event.FoldedPage) client.ask(new Command.History("@ada", 0, true, 10, true, "bob"));
            assertThat(folded.messages()).hasSize(1);
            assertThat(folded.next()).isPresent();
            assertThat(folded.next().getAsLong()).isLessThanOrEqualTo(5_000);
        }
    }

    @Test
    void sendsNoContentThatIsDeletedBeforeTheReplyIsQueued() throws Exception {
        Client client = ada();
        client.ask(subscribe(LOBBY));
        Command plain = new Command.History(LOBBY, 0, true, 1);
        Command folded = new Command.History(LOBBY, 0, true, 1, true, "");
        Command search = new Command.Search(LOBBY, "SECRET", Long.MAX_VALUE, 1);
        for (Command command : List.of(plain, folded, search)) {
            broker.delete(LOBBY);
            long offset = broker.publish(LOBBY, "bob", new Content.Text("secret"), "")
                    .position()
                    .offset();

            client.whileEncoding = () -> broker.publish(LOBBY, Sender.of("bob"), deletion(offset));
            List<Event.Reply> made = client.replies(command);

            assertThat(made).as("%s", command).hasSize(2);
            assertThat(made.getFirst().toString()).contains("secret");
            assertThat(made.getLast().toString()).doesNotContain("secret");
            assertThat(client.sent())
                    .as("the reply that was sent")
                    .isEqualTo(made.getLast().toString());
        }
    }

    @Test
    void sendsNoContentOfTheOwnInboxThatIsDeletedBeforeTheReplyIsQueued() throws Exception {
        Client client = ada();
        client.ask(new Command.Ping());
        broker.publish("@ada", "bob", new Content.Text("secret"), "");

        client.whileEncoding = () -> broker.publish("@ada", Sender.of("bob"), deletion(1));
        List<Event.Reply> made = client.replies(new Command.History("@ada", 0, true, 1, false, "bob"));

        assertThat(made).hasSize(2);
        assertThat(((Event.Page) made.getLast()).messages().getFirst().isDeleted())
                .isTrue();
    }

    @Test
    void sendsNoContentOfAChannelThatIsDeletedAsTheFirstThingThatItsMembersAreTold() throws Exception {
        broker.publish(LOBBY, "bob", new Content.Text("secret"), "");
        Client client = ada();
        client.ask(subscribe(LOBBY));

        client.whileEncoding = () -> broker.delete(LOBBY);
        List<Event.Reply> made = client.replies(new Command.History(LOBBY, 0, true, 1));

        assertThat(((Event.Page) made.getLast()).messages()).isEmpty();
    }

    @Test
    void givesUpReadingAHistoryThatIsDeletedAgainAndAgain() throws Exception {
        Client client = ada();
        client.ask(subscribe(LOBBY));
        broker.publish(LOBBY, "bob", new Content.Text("secret"), "");

        client.whileEncoding = () -> {
            broker.delete(LOBBY);
            broker.publish(LOBBY, "bob", new Content.Text("secret"), "");
        };
        client.encodesAgain = true;

        assertThatThrownBy(() -> client.replies(new Command.History(LOBBY, 0, true, 10)))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("being deleted");
        assertThat(memory.used(Part.PAGES)).isZero();
    }

    @Test
    void sendsNoHistoryBehindTheEndOfASubscription() throws Exception {
        Client client = ada();
        client.ask(subscribe(LOBBY));
        broker.publish(LOBBY, "bob", new Content.Text("secret"), "");

        client.whileEncoding = () -> client.subscriptions.remove(LOBBY);
        List<Event.Reply> made = client.replies(new Command.History(LOBBY, 0, true, 10));

        assertFailed(made.getLast(), ErrorCode.NOT_SUBSCRIBED);
        assertThat(client.sent()).startsWith("Failed");
    }

    @Test
    void sendsNoHistoryToAClientThatHasLostTheRightMeanwhile() throws Exception {
        AtomicBoolean revoked = new AtomicBoolean();
        rules = Optional.of((user, action, channel, content) -> action != Action.HISTORY || !revoked.get());
        Client client = ada();
        client.ask(subscribe(LOBBY));
        broker.publish(LOBBY, "bob", new Content.Text("secret"), "");
        Command history = new Command.History(LOBBY, 0, true, 10);

        client.whileEncoding = client.subscriptions::review; // finds the right as it was
        assertThat(client.replies(history)).hasSize(2).allMatch(Event.Page.class::isInstance);
        assertThat(client.sent()).startsWith("Page");
        client.whileEncoding = () -> {
            revoked.set(true);
            client.subscriptions.review();
        };
        List<Event.Reply> made = client.replies(history);

        assertFailed(made.getLast(), ErrorCode.FORBIDDEN);
        assertThat(client.sent()).startsWith("Failed");
    }

    private static Draft deletion(long offset) {
        return new Draft(
                Content.NONE, Attributes.NONE.withRef(new Reference(offset, Reference.Kind.DELETE)), "", false);
    }

    @Test
    void readsOnlyItsOwnInbox() throws Exception {
        Client client = ada();
        client.ask(new Command.Ping());
        client("bob").ask(new Command.Direct("ada", HI, ""));

        assertThat(offsets(client.ask(new Command.History("@ada", 0, true, 10))))
                .containsExactly(1L);
        assertFailed(client.ask(new Command.History("@bob", 0, true, 10)), ErrorCode.FORBIDDEN);
    }
}
