package io.seleucia.chat.broker;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/** Sees to it that a journal's segments can go from where a start reads them, and lets them go. */
final class JournalRetirement {
    private static final long WRITING_SECONDS = 2;
    private static final int NOTES = 1_000;

    private JournalRetirement() {}

    /**
     * Takes the oldest segments away whose time is over, when all that a start needs of them stands in later ones as well.
     * Blocks while that is written.
     */
    static void retire(Journal journal, Collection<InMemoryChannel> channels) throws IOException, InterruptedException {
        OptionalLong expired = journal.expired();
        while (expired.isPresent() && isCarriedOver(expired.getAsLong(), journal, channels)) {
            journal.retire(expired.getAsLong());
            expired = journal.expired();
        }
    }

    private static boolean isCarriedOver(long segment, Journal to, Collection<InMemoryChannel> channels)
            throws InterruptedException {
        List<CompletableFuture<Void>> notes = new ArrayList<>();
        for (InMemoryChannel channel : channels) {
            Optional<JournalRecord.Standing> standing =
                    channel.use(it -> it.standing(segment)).flatMap(Function.identity());
            if (standing.isPresent()) {
                JournalNote note = new JournalNote(standing.get());
                if (!to.offer(note)) {
                    return false; // later, when less waits
                }
                notes.add(note.written().thenAccept(in -> channel.change(it -> it.standsIn(in))));
            }
            if (notes.size() == NOTES) {
                to.hurry();
                if (!areWritten(notes)) {
                    return false;
                }
            }
        }
        to.hurry();
        return areWritten(notes);
    }

    private static boolean areWritten(List<CompletableFuture<Void>> notes) throws InterruptedException {
        try {
            CompletableFuture.allOf(notes.toArray(CompletableFuture[]::new)).get(WRITING_SECONDS, TimeUnit.SECONDS);
            notes.clear();
            return true;
        } catch (ExecutionException | TimeoutException e) {
            return false; // the journal says so itself, and the segment stays
        }
    }
}
