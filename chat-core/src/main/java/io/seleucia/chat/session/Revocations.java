package io.seleucia.chat.session;

import io.seleucia.chat.message.AdminCommand;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.concurrent.locks.ReentrantLock;

/** The newest known revocation of each user, for a bounded number of users. Any thread. */
final class Revocations {
    private static final Logger LOG = System.getLogger(Revocations.class.getName());

    private final int max;
    private final ReentrantLock lock = new ReentrantLock(); // guards the next
    private final LinkedHashMap<String, AdminCommand.Revoke> byUser = new LinkedHashMap<>(); // the oldest first

    Revocations(int max) {
        this.max = max;
    }

    void add(AdminCommand.Revoke order) {
        lock.lock();
        try {
            AdminCommand.Revoke known = byUser.remove(order.name());
            byUser.put(order.name(), known == null ? order : newest(known, order));
            if (byUser.size() > max) {
                byUser.pollFirstEntry();
                LOG.log(Level.WARNING, "more than " + max + " users are revoked: the oldest revocation is forgotten");
            }
        } finally {
            lock.unlock();
        }
    }

    private static AdminCommand.Revoke newest(AdminCommand.Revoke one, AdminCommand.Revoke other) {
        return new AdminCommand.Revoke(
                one.name(), Math.max(one.given(), other.given()), Math.max(one.until(), other.until()));
    }

    /** Returns whether a login is revoked: it was begun before the revocation, or its token was issued before. */
    boolean cover(Login login) {
        lock.lock();
        try {
            AdminCommand.Revoke order = byUser.get(login.user().name());
            return order != null && covers(order, login);
        } finally {
            lock.unlock();
        }
    }

    static boolean covers(AdminCommand.Revoke order, Login login) {
        return order.name().equals(login.user().name())
                && (login.since() <= order.until()
                        || login.user()
                                .issued()
                                .filter(issued -> issued.toEpochMilli() <= order.given())
                                .isPresent());
    }
}
