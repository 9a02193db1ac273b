package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.Broker.FoldedPage;
import io.seleucia.chat.broker.Broker.Page;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.journal.Journal;
import io.seleucia.chat.broker.journal.JournalHistory;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads pages of histories, from memory and from the archive behind it. Any thread; blocks for the journal's files only. */
record PageReader(ChannelTable channels, Optional<Journal> journal, OperatorDeletions deletions) {
    /** Reads a page, which may take time. */
    private interface Reading<P> {
        P read() throws UnavailableException;
    }

    /** Returns the oldest messages after an offset. */
    Page after(String channel, long offset, int limit) throws UnavailableException {
        return read(() -> {
            ChannelHistory.Held held = channels.with(
                    channel,
                    it -> it.history()
                            .page(it.last(), true, message -> message.position().offset() > offset, limit));
            Page page = held.page();
            Optional<JournalHistory> files = files(held.first());
            if (files.isEmpty() || limit <= 0 || offset >= held.first() - 1) {
                return page;
            }
            JournalHistory.Found found = files.get().after(channel, page.position(), offset, held.first(), limit);
            return joined(found.messages(), found.complete() ? page : new Page(page.position(), List.of()), limit);
        });
    }

    /** Returns the newest messages before an offset. */
    Page before(String channel, long offset, int limit) throws UnavailableException {
        return read(() -> {
            ChannelHistory.Held held = channels.with(
                    channel,
                    it -> it.history()
                            .page(
                                    it.last(),
                                    false,
                                    message -> message.position().offset() < offset,
                                    limit));
            Page page = held.page();
            Optional<JournalHistory> files = files(held.first());
            int missing = limit - page.messages().size();
            if (files.isEmpty() || missing <= 0 || offset <= 1) {
                return page;
            }
            long end = Math.min(offset, held.first());
            List<Message> older =
                    files.get().before(channel, page.position(), end, missing).messages();
            return joined(older, page, limit);
        });
    }

    /** Returns what {@link #after} or {@link #before} do, of messages as they are now. */
    FoldedPage folded(String channel, boolean forward, long offset, int limit) throws UnavailableException {
        return read(() -> {
            ChannelHistory.HeldFolded held =
                    channels.with(channel, it -> it.history().folded(it.last(), forward, offset, limit));
            FoldedPage page = held.page();
            Optional<JournalHistory> files = files(held.first());
            int missing = forward ? limit : limit - page.messages().size();
            boolean here = forward ? offset >= held.first() - 1 : offset <= 1;
            if (files.isEmpty() || missing <= 0 || here) {
                return page;
            }
            Position last = page.position();
            long end = forward ? held.first() : Math.min(offset, held.first());
            JournalHistory.FoundFolded found = forward
                    ? files.get().foldedAfter(channel, last, offset, end, missing, held.leaving())
                    : files.get().foldedBefore(channel, last, end, missing, held.leaving());
            List<FoldedMessage> messages = new ArrayList<>(found.messages());
            if (!forward || found.complete()) {
                messages.addAll(channels.with(
                        channel, it -> it.history().currentFolded(page.messages(), it.last(), this::visible)));
            }
            return new FoldedPage(last, List.copyOf(messages.subList(0, Math.min(limit, messages.size()))));
        });
    }

    /** Reads a page, and once more if an operator has deleted messages meanwhile, which may be on it. */
    private <P> P read(Reading<P> reading) throws UnavailableException {
        while (true) {
            long before = deletions.forgets();
            P page = reading.read();
            if (deletions.forgets() == before) {
                return page;
            }
        }
    }

    /** Returns the files that may have messages older than those in memory. */
    private Optional<JournalHistory> files(long first) {
        return first > 1 ? journal.flatMap(Journal::history) : Optional.empty();
    }

    /** Returns a message that has left memory as readers may see it. */
    private Message visible(Message message) {
        return journal.map(it -> it.visible(message)).orElse(message);
    }

    /** Returns what the files have and, as it is now, what was in memory before they were read. */
    private Page joined(List<Message> older, Page page, int limit) {
        List<Message> messages = new ArrayList<>(older);
        if (!page.messages().isEmpty()) {
            String channel = page.messages().getFirst().channel();
            messages.addAll(
                    channels.with(channel, it -> it.history().current(page.messages(), it.last(), this::visible)));
        }
        return new Page(page.position(), messages.subList(0, Math.min(limit, messages.size())));
    }
}
