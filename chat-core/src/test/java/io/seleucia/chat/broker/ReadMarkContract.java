package io.seleucia.chat.broker;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Reference.Kind;
import io.seleucia.chat.message.Sender;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** The part of {@link BrokerContract} about how far clients have read. */
public abstract class ReadMarkContract extends DirectoryContract {
    private static final Sender ADA = Sender.of("ada");
    private static final Sender BOB = Sender.of("bob");
    private static final Sender BOB_AS_GUEST = new Sender("bob", true);

    private static Broker.Reader session(Sender client) {
        return new Broker.Reader("a session", client, true);
    }

    private static ReadMark read(Broker broker, Sender client, long offset) throws Exception {
        return broker.markRead(CHANNEL, session(client), offset);
    }

    private static ReadMark mark(Broker broker, Sender client) throws Exception {
        return broker.readMark(CHANNEL, client);
    }

    private static ReadMark at(long offset, int unread) {
        return new ReadMark(offset, unread, false);
    }

    private static void publish(Broker broker, Sender sender, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            broker.publish(CHANNEL, sender, text("text"), "");
        }
    }

    private static void refer(Broker broker, Sender sender, long offset, Kind kind, Content content) throws Exception {
        Attributes attributes = Attributes.NONE.withRef(new Reference(offset, kind));
        broker.publish(CHANNEL, sender, new Draft(content, attributes, "", false));
    }

    @Test
    void notesHowFarEachClientHasRead() throws Exception {
        Broker broker = open();
        publish(broker, ADA, 5);

        assertThat(mark(broker, BOB)).isEqualTo(at(0, 5));
        assertThat(read(broker, BOB, 3)).isEqualTo(at(3, 2));

        assertThat(mark(broker, BOB)).isEqualTo(at(3, 2));
        assertThat(mark(broker, BOB_AS_GUEST)).isEqualTo(at(0, 5));
        assertThat(mark(broker, ADA)).isEqualTo(at(0, 0));
        assertThat(broker.readMark("there", BOB)).isEqualTo(at(0, 0));
        assertThat(mark(another(broker, Retention.DEFAULT), BOB)).isEqualTo(at(3, 2));
    }

    @Test
    void countsUpToAnOffset() throws Exception {
        Broker broker = open();
        publish(broker, ADA, 5);
        read(broker, BOB, 1);

        assertThat(broker.readMark(CHANNEL, BOB, 3)).isEqualTo(at(1, 2));
        assertThat(broker.readMark(CHANNEL, BOB, 5)).isEqualTo(at(1, 4));
        assertThat(broker.readMark(CHANNEL, BOB, 99)).isEqualTo(at(1, 4));
        assertThat(broker.readMark(CHANNEL, BOB, 1)).isEqualTo(at(1, 0));
        assertThat(broker.readMark(CHANNEL, BOB, 0)).isEqualTo(at(1, 0));
    }

    @Test
    void neitherSetsAMarkBackNorBeyondTheEnd() throws Exception {
        Broker broker = open();
        publish(broker, ADA, 3);

        assertThat(read(broker, BOB, 2)).isEqualTo(at(2, 1));
        assertThat(read(broker, BOB, 1)).isEqualTo(at(2, 1));
        assertThat(read(broker, BOB, -1)).isEqualTo(at(2, 1));
        assertThat(read(broker, BOB, Long.MAX_VALUE)).isEqualTo(at(3, 0));
        publish(broker, ADA, 1);
        assertThat(mark(broker, BOB)).isEqualTo(at(3, 1));
    }

    @Test
    void marksNothingWhereNothingWasPublished() throws Exception {
        Broker broker = open();

        assertThat(read(broker, BOB, 7)).isEqualTo(at(0, 0));
        publish(broker, ADA, 1);
        assertThat(mark(broker, BOB)).isEqualTo(at(0, 1));
    }

    @Test
    void countsNeitherOwnMessagesNorAnnotationsNorDeletedOnes() throws Exception {
        Broker broker = open();
        publish(broker, ADA, 1);
        publish(broker, BOB, 1);
        refer(broker, ADA, 1, Kind.EDIT, text("edited"));
        refer(broker, BOB, 1, Kind.REACTION, text("👍"));
        refer(broker, ADA, 2, Kind.REPLY, text("a reply"));
        publish(broker, ADA, 1);
        refer(broker, ADA, 6, Kind.DELETE, Content.NONE);
        publish(broker, BOB_AS_GUEST, 1);
        broker.publish(CHANNEL, BOB, new Content.Json("{\"ref\":{\"offset\":1,\"kind\":\"edit\"}}"), "");

        assertThat(mark(broker, Sender.of("cyd"))).isEqualTo(at(0, 5)); // 1, 2, 5, 8, 9
        assertThat(mark(broker, BOB)).isEqualTo(at(0, 3));
        assertThat(mark(broker, BOB_AS_GUEST)).isEqualTo(at(0, 4));
        assertThat(mark(broker, ADA)).isEqualTo(at(0, 3));
        assertThat(read(broker, ADA, 4)).isEqualTo(at(4, 2));
        assertThat(read(broker, BOB, 7)).isEqualTo(at(7, 1));
    }

    @Test
    void countsAThousandMessagesAtTheMost() throws Exception {
        Broker broker = open(Retention.DEFAULT.withMessages(2_000));
        publish(broker, ADA, ReadMark.MAX_UNREAD);
        assertThat(mark(broker, BOB)).isEqualTo(at(0, ReadMark.MAX_UNREAD));

        publish(broker, ADA, 1);
        assertThat(mark(broker, BOB)).isEqualTo(new ReadMark(0, ReadMark.MAX_UNREAD, true));
        assertThat(read(broker, BOB, 1)).isEqualTo(at(1, ReadMark.MAX_UNREAD));
    }

    @Test
    void keepsMarksWhereMessagesAreGone() throws Exception {
        Broker broker = open();
        publish(broker, ADA, 4);
        read(broker, BOB, 3);

        broker.delete(CHANNEL);

        eventually(() -> assertThat(unchecked(() -> mark(broker, BOB))).isEqualTo(at(3, 0)));
        publish(broker, ADA, 1);
        assertThat(mark(broker, BOB)).isEqualTo(at(3, 1));
    }

    private static <T> T unchecked(Callable<T> call) {
        try {
            return call.call();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void tellsAllListenersWhenAMarkMoves() throws Exception {
        Broker broker = open();
        Broker other = another(broker, Retention.DEFAULT);
        Broker.Reader guest = new Broker.Reader("another session {\"ä\"}", BOB_AS_GUEST, false);
        publish(broker, ADA, 3);
        List<RecordingListener> listeners = List.of(new RecordingListener(), new RecordingListener());
        broker.subscribe(CHANNEL, listeners.getFirst());
        other.subscribe(CHANNEL, listeners.getLast());

        other.markRead(CHANNEL, session(BOB), 2);
        other.markRead(CHANNEL, session(BOB), 1);
        broker.markRead(CHANNEL, guest, 9);
        publish(broker, ADA, 1);

        for (RecordingListener listener : listeners) {
            assertThat(listener.nextRead()).isEqualTo(new RecordingListener.Read(session(BOB), at(2, 1)));
            assertThat(listener.nextRead()).isEqualTo(new RecordingListener.Read(guest, at(3, 0)));
            assertThat(listener.nextMessage().position().offset()).isEqualTo(4);
        }
    }

    /** The offsets of a client's mark that a listener was told. */
    private static final class Told implements Broker.Listener {
        private final Queue<Long> offsets = new ConcurrentLinkedQueue<>();

        @Override
        public void message(Message message) {}

        @Override
        public void lost(Position position) {}

        @Override
        public void read(Broker.Reader reader, ReadMark mark) {
            offsets.add(mark.offset());
        }
    }

    @Test
    void neverTellsOfLessThanBeforeWhileSessionsReadAtTheSameTime() throws Exception {
        int last = 300;
        Broker broker = open();
        List<Broker> brokers = List.of(broker, another(broker, Retention.DEFAULT));
        publish(broker, ADA, last);
        List<Told> listeners = List.of(new Told(), new Told());
        brokers.getFirst().subscribe(CHANNEL, listeners.getFirst());
        brokers.getLast().subscribe(CHANNEL, listeners.getLast());

        try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int number = 0; number < 8; number++) {
                Broker used = brokers.get(number % 2);
                Random random = new Random(number);
                all.add(readers.submit(() -> {
                    long reached = 0;
                    for (int i = 1; i <= 100; i++) {
                        long offset = Math.max(1, i * (long) last / 100 - random.nextInt(20));
                        long now = read(used, BOB, offset).offset();
                        assertThat(now).isGreaterThanOrEqualTo(Math.max(offset, reached));
                        reached = now;
                    }
                    return null;
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        }

        long reached = mark(broker, BOB).offset();
        assertThat(reached).isGreaterThan(last - 20);
        for (Told listener : listeners) {
            eventually(() -> assertThat(listener.offsets).last().isEqualTo(reached));
            assertThat(List.copyOf(listener.offsets)).isSorted().doesNotHaveDuplicates();
        }
    }
}
