package io.seleucia.chat.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Member;
import io.seleucia.chat.message.Request;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The requests of one session, except those of the tests beside this one. */
class CommandHandlerTest extends CommandHandlerFixture {
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
}
