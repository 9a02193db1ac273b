package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.ClosedBrokerException;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.journal.JournalDirectory;
import io.seleucia.chat.broker.journal.RecordFile;
import io.seleucia.chat.message.Ban;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The revocations or the bans of an in-memory broker: one record for each key, also in a file if the broker has a journal. Any
 * thread; adding blocks while the file is written.
 *
 * @param <R> the type of a record
 */
final class KeptRecords<R> {
    private static final Logger LOG = System.getLogger(KeptRecords.class.getName());
    private static final long MAX_FILE_BYTES = 64L * 1024 * 1024; // the same keys may be written again and again

    private static final Pattern REVOCATION = Pattern.compile("(-?\\d{1,18}) (.+)");

    /** A revocation, with its time in milliseconds since 1970-01-01T00:00Z. */
    record Revocation(String user, long time) {
        private static Optional<Revocation> parse(String text) {
            Matcher matcher = REVOCATION.matcher(text);
            return matcher.matches()
                    ? Optional.of(new Revocation(matcher.group(2), Long.parseLong(matcher.group(1))))
                    : Optional.empty();
        }
    }

    /**
     * The rules for one kind of records.
     *
     * @param plural the name of the records in errors, and of their file
     * @param max the maximum number of records
     * @param key the key of a record, of which one is kept for each key
     * @param text a record as one line
     * @param parse parses a line that any version of {@code text} has written
     * @param end the time in milliseconds since 1970 from which a record has no effect
     * @param replaces whether the first record replaces the second, which has the same key
     */
    private record Kind<R>(
            String plural,
            int max,
            Function<R, String> key,
            Function<R, String> text,
            Function<String, Optional<R>> parse,
            ToLongFunction<R> end,
            BiPredicate<R, R> replaces) {}

    private final Kind<R> kind;
    private final ReentrantLock lock = new ReentrantLock(); // guards all below; held while the file is written
    private final Map<String, R> byKey = new HashMap<>();
    private JournalDirectory directory; // null without a journal
    private RecordFile file; // null until one is added
    private boolean closed;

    private KeptRecords(Kind<R> kind) {
        this.kind = kind;
    }

    /** Creates a set of revocations, the newest of each user. */
    static KeptRecords<Revocation> ofRevocations() {
        return new KeptRecords<>(new Kind<>(
                "revocations",
                100_000,
                Revocation::user,
                revocation -> revocation.time + " " + revocation.user,
                Revocation::parse,
                revocation -> revocation.time + Broker.REVOCATION_AGE.toMillis(),
                (revocation, known) -> revocation.time > known.time));
    }

    /** Creates a set of bans, the last of each subject. */
    static KeptRecords<Ban> ofBans() {
        return new KeptRecords<>(new Kind<>(
                "bans",
                Broker.MAX_BANS,
                Ban::key,
                Ban::toText,
                Ban::parse,
                ban -> ban.until().toEpochMilli(),
                (ban, known) -> true)); // a ban that has ended lifts another
    }

    /** Reads the file in a journal's directory, and adds later records to it. */
    void open(JournalDirectory directory) throws IOException {
        lock.lock();
        try {
            Path path = directory.file(kind.plural);
            long damaged = RecordFile.read(path, text -> {
                Optional<R> record = kind.parse.apply(text);
                record.filter(this::isNew).ifPresent(it -> byKey.put(kind.key.apply(it), it));
                return record.isPresent();
            });
            if (damaged > 0) {
                LOG.log(
                        Level.WARNING,
                        damaged + " lines of " + path + " are damaged and ignored: enter those " + kind.plural
                                + " again that must be in force");
            }
            prune();
            this.directory = directory;
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether a record replaces the one with its key, if there is one. */
    private boolean isNew(R record) {
        R known = byKey.get(kind.key.apply(record));
        return known == null || kind.replaces.test(record, known);
    }

    /** Adds a record. Throws if it can't be written, or there are too many. */
    void add(R record) throws UnavailableException {
        lock.lock();
        try {
            if (closed) {
                throw new ClosedBrokerException();
            }
            if (!isNew(record)) {
                return;
            }
            String key = kind.key.apply(record);
            if (!byKey.containsKey(key) && byKey.size() >= kind.max) {
                prune();
                if (byKey.size() >= kind.max) {
                    throw new UnavailableException(
                            "no more than " + kind.max + " " + kind.plural + " can be kept at a time", null);
                }
            }
            if (directory != null) {
                write(record);
            }
            byKey.put(key, record);
        } finally {
            lock.unlock();
        }
    }

    private void write(R record) throws UnavailableException {
        try {
            if (file == null || file.length() > MAX_FILE_BYTES) {
                closeFile();
                List<String> texts = byKey.values().stream().map(kind.text).toList();
                file = RecordFile.begin(directory, directory.file(kind.plural), texts);
            }
            file.add(kind.text.apply(record));
        } catch (IOException e) {
            throw new UnavailableException("the file of " + kind.plural + " can't be written: " + e.getMessage(), e);
        }
    }

    /** Returns all records that are in force. */
    List<R> all() {
        lock.lock();
        try {
            prune();
            return List.copyOf(byKey.values());
        } finally {
            lock.unlock();
        }
    }

    private void prune() {
        long now = System.currentTimeMillis();
        byKey.values().removeIf(record -> kind.end.applyAsLong(record) <= now);
    }

    private void closeFile() {
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                LOG.log(Level.WARNING, "the file of " + kind.plural + " can't be closed: " + e.getMessage());
            }
            file = null;
        }
    }

    /** Accepts no more records, and closes the file. */
    void close() {
        lock.lock();
        try {
            closed = true;
            closeFile();
        } finally {
            lock.unlock();
        }
    }
}
