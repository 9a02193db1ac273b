package io.seleucia.chat.broker;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** The revocations that an in-memory broker keeps, also in a file where it has a journal. Any thread. */
final class Revoked {
    private static final Logger LOG = System.getLogger(Revoked.class.getName());
    private static final int MAX_USERS = 100_000;
    private static final long MAX_FILE_BYTES = 64L * 1024 * 1024; // where the same users are revoked again and again

    private final ReentrantLock lock = new ReentrantLock(); // guards all below; held while the file is written
    private final Map<String, Long> byUser = new HashMap<>();
    private JournalDirectory directory; // null without a journal
    private RevocationFile file; // null until one is added
    private boolean closed;

    /** Reads what the directory of a journal holds, and keeps what is added from now on there as well. */
    void open(JournalDirectory directory) throws IOException {
        lock.lock();
        try {
            byUser.putAll(RevocationFile.read(directory));
            prune();
            this.directory = directory;
        } finally {
            lock.unlock();
        }
    }

    /** @throws UnavailableException if it could not be written, or there are too many */
    void add(String user, long time) throws UnavailableException {
        lock.lock();
        try {
            if (closed) {
                throw new ClosedBrokerException();
            }
            if (byUser.getOrDefault(user, Long.MIN_VALUE) >= time) {
                return;
            }
            if (byUser.size() >= MAX_USERS && !byUser.containsKey(user)) {
                prune();
                if (byUser.size() >= MAX_USERS) {
                    throw new UnavailableException(
                            "no more than " + MAX_USERS + " users can be revoked at a time", null);
                }
            }
            if (directory != null) {
                write(user, time);
            }
            byUser.put(user, time);
        } finally {
            lock.unlock();
        }
    }

    private void write(String user, long time) throws UnavailableException {
        try {
            if (file == null || file.length() > MAX_FILE_BYTES) {
                giveBack();
                file = RevocationFile.begin(directory, byUser);
            }
            file.add(user, time);
        } catch (IOException e) {
            throw new UnavailableException("the revocation can't be written: " + e.getMessage(), e);
        }
    }

    Map<String, Long> all() {
        lock.lock();
        try {
            prune();
            return Map.copyOf(byUser);
        } finally {
            lock.unlock();
        }
    }

    private void prune() {
        long oldest = System.currentTimeMillis() - Broker.REVOCATION_AGE.toMillis();
        byUser.values().removeIf(time -> time < oldest);
    }

    private void giveBack() {
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                LOG.log(Level.WARNING, "the file of revocations can't be closed: " + e.getMessage());
            }
            file = null;
        }
    }

    /** Takes no more, and gives the file back. */
    void close() {
        lock.lock();
        try {
            closed = true;
            giveBack();
        } finally {
            lock.unlock();
        }
    }
}
