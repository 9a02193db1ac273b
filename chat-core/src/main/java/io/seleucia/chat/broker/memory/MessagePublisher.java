package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.ReferenceException;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.journal.Fold;
import io.seleucia.chat.broker.journal.Journal;
import io.seleucia.chat.broker.journal.JournalHistory;
import io.seleucia.chat.broker.journal.PendingRecord;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.lang.System.Logger;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Publishes messages. With a journal, a message is written before it is delivered and acknowledged. Any thread; blocks for the
 * journal's files only.
 *
 * @param closed returns whether the broker is closed
 */
record MessagePublisher(ChannelTable channels, Optional<Journal> journal, BooleanSupplier closed) {
    private static final Logger LOG = System.getLogger(MessagePublisher.class.getName());
    private static final long WRITING_SECONDS = 2;

    /** See {@link Broker#publish(String, Sender, Draft)}. */
    Broker.Receipt publish(String channel, Sender sender, Draft draft) throws UnavailableException, ReferenceException {
        InMemoryChannel.Place place = channels.with(channel, it -> it.place(journal, sender, draft));
        if (place.refused().isPresent()) {
            place = placeInArchive(place, sender, draft);
        }
        if (journal.isPresent()) {
            journal.get().flushOrWake();
            await(place);
        }
        return new Broker.Receipt(place.position(), place.duplicate());
    }

    /** Places a deletion of a message that has left memory, and may be in the archive. Throws if it is refused. */
    private InMemoryChannel.Place placeInArchive(InMemoryChannel.Place refused, Sender sender, Draft draft)
            throws UnavailableException, ReferenceException {
        InMemoryChannel.Place place = refused;
        if (refused.older().isPresent()) {
            Optional<JournalHistory.Stored> stored =
                    stored(refused, draft, refused.older().get());
            String channel = refused.channel().name();
            place = channels.with(channel, it -> it.place(journal, sender, draft, true, stored));
        }
        if (place.refused().isPresent()) {
            throw new ReferenceException(place.refused().get());
        }
        return place;
    }

    private Optional<JournalHistory.Stored> stored(InMemoryChannel.Place refused, Draft draft, Fold unwritten)
            throws UnavailableException {
        Optional<JournalHistory> files = journal.flatMap(Journal::history);
        if (files.isEmpty()) {
            return Optional.empty();
        }
        long offset = draft.attributes().ref().orElseThrow().offset();
        return files.get()
                .find(refused.channel().name(), refused.position(), offset)
                .map(found -> unwritten.isEmpty()
                        ? found
                        : new JournalHistory.Stored(found.message(), unwritten, found.epochs()));
    }

    /** Waits until a message is written, and delivers it. */
    private void await(InMemoryChannel.Place place) throws UnavailableException {
        InMemoryChannel channel = place.channel();
        try {
            PendingRecord.await(place.written(), WRITING_SECONDS);
            channel.deliver();
            if (channel.hasLeaving()) {
                channel.change(it -> it.writeLeaving(journal.get()));
            }
        } catch (IOException e) {
            deliverLater(place); // if it is written after all
            throw new UnavailableException(closed.getAsBoolean() ? "the broker is closed" : e.getMessage(), e);
        }
    }

    /** Delivers a message in a thread of its own when it is written, if it ever is. */
    static void deliverLater(InMemoryChannel.Place place) {
        Runnable deliver = place.channel()::deliver;
        place.written()
                .thenRun(
                        () -> Thread.startVirtualThread(() -> Loop.attempt(LOG, "delivering a message late", deliver)));
    }
}
