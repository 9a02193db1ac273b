package io.seleucia.chat.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.transport.Frame;
import io.seleucia.chat.transport.Frames;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EchoFilterTest {
    private static final int ROOM = 100;

    private final List<String> received = new ArrayList<>();
    private final List<String> overflows = new ArrayList<>();
    private final MemoryBudget memory = MemoryBudget.ofBytes(1 << 20);
    private final EchoFilter echoes = new EchoFilter(
            frame -> received.add(text(frame)), () -> overflows.add("overflow"), ROOM, memory, EchoFilter.PATIENCE);

    @Test
    void dropsAMessageThatComesBackBeforeTheBrokerAnswers() throws Exception {
        publish("ada", 1, () -> arrives("ada", 1));

        arrives("ada", 2);

        assertThat(received).containsExactly("ada 2");
    }

    @Test
    void chargesWhatItHolds() throws Exception {
        publish("ada", 1, () -> {
            arrives("ada", 1);
            arrives("eve", 2);
            assertThat(memory.used(Part.QUEUES)).isPositive();
        });
        assertThat(received).containsExactly("eve 2");
        assertThat(memory.used()).isZero();
    }

    @Test
    void holdsNothingWhileMemoryIsFull() throws Exception {
        publish("ada", 2, () -> {
            arrives("ada", 1);
            memory.charge(Part.HISTORIES, memory.limit());
            arrives("ada", 2);
            assertThat(overflows).containsExactly("overflow");
            assertThat(memory.used(Part.QUEUES)).isZero();
        });
        assertThat(memory.used(Part.QUEUES)).isZero();
    }

    @Test
    void dropsAMessageThatComesBackLater() throws Exception {
        publish("ada", 2, () -> {});

        arrives("ada", 1);
        arrives("ada", 2);
        arrives("ada", 3);

        assertThat(received).containsExactly("ada 1", "ada 3");
    }

    @Test
    void dropsAMessageThatComesBackUnderAFormerName() throws Exception {
        publish("ada", 1, () -> {});
        publish("eve", 3, () -> arrives("ada", 1));

        arrives("ada", 2);
        arrives("eve", 3);

        assertThat(received).containsExactly("ada 2");
    }

    @Test
    void holdsWhatIsInDoubtAndAllBehindItInOrder() throws Exception {
        publish("ada", 3, () -> {
            arrives("bob", 1);
            assertThat(received).containsExactly("bob 1");
            arrives("ada", 2);
            arrives("ada", 3);
            arrives("bob", 4);
            echoes.offer(new Event.Left("lobby", "carol"), Optional.of(frame("carol left")));
            assertThat(received).containsExactly("bob 1");
        });

        assertThat(received).containsExactly("bob 1", "ada 2", "bob 4", "carol left");
    }

    @Test
    void forgetsWhatWasLost() throws Exception {
        publish("ada", 1, () -> {});
        publish("ada", 2, () -> {});
        publish("ada", 3, () -> {});

        arrives("ada", 3);
        arrives("ada", 1); // no broker gives offsets back in this order: so it is not known any more

        assertThat(received).containsExactly("ada 1");
    }

    @Test
    void staysInDoubtWhilePublishingIsTriedAgain() throws Exception {
        assertThatThrownBy(() -> echoes.publish("lobby", "ada", () -> {
                    arrives("ada", 1);
                    throw new UnavailableException("no answer", null);
                }))
                .isInstanceOf(UnavailableException.class);
        arrives("bob", 2);
        assertThat(received).isEmpty();

        publish("ada", 1, () -> {});

        assertThat(received).containsExactly("bob 2");
    }

    @Test
    void passesOnWhatStaysInDoubtForever() {
        assertThatThrownBy(() -> echoes.publish("lobby", "ada", () -> {
                    arrives("ada", 1);
                    throw new UnavailableException("no answer", null);
                }))
                .isInstanceOf(UnavailableException.class);

        echoes.settle();
        arrives("ada", 2);

        assertThat(received).containsExactly("ada 1", "ada 2");
    }

    @Test
    void holdsNoMoreThanItMay() throws Exception {
        publish("ada", 99, () -> {
            for (int i = 1; i <= ROOM; i++) {
                arrives("ada", i);
            }
        });

        assertThat(overflows).isNotEmpty();
    }

    @Test
    void publishesNoMoreForAWhileWhenNothingComesBack() throws Exception {
        for (int i = 1; i <= 256; i++) {
            publish("ada", i, () -> {});
        }
        assertThatThrownBy(() -> publish("ada", 257, () -> {})).isInstanceOf(UnavailableException.class);

        arrives("ada", 1);
        publish("ada", 257, () -> {});
        arrives("ada", 257);

        assertThat(received).isEmpty();
    }

    @Test
    void publishesOnWhenNothingHasComeBackForLong() throws Exception {
        EchoFilter brief = new EchoFilter(frame -> received.add(text(frame)), () -> {}, ROOM, memory, Duration.ZERO);
        for (int i = 1; i <= 1_000; i++) {
            publish(brief, "ada", i, () -> {});
        }

        arrives(brief, "ada", 1);
        arrives(brief, "ada", 1_000);

        assertThat(received).containsExactly("ada 1");
    }

    @Test
    void awaitsNothingThatOthersHavePassed() throws Exception {
        for (int i = 1; i <= 1_000; i += 2) {
            publish("ada", i, () -> {});
            arrives("bob", i + 1L);
        }

        assertThat(received).hasSize(500);
    }

    @Test
    void awaitsNothingThatWasLost() throws Exception {
        for (int i = 1; i <= 300; i++) {
            publish("ada", i, () -> {});
            if (i == 200) {
                lost(new Position("e", 150));
            }
        }
        publish("ada", 301, () -> {});
        lost(new Position("f", 7));
        for (int i = 302; i <= 500; i++) {
            publish("ada", i, () -> {});
        }
        arrives("ada", 500);

        assertThat(received).containsExactly("lost 150", "lost 7");
    }

    @Test
    void awaitsNothingForWhichItsProtocolHasNoWord() throws Exception {
        for (int i = 1; i <= 300; i++) {
            Position position = new Position("e", i);
            Message own = new Message("lobby", position, "ada", 0, new Content.Json("{}"));
            publish("ada", i, () -> echoes.offer(new Event.Received(own), Optional.empty()));
        }

        assertThat(received).isEmpty();
    }

    @Test
    void awaitsNothingFromAChannelThatWasLeft() throws Exception {
        for (int i = 1; i <= 250; i++) {
            publish("ada", i, () -> {});
        }
        echoes.left("another");
        arrives("ada", 1);
        assertThat(received).isEmpty();

        echoes.left("lobby");
        for (int i = 251; i <= 500; i++) {
            publish("ada", i, () -> {});
        }
        arrives("ada", 500);

        assertThat(received).isEmpty();
    }

    @Test
    void knowsItsMessagesAgainInAnEpochThatItsChannelHasYetToReach() throws Exception {
        echoes.publish("lobby", "ada", () -> new Broker.Receipt(new Position("f", 12), false));

        arrives("bob", 20);
        lost(new Position("f", 11));
        Message own = new Message("lobby", new Position("f", 12), "ada", 0, new Content.Text("hi"));
        echoes.offer(new Event.Received(own), Optional.of(frame("ada 12")));

        assertThat(received).containsExactly("bob 20", "lost 11");
    }

    private void publish(String sender, long offset, Runnable meanwhile) throws Exception {
        publish(echoes, sender, offset, meanwhile);
    }

    private static void publish(EchoFilter by, String sender, long offset, Runnable meanwhile) throws Exception {
        by.publish("lobby", sender, () -> {
            meanwhile.run();
            return new Broker.Receipt(new Position("e", offset), false);
        });
    }

    private void lost(Position position) {
        echoes.offer(new Event.Lost("lobby", position), Optional.of(frame("lost " + position.offset())));
    }

    private void arrives(String sender, long offset) {
        arrives(echoes, sender, offset);
    }

    private static void arrives(EchoFilter at, String sender, long offset) {
        Message message = new Message("lobby", new Position("e", offset), sender, 0, new Content.Text("hi"));
        at.offer(new Event.Received(message), Optional.of(frame(sender + " " + offset)));
    }

    private static Frame frame(String text) {
        return Frames.of(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(Frame frame) {
        return new String(Frames.bytes(frame), StandardCharsets.UTF_8);
    }
}
