package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.journal.Journal;
import io.seleucia.chat.broker.journal.JournalHistory;
import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.broker.journal.PendingRecord;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Function;

/**
 * Moves and counts the read marks of an in-memory broker. With a journal, a mark moves when it has been written, so that no
 * listener is told of one that the next start would set back. Any thread; blocks for the journal's files only.
 */
final class ReadMarks {
    private static final long WRITING_SECONDS = 2;
    private static final int PAGE = 250;
    private static final int MAX_READ = 2_000; // messages of the archive, to count those after one mark

    /** Applies a function to a channel, with its lock. */
    interface Access {
        <T> T with(String channel, Function<InMemoryChannel, T> what);
    }

    /** A mark that is to move once the journal has written it, if there is a journal. */
    private record Move(InMemoryChannel channel, JournalRecord.Read mark, Optional<PendingRecord> record) {
        private boolean apply(long segment) {
            return channel.use(it -> it.move(mark.client(), mark.position(), segment))
                    .orElse(false);
        }

        /** Tells the listeners, unless the mark has moved on, of which another call tells them. */
        private void tell(Broker.Reader reader, ReadMark how) {
            channel.use(it -> {
                long own = mark.position().offset();
                boolean newest = how.offset() == own && it.mark(mark.client()) == own;
                if (newest) {
                    it.audience().tell(listener -> listener.read(reader, how));
                }
                return newest;
            });
        }
    }

    private final Access channels;

    ReadMarks(Access channels) {
        this.channels = channels;
    }

    /** See {@link Broker#markRead}. */
    ReadMark move(String channel, Broker.Reader reader, long offset, Optional<Journal> journal)
            throws UnavailableException {
        Sender client = reader.client();
        Optional<Move> move = channels.with(channel, it -> begin(it, client.key(), offset, journal));
        boolean moved = move.isPresent() && finish(move.get(), journal);
        ReadMark mark = of(channel, client, Long.MAX_VALUE, journal);
        if (moved) {
            move.get().tell(reader, mark);
        }
        return mark;
    }

    /** Offers the mark to the journal within the channel's lock, so that no record of another epoch comes before it. */
    private static Optional<Move> begin(
            InMemoryChannel channel, String client, long offset, Optional<Journal> journal) {
        Position last = channel.last();
        Position to = last.at(Math.min(offset, last.offset()));
        if (to.offset() <= channel.mark(client)) {
            return Optional.empty();
        }
        JournalRecord.Read mark = new JournalRecord.Read(channel.name(), to, client, System.currentTimeMillis());
        return Optional.of(new Move(channel, mark, journal.map(it -> offer(mark, it))));
    }

    private static PendingRecord offer(JournalRecord.Read mark, Journal journal) {
        PendingRecord record = new PendingRecord(mark);
        if (!journal.offer(record)) {
            record.failed(new IOException(journal.refusal()));
        }
        return record;
    }

    /** Moves the mark. Returns whether it was behind. */
    private static boolean finish(Move move, Optional<Journal> journal) throws UnavailableException {
        if (move.record().isEmpty()) {
            return move.apply(0);
        }
        PendingRecord record = move.record().get();
        journal.orElseThrow().flushOrWake();
        try {
            return move.apply(PendingRecord.await(record.written(), WRITING_SECONDS));
        } catch (IOException e) {
            record.written().thenAccept(move::apply); // if it is written after all
            throw new UnavailableException(e.getMessage(), e);
        }
    }

    /** See {@link Broker#readMark}. */
    ReadMark of(String channel, Sender client, long last, Optional<Journal> journal) {
        ChannelHistory.Unread held =
                channels.with(channel, it -> it.history().unread(it.last(), client, it.mark(client.key()), last));
        Optional<JournalHistory> files = journal.flatMap(Journal::history);
        boolean complete = files.isEmpty() || held.count() > ReadMark.MAX_UNREAD || held.mark() >= held.first() - 1;
        return complete
                ? ReadMark.of(held.mark(), held.count(), false)
                : withArchive(channel, client, last, held, files.get());
    }

    /** Also counts messages that are in the archive only. If it can't be read, more may be unread than was found. */
    private static ReadMark withArchive(
            String channel, Sender client, long last, ChannelHistory.Unread held, JournalHistory files) {
        int count = held.count();
        long end = last < held.first() ? last + 1 : held.first();
        boolean more = true;
        try {
            for (int read = 0; more && count <= ReadMark.MAX_UNREAD && read < MAX_READ; ) {
                JournalHistory.Found found = files.before(channel, held.last(), end, PAGE);
                for (Message message : found.messages()) {
                    boolean after = message.position().offset() > held.mark();
                    count += after && ReadMark.counts(message, client) ? 1 : 0;
                }
                read += found.messages().size();
                end = found.messages().isEmpty()
                        ? 0
                        : found.messages().getFirst().position().offset();
                more = !found.complete() && end > held.mark() + 1;
            }
        } catch (UnavailableException e) {
            more = true;
        }
        return ReadMark.of(held.mark(), count, more);
    }
}
