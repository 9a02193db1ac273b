package io.seleucia.chat.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.auth.Authorizer.Action;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.RefusedException;
import io.seleucia.chat.message.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Messages of one session, to channels and to other clients. */
class PublishRequestsTest extends CommandHandlerFixture {
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
}
