package io.seleucia.chat.broker;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Reference.Kind;
import io.seleucia.chat.message.Sender;
import io.seleucia.chat.options.ChannelOptions;
import io.seleucia.chat.options.ChannelRules;
import io.seleucia.chat.options.CurrentOptions;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How much of a channel a broker keeps whose options say it. */
public abstract class ChannelOptionsContract {
    private static final Retention RETENTION = Retention.DEFAULT.withMessages(20);

    protected final CurrentOptions options = new CurrentOptions();
    private Broker broker;

    /** A broker with these options on this test's store, which is empty at the test's beginning. */
    protected abstract Broker create(Retention retention, CurrentOptions options) throws Exception;

    /** Closes a broker and opens another one on the same store; or returns the same one if that has no store. */
    protected abstract Broker restarted(Broker broker, Retention retention, CurrentOptions options) throws Exception;

    @BeforeEach
    void open() throws Exception {
        broker = create(RETENTION, options);
    }

    @AfterEach
    void close() {
        broker.close();
    }

    private void restart() throws Exception {
        broker = restarted(broker, RETENTION, options);
    }

    private static ChannelOptions size(int messages) {
        return ChannelOptions.DEFAULT.withHistorySize(messages);
    }

    private Position publish(String channel, int count) throws Exception {
        Position last = Position.NONE;
        for (int i = 0; i < count; i++) {
            last = broker.publish(channel, "ada", new Content.Text("text"), "").position();
        }
        return last;
    }

    private static List<Long> offsets(List<Message> messages) {
        return messages.stream().map(message -> message.position().offset()).toList();
    }

    private List<Long> kept(String channel) {
        try {
            List<Long> offsets = offsets(broker.historyAfter(channel, 0, 100).messages());
            assertThat(offsets(
                            broker.historyBefore(channel, Long.MAX_VALUE, 100).messages()))
                    .isEqualTo(offsets);
            assertThat(broker.folded(channel, true, 0, 100).messages())
                    .extracting(folded -> folded.message().position().offset())
                    .isEqualTo(offsets);
            assertThat(broker.folded(channel, false, Long.MAX_VALUE, 100).messages())
                    .extracting(folded -> folded.message().position().offset())
                    .isEqualTo(offsets);
            return offsets;
        } catch (UnavailableException e) {
            throw new AssertionError(e);
        }
    }

    private static List<Long> range(long first, long last) {
        return LongStream.rangeClosed(first, last).boxed().toList();
    }

    @Test
    void keepsAsManyMessagesAsEachChannelsOptionsSay() throws Exception {
        options.change(ChannelRules.NONE.with("few", size(3)).with("many", size(50)));

        for (String channel : List.of("few", "many", "other")) {
            publish(channel, 40);
        }

        assertThat(kept("few")).isEqualTo(range(38, 40));
        assertThat(kept("many")).isEqualTo(range(1, 40));
        assertThat(kept("other")).isEqualTo(range(21, 40));
        restart();
        assertThat(kept("few")).isEqualTo(range(38, 40));
        assertThat(kept("many")).isEqualTo(range(1, 40));
        assertThat(kept("other")).isEqualTo(range(21, 40));
    }

    @Test
    void keepsNothingIfTheOptionsSaySo() throws Exception {
        options.change(ChannelRules.NONE.with("none", size(0)));
        RecordingListener listener = new RecordingListener();
        broker.subscribe("none", listener);

        Position last = publish("none", 40);

        for (long offset : range(1, 40)) {
            assertThat(listener.nextMessage().position()).isEqualTo(last.at(offset));
        }
        assertThat(kept("none")).isEmpty();
        assertThat(broker.historyAfter("none", 0, 10).position()).isEqualTo(last);
        assertThat(broker.readMark("none", Sender.of("bob"))).isEqualTo(new ReadMark(0, 0, false));
        restart();
        assertThat(kept("none")).isEmpty();
        assertThat(publish("none", 1)).isEqualTo(last.next());
    }

    @Test
    void refusesReferencesToMessagesThatAreNotKept() throws Exception {
        options.change(ChannelRules.NONE.with("none", size(0)));
        publish("none", 16);

        for (Kind kind : Kind.values()) {
            Content content = kind == Kind.DELETE ? Content.NONE : new Content.Text("+");
            Attributes attributes = Attributes.NONE.withRef(new Reference(16, kind));
            assertThatThrownBy(
                            () -> broker.publish("none", Sender.of("ada"), new Draft(content, attributes, "", false)))
                    .isInstanceOfSatisfying(
                            ReferenceException.class,
                            refused -> assertThat(refused.reason()).isEqualTo(ReferenceException.Reason.TOO_OLD));
        }
        assertThat(publish("none", 1).offset()).isEqualTo(17);
    }

    @Test
    void returnsTheFirstPositionForAnIdempotencyKeyOfAMessageThatIsNotKept() throws Exception {
        options.change(ChannelRules.NONE.with("none", size(0)));

        Broker.Receipt first = broker.publish("none", "ada", new Content.Text("text"), "key");
        Broker.Receipt again = broker.publish("none", "ada", new Content.Text("text"), "key");

        assertThat(again).isEqualTo(new Broker.Receipt(first.position(), true));
    }

    @Test
    void tellsAListenerThatReadsTooLateThatMessagesAreLost() throws Exception {
        options.change(ChannelRules.NONE.with("none", size(0)));
        Position last = publish("none", 2);

        Broker.Page page = broker.historyAfter("none", 1, 10);

        assertThat(page.messages()).isEmpty();
        assertThat(page.position()).isEqualTo(last);
    }

    @Test
    void keepsMessagesForAsLongAsTheOptionsSay() throws Exception {
        options.change(ChannelRules.NONE.with("brief", ChannelOptions.DEFAULT.withHistoryAge(Duration.ofSeconds(1))));

        publish("brief", 2);
        publish("other", 2);

        eventually(() -> assertThat(kept("brief")).isEmpty());
        assertThat(kept("other")).isEqualTo(range(1, 2));
        assertThat(publish("brief", 1).offset()).isEqualTo(3);
    }

    @Test
    void followsChangesOfTheOptions() throws Exception {
        publish("lobby", 10);

        options.change(ChannelRules.NONE.with("lobby", size(2)));
        assertThat(kept("lobby")).isEqualTo(range(9, 10));
        publish("lobby", 1);
        assertThat(kept("lobby")).isEqualTo(range(10, 11));

        options.change(ChannelRules.NONE.with("lobby", size(0)));
        assertThat(kept("lobby")).isEmpty();
        publish("lobby", 1);

        options.change(ChannelRules.NONE);
        publish("lobby", 3);
        assertThat(kept("lobby")).isEqualTo(range(13, 15));
    }

    @Test
    void inboxesHaveOptionsOfTheirOwn() throws Exception {
        options.change(ChannelRules.NONE.with("@*", size(2)).with("*", size(0)));

        publish("@bob", 3);
        publish("bob", 3);

        assertThat(kept("@bob")).isEqualTo(range(2, 3));
        assertThat(kept("bob")).isEmpty();
    }
}
