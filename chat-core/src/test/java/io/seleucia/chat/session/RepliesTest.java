package io.seleucia.chat.session;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Limits;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.connection.ConnectionContext;
import io.seleucia.chat.connection.ConnectionLimits;
import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.transport.InMemoryConnection;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The order of replies, of which some are known later than others. */
@Timeout(60)
class RepliesTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Event.Failed UNAVAILABLE = new Event.Failed(ErrorCode.UNAVAILABLE, "a test");
    private static final Event.Reply PONG = new Event.Pong();

    private final List<String> sent = new CopyOnWriteArrayList<>(); // the requests' tags and their replies
    private final ServedConnection served = new ServedConnection(
            new InMemoryConnection(1_000),
            new ConnectionContext(
                    new ConnectionLimits(1_000, Limits.DEFAULT.outboundQueueBytes(), MINUTE, MINUTE, MINUTE, MINUTE),
                    MemoryBudget.ofBytes(1 << 20),
                    List.of()));
    private final Replies replies = new Replies(served, new Recording(), why -> UNAVAILABLE);

    @Test
    void sendsAReplyAfterThoseThatAreOwed() {
        replies.owe(request(1), () -> PONG);
        replies.owe(request(2), () -> PONG);
        assertThat(replies.areOwed()).isTrue();
        assertThat(sent).isEmpty();

        replies.reply(request(3), PONG);

        assertThat(sent).containsExactly("1 Pong", "2 Pong", "3 Pong");
        assertThat(replies.areOwed()).isFalse();
    }

    @Test
    void failsOnlyTheRequestThatFailed() {
        replies.owe(request(1), () -> PONG);
        replies.owe(request(2), () -> {
            throw new UnavailableException("a test", null);
        });
        replies.owe(request(3), () -> {
            throw new AssertionError("thrown by a test");
        });
        replies.owe(request(4), () -> PONG);

        replies.settle();

        assertThat(sent).containsExactly("1 Pong", "2 UNAVAILABLE", "3 INTERNAL", "4 Pong");
    }

    @Test
    void endsOneWaitByAnInterrupt() {
        replies.owe(request(1), () -> {
            Thread.currentThread().interrupt();
            throw new UnavailableException("interrupted", null);
        });
        replies.owe(request(2), () -> {
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            return PONG;
        });

        replies.settle();

        assertThat(sent).containsExactly("1 UNAVAILABLE", "2 Pong");
    }

    @Test
    void waitsForTheFirstReplyIfTooManyAreOwed() throws Exception {
        CompletableFuture<Event.Reply> first = new CompletableFuture<>();
        CompletableFuture<Event.Reply> others = CompletableFuture.completedFuture(PONG);
        Thread inbound = Thread.ofVirtual().start(() -> {
            replies.owe(request(0), first::join);
            IntStream.rangeClosed(1, 32).forEach(id -> replies.owe(request(id), others::join));
        });

        eventually(() -> assertThat(inbound.getState()).isEqualTo(Thread.State.WAITING));
        assertThat(sent).isEmpty();
        first.complete(PONG);
        inbound.join();

        assertThat(sent).containsExactly("0 Pong");
    }

    private static Request request(int id) {
        return new Request(id, Optional.empty(), new Command.Ping());
    }

    /** A protocol whose replies are noted and not sent. */
    private final class Recording implements Protocol {
        @Override
        public String name() {
            return "recording";
        }

        @Override
        public Request decode(Payload message) {
            return Request.of(new Command.Ignored());
        }

        @Override
        public Optional<Payload> encode(Request request, Event.Reply reply) {
            String shown = reply instanceof Event.Failed failed
                    ? failed.code().name()
                    : reply.getClass().getSimpleName();
            sent.add(request.tag() + " " + shown);
            return Optional.empty();
        }

        @Override
        public Optional<Payload> encode(Event.Push push) {
            return Optional.empty();
        }
    }
}
