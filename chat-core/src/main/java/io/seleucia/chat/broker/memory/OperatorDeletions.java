package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.journal.Erasure;
import io.seleucia.chat.broker.journal.Journal;
import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.broker.journal.PendingDeletion;
import io.seleucia.chat.broker.journal.PendingRecord;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Reference;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** Deletions by operators: of a channel's messages, or of a sender's. Any thread; blocks for the journal's files only. */
final class OperatorDeletions {
    private static final Logger LOG = System.getLogger(OperatorDeletions.class.getName());
    private static final long WRITING_SECONDS = 2;
    private static final long ERASING_SECONDS = 3_600;

    private final ChannelTable channels;
    private final Optional<Journal> journal;
    private final AtomicLong forgets = new AtomicLong();
    private final Queue<Untold> untold = new ConcurrentLinkedQueue<>();

    /** A message that is deleted, with its edits, of which listeners could not be told: the journal did not take that. */
    private record Untold(InMemoryChannel channel, List<Long> offsets) {}

    /** @param journal the journal, if there is one, in which a deletion is written first */
    OperatorDeletions(ChannelTable channels, Optional<Journal> journal) {
        this.channels = channels;
        this.journal = journal;
    }

    /** Returns the number of written deletions that were applied to memory. */
    long forgets() {
        return forgets.get();
    }

    /** Deletes messages, in the files too. */
    void delete(JournalRecord.Deletion deletion) throws UnavailableException {
        if (journal.isEmpty()) {
            forget(deletion, Long.MAX_VALUE, true);
            return;
        }
        PendingDeletion pending = journal.get()
                .delete(deletion)
                .orElseThrow(() -> new UnavailableException(journal.get().refusal(), null));
        journal.get().flushOrWake();
        try {
            PendingRecord.await(pending.written(), WRITING_SECONDS);
            boolean allTold = forget(pending);
            pending.done().get(ERASING_SECONDS, TimeUnit.SECONDS);
            if (!allTold) {
                throw new UnavailableException(
                        "the messages are deleted, but members could not be told of all, and edits by others may still be there; "
                                + "that is retried",
                        null);
            }
        } catch (IOException e) { // if it is written after all, the next sweep at the latest forgets the messages
            pending.written()
                    .thenRun(() -> Thread.startVirtualThread(
                            () -> Loop.attempt(LOG, "deleting messages", () -> forget(pending))));
            throw new UnavailableException(e.getMessage(), e);
        } catch (ExecutionException | TimeoutException e) {
            throw new UnavailableException(
                    "the messages are still on the disk; the deletion is retried until they are gone", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnavailableException("interrupted while the files were rewritten", e);
        }
    }

    /** Removes the messages of written deletions from memory, of which that has failed, and tells listeners what they must know. */
    void forgetUnforgotten() {
        Loop.attempt(LOG, "telling of deletions", this::tellAgain);
        journal.ifPresent(from ->
                from.unforgotten().forEach(deletion -> Loop.attempt(LOG, "deleting messages", () -> forget(deletion))));
    }

    /** Tells listeners what they could not be told before, unless the journal still takes nothing. */
    private void tellAgain() {
        boolean accepted = true;
        for (int i = untold.size(); i > 0 && accepted; i--) {
            Untold one = untold.element();
            Optional<InMemoryChannel.Place> place = one.channel.use(it -> place(it, one.offsets));
            untold.remove(); // not before: if memory has run out, it stays
            accepted = place.stream().allMatch(this::deliverWhenWritten);
        }
    }

    /**
     * Removes the messages of a written deletion from memory. If that fails, it is repeated by the next sweep. Returns whether
     * listeners have been told; if not, the next sweep tells them.
     */
    private boolean forget(PendingDeletion written) {
        boolean allTold = forget(written.deletion(), written.segment(), true);
        forgets.incrementAndGet();
        written.setForgotten();
        return allTold;
    }

    /**
     * Removes messages from memory.
     *
     * @param tell whether to tell listeners: of a sender by deletions, which are messages, and of a channel by a loss
     * @return whether they have been told
     */
    boolean forget(JournalRecord.Deletion deletion, long segment, boolean tell) {
        Collection<InMemoryChannel> concerned = deletion.channel().isEmpty()
                ? channels.all()
                : channels.find(deletion.channel()).stream().toList();
        boolean allTold = true;
        for (InMemoryChannel channel : concerned) {
            allTold &= forget(deletion, segment, tell, channel);
        }
        return allTold;
    }

    private boolean forget(JournalRecord.Deletion deletion, long segment, boolean tell, InMemoryChannel channel) {
        List<InMemoryChannel.Place> told = new ArrayList<>();
        Consumer<InMemoryChannel> change = it -> {
            List<List<Long>> deleted = it.delete(deletion::concerns, fold -> deletion.left(it.name(), fold), segment);
            if (tell && deletion.sender().isEmpty()) {
                it.audience().tell(listener -> listener.lost(it.last()));
            } else if (tell) {
                it.audience().tell(Broker.Listener::erased);
                deleted.forEach(offsets -> told.add(place(it, offsets)));
            }
        };
        channel.change(change);
        boolean allTold = true;
        for (InMemoryChannel.Place place : told) {
            if (allTold || place.written().isDone()) { // else one has waited long enough for all
                allTold &= deliverWhenWritten(place);
            } else {
                MessagePublisher.deliverLater(place);
            }
        }
        return allTold;
    }

    /** Appends the deletion of a message that is there no more, so that members remove it too. If that fails, it is repeated. */
    private InMemoryChannel.Place place(InMemoryChannel channel, List<Long> deleted) {
        Attributes attributes = Attributes.NONE.withRef(new Reference(deleted.getFirst(), Reference.Kind.DELETE));
        Draft draft = new Draft(Content.NONE, attributes, "", true);
        List<Long> edits = deleted.subList(1, deleted.size()); // which others may have published
        Erasure erasure =
                edits.isEmpty() ? Erasure.NONE : new Erasure(channel.position().epochs(), edits);
        InMemoryChannel.Place place = channel.place(journal, InMemoryChannel.OPERATOR, draft, erasure, null);
        place.written().whenComplete((written, failure) -> {
            if (failure != null) {
                untold.add(new Untold(channel, deleted));
            }
        });
        return place;
    }

    /**
     * Waits until a message is written, and delivers it. If that takes long, it is delivered later. Returns whether it is
     * delivered.
     */
    private boolean deliverWhenWritten(InMemoryChannel.Place place) {
        try {
            journal.ifPresent(Journal::flushOrWake);
            PendingRecord.await(place.written(), WRITING_SECONDS);
            place.channel().deliver();
            return true;
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> "a deletion is not delivered yet: " + e);
            MessagePublisher.deliverLater(place);
            return false;
        }
    }
}
