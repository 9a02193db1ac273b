package io.seleucia.chat.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.transport.Frame;
import io.seleucia.chat.transport.Frames;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EchoesTest {
    private static final int ROOM = 100;

    private final List<String> received = new ArrayList<>();
    private final List<String> overflows = new ArrayList<>();
    private final Echoes echoes = new Echoes(frame -> received.add(text(frame)), () -> overflows.add("overflow"), ROOM);

    @Test
    void dropsAMessageThatComesBackBeforeTheBrokerAnswers() throws Exception {
        publish("ada", 1, () -> arrives("ada", 1));

        arrives("ada", 2);

        assertThat(received).containsExactly("ada 2");
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
            echoes.offer(new Event.Left("lobby", "carol"), frame("carol left"));
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
    void publishesNoMoreWhenNothingComesBack() throws Exception {
        for (int i = 1; i <= 256; i++) {
            publish("ada", i, () -> {});
        }
        assertThatThrownBy(() -> publish("ada", 257, () -> {})).isInstanceOf(UnavailableException.class);

        arrives("ada", 1);
        publish("ada", 257, () -> {});
        arrives("ada", 257);

        assertThat(received).isEmpty();
    }

    private void publish(String sender, long offset, Runnable meanwhile) throws UnavailableException {
        echoes.publish("lobby", sender, () -> {
            meanwhile.run();
            return new Broker.Receipt(new Position("e", offset), false);
        });
    }

    private void arrives(String sender, long offset) {
        Message message = new Message("lobby", new Position("e", offset), sender, 0, new Content.Text("hi"));
        echoes.offer(new Event.Received(message), frame(sender + " " + offset));
    }

    private static Frame frame(String text) {
        return Frames.of(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(Frame frame) {
        return new String(Frames.bytes(frame), StandardCharsets.UTF_8);
    }
}
