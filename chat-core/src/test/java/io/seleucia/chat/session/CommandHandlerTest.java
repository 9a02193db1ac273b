package io.seleucia.chat.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.seleucia.chat.Limits;
import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.auth.Authorizer.Action;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.channel.Broadcast;
import io.seleucia.chat.channel.Channels;
import io.seleucia.chat.channel.MessageSizes;
import io.seleucia.chat.concurrent.Gate;
import io.seleucia.chat.connection.ConnectionContext;
import io.seleucia.chat.connection.ConnectionHandler;
import io.seleucia.chat.connection.ConnectionLimits;
import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Member;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.RefusedException;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.message.ReservedNames;
import io.seleucia.chat.message.Sender;
import io.seleucia.chat.metrics.Counters;
import io.seleucia.chat.options.CurrentOptions;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.transport.InMemoryConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The requests of one session, without a protocol: commands go in, and replies come out. */
@Timeout(60)
class CommandHandlerTest {
    private static final String LOBBY = "lobby";
    private static final int MESSAGE_BYTES = 1_000;
    private static final Content HI = new Content.Text("hi");

    private InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
    private final MemoryBudget memory = MemoryBudget.ofBytes(1 << 20);
    private final List<Client> clients = new ArrayList<>();
    private boolean guests = true;
    private Optional<Authorizer> rules = Optional.empty();
    private Sources sources = SourcesTest.unbounded();
    private Observer observer = Observer.NONE;
    private Channels channels; // created with the first client

    @AfterEach
    void close() {
        clients.forEach(Client::end);
        broker.close();
    }

    @Test
    void answersPing() throws Exception {
        assertThat(ada().ask(new Command.Ping())).isInstanceOf(Event.Pong.class);
    }

    @Test
    void refusesStrangersEverythingButALogin() throws Exception {
        guests = false;

        assertFailed(ada().ask(new Command.Ping()), ErrorCode.UNAUTHORIZED);
    }

    @Test
    void answersMalformedRequestsWithTheirReason() throws Exception {
        Event.Reply reply = ada().ask(new Command.Malformed(ErrorCode.BAD_REQUEST, "no such type"));

        assertThat(reply).isEqualTo(new Event.Failed(ErrorCode.BAD_REQUEST, "no such type"));
    }

    @Test
    void refusesNamesThatAreNone() throws Exception {
        assertFailed(ada().ask(subscribe("")), ErrorCode.BAD_REQUEST);
    }

    @Test
    void refusesAnotherClientId() throws Exception {
        Client client = ada();
        client.ask(new Command.Ping());

        Event.Reply reply = client.ask(new Request("", Optional.of("bob"), new Command.Ping()));

        assertFailed(reply, ErrorCode.WRONG_CLIENT);
    }

    @Test
    void subscribesOnce() throws Exception {
        Client client = ada();

        assertThat(client.ask(subscribe(LOBBY))).isInstanceOf(Event.Subscribed.class);
        assertFailed(client.ask(subscribe(LOBBY)), ErrorCode.ALREADY_SUBSCRIBED);
        assertThat(client.ask(new Command.ListChannels())).isEqualTo(new Event.Channels(List.of(LOBBY)));
    }

    @Test
    void boundsSubscriptions() throws Exception {
        Client client = ada();
        client.ask(subscribe("one"));
        client.ask(subscribe("two"));

        assertFailed(client.ask(subscribe("three")), ErrorCode.TOO_MANY_CHANNELS);
        client.ask(new Command.Unsubscribe("one"));
        assertThat(client.ask(subscribe("three"))).isInstanceOf(Event.Subscribed.class);
    }

    @Test
    void boundsSubscriptionsOfASource() throws Exception {
        sources = SourcesTest.with(Quota.CHANNELS, 1);
        Client client = ada();
        client.ask(subscribe("one"));

        assertFailed(client.ask(subscribe("two")), ErrorCode.TOO_MANY_CHANNELS);
        assertThat(client.subscribed()).containsExactly("one");
        client.ask(new Command.UnsubscribeAll());
        assertThat(client.ask(subscribe("two"))).isInstanceOf(Event.Subscribed.class);
    }

    @Test
    void unsubscribesOnlyFromWhereItIsSubscribed() throws Exception {
        Client client = ada();
        client.ask(subscribe("one"));
        client.ask(subscribe("two"));

        assertThat(client.ask(new Command.Unsubscribe("one"))).isEqualTo(new Event.Unsubscribed(List.of("one")));
        assertFailed(client.ask(new Command.Unsubscribe("one")), ErrorCode.NOT_SUBSCRIBED);
        assertThat(client.ask(new Command.UnsubscribeAll())).isEqualTo(new Event.Unsubscribed(List.of("two")));
        assertThat(broker.members("one")).isEmpty();
        assertThat(broker.members("two")).isEmpty();
    }

    @Test
    void publishesAsAMember() throws Exception {
        Client client = ada();
        assertFailed(client.ask(new Command.Publish(LOBBY, HI, "")), ErrorCode.NOT_SUBSCRIBED);
        client.ask(subscribe(LOBBY));

        Event.Published published = (Event.Published) client.ask(new Command.Publish(LOBBY, HI, ""));

        assertThat(published.position().offset()).isOne();
        assertThat(broker.historyAfter(LOBBY, 0, 10).messages()).singleElement().satisfies(message -> {
            assertThat(message.sender()).isEqualTo("ada");
            assertThat(message.content()).isEqualTo(HI);
        });
    }

    @Test
    void publishesOnceWithAKey() throws Exception {
        Client client = ada();
        client.ask(subscribe(LOBBY));
        Event.Published first = (Event.Published) client.ask(new Command.Publish(LOBBY, HI, "key"));

        Event.Published again = (Event.Published) client.ask(new Command.Publish(LOBBY, HI, "key"));

        assertThat(first.duplicate()).isFalse();
        assertThat(again).isEqualTo(new Event.Published(LOBBY, first.position(), true));
    }

    @Test
    void refusesContentThatIsTooLarge() throws Exception {
        Client client = ada();
        client.ask(subscribe(LOBBY));
        Content large = new Content.Text("x".repeat(MESSAGE_BYTES + 1));

        assertFailed(client.ask(new Command.Publish(LOBBY, large, "")), ErrorCode.TOO_LARGE);
        assertFailed(client.ask(new Command.Signal(LOBBY, large)), ErrorCode.TOO_LARGE);
        assertThat(broker.historyAfter(LOBBY, 0, 10).messages()).isEmpty();
    }

    @Test
    void publishesTheContentOfTheListener() throws Exception {
        Content other = new Content.Text("hello");
        observer = new Observer() {
            @Override
            public Content publishing(SessionView session, String channel, Content content) throws RefusedException {
                if (content.asText().equals("bad")) {
                    throw new RefusedException("mind your language");
                }
                return other;
            }
        };
        Client client = ada();
        client.ask(subscribe(LOBBY));

        assertThat(client.ask(new Command.Publish(LOBBY, HI, ""))).isInstanceOf(Event.Published.class);
        assertThat(client.ask(new Command.Publish(LOBBY, new Content.Text("bad"), "")))
                .isEqualTo(new Event.Failed(ErrorCode.FORBIDDEN, "mind your language"));
        assertThat(broker.historyAfter(LOBBY, 0, 10).messages())
                .extracting(Message::content)
                .containsExactly(other);
    }

    @Test
    void asksListenersAboutEditsAndReactionsButNotAboutDeletions() throws Exception {
        List<Content> asked = new ArrayList<>();
        observer = new Observer() {
            @Override
            public Content publishing(SessionView session, String channel, Content content) {
                asked.add(content);
                return content.equals(HI) ? content : new Content.Text("more than a reaction may have");
            }
        };
        Client client = ada();
        client.ask(subscribe(LOBBY));
        client.ask(new Command.Publish(LOBBY, HI));
        client.ask(referring(1, Reference.Kind.EDIT, HI));
        client.ask(referring(1, Reference.Kind.REACTION, HI));
        assertThatThrownBy(() -> client.ask(referring(1, Reference.Kind.REACTION, new Content.Text("!"))))
                .isInstanceOf(IllegalArgumentException.class);
        client.ask(referring(1, Reference.Kind.DELETE, Content.NONE));

        assertThat(asked).containsExactly(HI, HI, HI, new Content.Text("!"));
        assertThat(broker.historyAfter(LOBBY, 0, 10).messages()).hasSize(4);
    }

    @Test
    void givesTheQuotasOfARefusedReferenceBack() throws Exception {
        sources = SourcesTest.with(Quota.DAILY_BYTES, 1_000);
        Client client = ada();
        client.ask(subscribe(LOBBY));
        for (int i = 0; i < 50; i++) {
            assertFailed(client.ask(referring(99, Reference.Kind.REPLY, HI)), ErrorCode.BAD_REQUEST);
        }
        assertThat(client.ask(new Command.Publish(LOBBY, HI))).isInstanceOf(Event.Published.class);
    }

    @Test
    void countsARefusedReferenceAsAMessage() throws Exception {
        sources = SourcesTest.with(Quota.CHANNEL_MESSAGES, 20);
        Client client = ada();
        connect(client);
        connect(client("bob"));
        client.ask(subscribe(LOBBY));
        broker.publish(LOBBY, "bob", HI, "");
        for (int i = 0; i < 10; i++) { // in the channel, and at five times the cost in an inbox
            assertFailed(client.ask(referring(1, Reference.Kind.DELETE, Content.NONE)), ErrorCode.FORBIDDEN);
        }
        for (int i = 0; i < 2; i++) {
            assertFailed(client.ask(direct("bob", 99, Reference.Kind.REPLY, HI)), ErrorCode.BAD_REQUEST);
        }
        assertFailed(client.ask(referring(1, Reference.Kind.DELETE, Content.NONE)), ErrorCode.RATE_LIMITED);
        assertFailed(client.ask(direct("bob", 99, Reference.Kind.REPLY, HI)), ErrorCode.RATE_LIMITED);
    }

    /** Has a client use the inbox of its name. */
    private static void connect(Client client) throws Exception {
        Command connect =
                new Command.Connect(Optional.of(client.name), Optional.empty(), Optional.empty(), Optional.empty());
        assertThat(client.ask(new Request("", Optional.empty(), connect))).isInstanceOf(Event.Connected.class);
    }

    private static Command direct(String to, long offset, Reference.Kind kind, Content content) {
        return new Command.Direct(to, content, Attributes.NONE.withRef(new Reference(offset, kind)), "");
    }

    @Test
    void waitsForTheTurnOfReadingToFindWhatIsReferredTo() throws Exception {
        Client client = ada();
        connect(client);
        connect(client("bob"));
        client.ask(subscribe(LOBBY));
        client.ask(new Command.Publish(LOBBY, HI));
        client.ask(new Command.Direct("ada", HI, ""));
        client.ask(new Command.Direct("bob", HI, ""));
        for (Command command : List.of(
                referring(1, Reference.Kind.DELETE, Content.NONE),
                direct("ada", 1, Reference.Kind.DELETE, Content.NONE),
                direct("bob", 2, Reference.Kind.REPLY, HI),
                direct("bob", 2, Reference.Kind.DELETE, Content.NONE))) {
            Thread.currentThread().interrupt(); // ends the wait
            assertThat(catchThrowable(() -> client.ask(command)))
                    .as("%s", command)
                    .isInstanceOf(UnavailableException.class);
            assertThat(Thread.interrupted()).isTrue();

            assertThat(client.ask(command)).as("%s", command).isInstanceOf(Event.Published.class);
        }
    }

    @Test
    void letsOnlyModeratorsChangeTheMessagesOfOthers() throws Exception {
        rules = Optional.of((user, action, channel, content) -> switch (action) {
            case MODERATE -> user.name().equals("mod");
            case EDIT -> user.name().equals("ada") && content.isPresent();
            case DELETE -> false;
            default -> true;
        });
        Client client = ada();
        Client moderator = client("mod");
        for (Client one : List.of(client, moderator)) {
            one.ask(subscribe(LOBBY));
            one.ask(new Command.Publish(LOBBY, HI));
        }

        assertThat(client.ask(referring(1, Reference.Kind.EDIT, HI))).isInstanceOf(Event.Published.class);
        assertFailed(client.ask(referring(2, Reference.Kind.EDIT, HI)), ErrorCode.FORBIDDEN);
        assertFailed(client.ask(referring(1, Reference.Kind.DELETE, Content.NONE)), ErrorCode.FORBIDDEN);
        assertThat(moderator.ask(referring(1, Reference.Kind.EDIT, HI))).isInstanceOf(Event.Published.class);
        assertThat(moderator.ask(referring(1, Reference.Kind.DELETE, Content.NONE)))
                .isInstanceOf(Event.Published.class);
    }

    @Test
    void letsNoClientEditThatMayNotPublish() throws Exception {
        AtomicBoolean silenced = new AtomicBoolean();
        rules = Optional.of((user, action, channel, content) ->
                action != Authorizer.Action.MODERATE && (action != Authorizer.Action.PUBLISH || !silenced.get()));
        Client client = ada();
        client.ask(subscribe(LOBBY));
        client.ask(new Command.Publish(LOBBY, HI));
        silenced.set(true);

        assertFailed(client.ask(referring(1, Reference.Kind.EDIT, HI)), ErrorCode.FORBIDDEN);
        assertThat(client.ask(referring(1, Reference.Kind.DELETE, Content.NONE)))
                .isInstanceOf(Event.Published.class);
    }

    @Test
    void makesNobodyAModeratorWithoutRules() throws Exception {
        Client client = ada();
        Client other = client("bob");
        for (Client one : List.of(client, other)) {
            one.ask(subscribe(LOBBY));
            one.ask(new Command.Publish(LOBBY, HI));
        }
        assertFailed(client.ask(referring(2, Reference.Kind.DELETE, Content.NONE)), ErrorCode.FORBIDDEN);
        assertThat(client.ask(referring(1, Reference.Kind.DELETE, Content.NONE)))
                .isInstanceOf(Event.Published.class);
    }

    @Test
    void refusesEmptyContentExceptInDeletions() throws Exception {
        Client client = ada();
        client.ask(subscribe(LOBBY));
        assertFailed(client.ask(new Command.Publish(LOBBY, Content.NONE)), ErrorCode.BAD_REQUEST);
        assertFailed(client.ask(new Command.Signal(LOBBY, Content.NONE)), ErrorCode.BAD_REQUEST);
        assertFailed(client.ask(new Command.Direct("ada", Content.NONE, "")), ErrorCode.BAD_REQUEST);
        assertFailed(client.ask(referring(1, Reference.Kind.EDIT, Content.NONE)), ErrorCode.BAD_REQUEST);
        assertFailed(client.ask(referring(1, Reference.Kind.DELETE, HI)), ErrorCode.BAD_REQUEST);
    }

    @Test
    void countsHeadersForTheSizeOfAMessage() throws Exception {
        Client client = ada();
        client.ask(subscribe(LOBBY));
        Content large = new Content.Text("x".repeat(MESSAGE_BYTES - 100));
        Attributes headers = Attributes.NONE.withHeaders(Map.of("h", "y".repeat(100)));

        assertFailed(client.ask(new Command.Publish(LOBBY, large, headers, "")), ErrorCode.TOO_LARGE);
        assertThat(client.ask(new Command.Publish(LOBBY, HI, headers, ""))).isInstanceOf(Event.Published.class);
    }

    private static Command referring(long offset, Reference.Kind kind, Content content) {
        return new Command.Publish(LOBBY, content, Attributes.NONE.withRef(new Reference(offset, kind)), "");
    }

    @Test
    void publishesNothingWhileMemoryIsShort() throws Exception {
        Client client = ada();
        client.ask(subscribe(LOBBY));
        memory.charge(Part.QUEUES, memory.limit());

        assertThatThrownBy(() -> client.ask(new Command.Publish(LOBBY, HI, "")))
                .isInstanceOf(UnavailableException.class);
        memory.charge(Part.QUEUES, -memory.limit());
        assertThat(client.ask(new Command.Publish(LOBBY, HI, ""))).isInstanceOf(Event.Published.class);
    }

    @Test
    void refusesWhatTheRulesDoNotAllow() throws Exception {
        rules = Optional.of((user, action, channel, content) -> action == Action.SUBSCRIBE);
        Client client = ada();

        assertFailed(client.ask(new Command.Subscribe(LOBBY, Optional.empty(), true)), ErrorCode.FORBIDDEN);
        assertThat(client.ask(subscribe(LOBBY))).isInstanceOf(Event.Subscribed.class);
        assertFailed(client.ask(new Command.Publish(LOBBY, HI, "")), ErrorCode.FORBIDDEN);
        assertFailed(client.ask(new Command.Signal(LOBBY, HI)), ErrorCode.FORBIDDEN);
        assertFailed(client.ask(new Command.History(LOBBY, 0, true, 10)), ErrorCode.FORBIDDEN);
        assertFailed(client.ask(new Command.Presence(LOBBY, "", 10)), ErrorCode.FORBIDDEN);
        assertFailed(client.ask(new Command.Direct("bob", HI, "")), ErrorCode.FORBIDDEN);
    }

    @Test
    void sendsDirectMessagesToNamesThatExist() throws Exception {
        Client client = ada();
        assertFailed(client.ask(new Command.Direct("bob", HI, "")), ErrorCode.NO_SUCH_USER);
        client("bob").ask(new Command.Ping());

        assertThat(client.ask(new Command.Direct("bob", HI, ""))).isInstanceOf(Event.Published.class);
        assertThat(broker.historyAfter("@bob", 0, 10).messages()).hasSize(1);
    }

    @Test
    void boundsMessagesToNamesThatDoNotExist() throws Exception {
        sources = SourcesTest.with(Quota.UNKNOWN_NAMES, 4);
        Client client = ada();
        assertFailed(client.ask(new Command.Direct("bob", HI, "")), ErrorCode.NO_SUCH_USER);
        assertFailed(client.ask(new Command.Direct("eve", HI, "")), ErrorCode.NO_SUCH_USER);

        assertFailed(client.ask(new Command.Direct("kim", HI, "")), ErrorCode.RATE_LIMITED);
    }

    @Test
    void boundsNewChannelsButNotThoseWithMessages() throws Exception {
        sources = SourcesTest.with(Quota.NEW_CHANNELS, 1);
        broker.publish(LOBBY, "eve", HI, "");
        Client client = ada();
        for (int i = 0; i < 20; i++) {
            client.ask(subscribe("new-" + i));
            client.ask(new Command.UnsubscribeAll());
        }

        assertFailed(client.ask(subscribe("another")), ErrorCode.RATE_LIMITED);
        assertThat(client.ask(subscribe(LOBBY))).isInstanceOf(Event.Subscribed.class);
    }

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

    @Test
    void pagesThroughMembers() throws Exception {
        Client client = ada();
        client.ask(subscribe(LOBBY));
        client("bob").ask(subscribe(LOBBY));

        assertThat(client.ask(new Command.Presence(LOBBY, "", 1)))
                .isEqualTo(new Event.Members(LOBBY, 2, List.of(new Member("ada", 1)), true));
        assertThat(client.ask(new Command.Presence(LOBBY, "ada", 1)))
                .isEqualTo(new Event.Members(LOBBY, 2, List.of(new Member("bob", 1)), false));
    }

    @Test
    void signalsToOthers() throws Exception {
        Client client = ada();
        Client other = client("bob");
        client.ask(subscribe(LOBBY));
        other.ask(subscribe(LOBBY));

        assertThat(client.ask(new Command.Signal(LOBBY, HI))).isInstanceOf(Event.Signalled.class);
        assertThat(other.pushes).contains(new Event.SignalReceived(LOBBY, "ada", false, HI));
        assertThat(client.pushes).noneMatch(Event.SignalReceived.class::isInstance);
    }

    @Test
    void answersCustomCommandsOnlyIfTheyFail() throws Exception {
        Client client = ada();
        Event.Failed failed = new Event.Failed(ErrorCode.BAD_REQUEST, "no such topic");

        assertThat(client.replies(new Command.Custom(Optional::empty))).isEmpty();
        assertThat(client.replies(new Command.Custom(() -> Optional.of(failed))))
                .containsExactly(failed);
        assertThat(client.replies(new Command.Ignored())).isEmpty();
    }

    private static Command subscribe(String channel) {
        return new Command.Subscribe(channel, Optional.empty(), false);
    }

    private static void assertFailed(Event.Reply reply, ErrorCode code) {
        assertThat(reply)
                .isInstanceOfSatisfying(
                        Event.Failed.class, failed -> assertThat(failed.code()).isEqualTo(code));
    }

    private static List<Long> offsets(Event.Reply reply) {
        return ((Event.Page) reply)
                .messages().stream().map(message -> message.position().offset()).toList();
    }

    private Client ada() throws InterruptedException {
        return client("ada");
    }

    private Client client(String name) throws InterruptedException {
        Client client = new Client(name);
        clients.add(client);
        return client;
    }

    private Channels channels() {
        if (channels == null) {
            channels = new Channels(
                    broker,
                    observer,
                    new MessageSizes(MESSAGE_BYTES, Map.of()),
                    new Counters(),
                    1_000,
                    memory,
                    new CurrentOptions());
        }
        return channels;
    }

    private interface Step {
        void run() throws Exception;
    }

    /** A client whose requests are carried out by the thread of the test. */
    private final class Client implements LocalSession, ConnectionHandler, Protocol {
        private static final ConnectionLimits LIMITS = new ConnectionLimits(
                MESSAGE_BYTES,
                Limits.DEFAULT.outboundQueueBytes(),
                Duration.ofMinutes(1),
                Duration.ofMinutes(1),
                Duration.ofMinutes(1),
                Duration.ofMinutes(1));

        private final String name;
        private final InMemoryConnection connection = new InMemoryConnection(MESSAGE_BYTES);
        private final ServedConnection served;
        private final Replies replies;
        private final Allowance allowance;
        private final ClientIdentity identity;
        private final Subscriptions subscriptions;
        private final CommandHandler commands;
        private final List<Event.Reply> answers = new ArrayList<>();
        private final List<Event.Push> pushes = new ArrayList<>();
        private final CountDownLatch begun = new CountDownLatch(1);
        private Step whileEncoding; // runs while the next reply is encoded, which is then sent
        private boolean encodesAgain; // whether it runs with each reply
        private boolean sending; // whether the reply after that one is sent too

        private Client(String name) throws InterruptedException {
            this.name = name;
            ConnectionContext connections = new ConnectionContext(LIMITS, memory, List.of());
            Logins logins = new Logins(
                    Optional.empty(),
                    rules,
                    guests,
                    ReservedNames.DEFAULT,
                    Duration.ofMinutes(1),
                    new ControlChannel(broker, command -> {}));
            SessionContext context = new SessionContext(
                    "server/1",
                    connections,
                    new SessionLimits(2, 1_000, 1_000),
                    channels(),
                    logins,
                    sources,
                    Optional.empty(),
                    observer,
                    Methods.NONE);
            served = new ServedConnection(connection, connections);
            replies = new Replies(served, this, why -> new Event.Failed(ErrorCode.UNAVAILABLE, why.getMessage()));
            allowance = new Allowance(served, replies, sources, context.limits());
            identity = new ClientIdentity(this, context, Optional.empty());
            Permissions permissions = new Permissions(identity, new ChannelRights(logins, channels()), replies);
            subscriptions = new Subscriptions(this, permissions, context.channels());
            commands = new CommandHandler(this, identity, permissions, subscriptions, context, Optional.empty());
            Thread.ofVirtual().start(served.serve(this)::run);
            begun.await();
            allowance.enter(Optional.empty());
        }

        private Event.Reply ask(Command command) throws UnavailableException {
            return ask(new Request("", Optional.of(name), command));
        }

        private Event.Reply ask(Request request) throws UnavailableException {
            List<Event.Reply> all = replies(request);
            assertThat(all).hasSize(1);
            return all.getFirst();
        }

        private List<Event.Reply> replies(Command command) throws UnavailableException {
            return replies(new Request("", Optional.of(name), command));
        }

        private List<Event.Reply> replies(Request request) throws UnavailableException {
            answers.clear();
            replies.begin();
            commands.apply(request);
            return List.copyOf(answers);
        }

        /** Returns the next reply that was sent. */
        private String sent() throws Exception {
            return connection.receive(Duration.ofSeconds(30)).orElseThrow().asString();
        }

        private void end() {
            served.end(CloseCode.NORMAL, true);
            connection.hangUp();
        }

        @Override
        public boolean countsAsMember() {
            return true;
        }

        @Override
        public void began() {
            begun.countDown();
        }

        @Override
        public void received(Payload message) {}

        @Override
        public void ended() {}

        @Override
        public String name() {
            return "none";
        }

        @Override
        public Request decode(Payload message) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Optional<Payload> encode(Request request, Event.Reply reply) {
            answers.add(reply);
            Step step = whileEncoding;
            if (step == null) {
                return encodesNext(reply);
            }
            whileEncoding = encodesAgain ? step : null;
            sending = true;
            try {
                step.run();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            return Optional.of(Payload.of(reply.toString()));
        }

        private Optional<Payload> encodesNext(Event.Reply reply) {
            boolean sent = sending;
            sending = false;
            return sent ? Optional.of(Payload.of(reply.toString())) : Optional.empty();
        }

        @Override
        public Optional<Payload> encode(Event.Push push) {
            return Optional.empty();
        }

        @Override
        public Replies replies() {
            return replies;
        }

        @Override
        public Allowance allowance() {
            return allowance;
        }

        @Override
        public void review() {}

        @Override
        public ServedConnection served() {
            return served;
        }

        @Override
        public String client() {
            return identity.name();
        }

        @Override
        public String protocol() {
            return name();
        }

        @Override
        public String address() {
            return connection.peer();
        }

        @Override
        public long since() {
            return 0;
        }

        @Override
        public List<String> subscribed() {
            return subscriptions.names();
        }

        @Override
        public boolean isSubscribed(String channel) {
            return subscriptions.contains(channel);
        }

        @Override
        public Sender sender() {
            return identity.sender();
        }

        @Override
        public String id() {
            return identity.id();
        }

        @Override
        public boolean isCalled(String called) {
            return identity.isCalled(called);
        }

        @Override
        public void send(Broadcast broadcast) {
            pushes.add(broadcast.push());
        }

        @Override
        public void sendIfIdle(Broadcast broadcast) {
            send(broadcast);
        }

        @Override
        public boolean replay(int length, Supplier<Event.Push> push, Gate gate) {
            Event.Push made = push.get();
            return gate.pass(() -> pushes.add(made));
        }

        @Override
        public void end(CloseCode code) {
            served.end(code, true);
        }

        @Override
        public void left(String channel) {
            allowance.giveSubscriptionBack();
        }
    }
}
