package io.seleucia.chat.session;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/** The newest revocation of each user that this server has heard of, of a large number of users. Any thread. */
final class Revocations {
    private static final Logger LOG = System.getLogger(Revocations.class.getName());

    private final int max;
    private final ReentrantLock lock = new ReentrantLock(); // guards the next
    private final Map<String, Order.Revoke> byUser =
            new LinkedHashMap<>(); // the one that was heard of first goes first

    Revocations(int max) {
        this.max = max;
    }

    void add(Order.Revoke order) {
        lock.lock();
        try {
            Order.Revoke known = byUser.remove(order.name());
            byUser.put(order.name(), known == null ? order : newest(known, order));
            if (byUser.size() > max) {
                byUser.remove(byUser.keySet().iterator().next());
                LOG.log(Level.WARNING, "more than " + max + " users are revoked: the oldest revocation is forgotten");
            }
        } finally {
            lock.unlock();
        }
    }

    private static Order.Revoke newest(Order.Revoke one, Order.Revoke other) {
        return new Order.Revoke(one.name(), Math.max(one.given(), other.given()), Math.max(one.until(), other.until()));
    }

    /** Whether a login is void: it was begun before its user was revoked, or with a token from before that. */
    boolean cover(Login login) {
        Optional<Order.Revoke> order;
        lock.lock();
        try {
            order = Optional.ofNullable(byUser.get(login.user().name()));
        } finally {
            lock.unlock();
        }
        return order.isPresent() && covers(order.get(), login);
    }

    static boolean covers(Order.Revoke order, Login login) {
        return order.name().equals(login.user().name())
                && (login.since() <= order.until()
                        || login.user()
                                .issued()
                                .filter(issued -> issued.toEpochMilli() <= order.given())
                                .isPresent());
    }
}
