package io.seleucia.chat.broker;

import io.seleucia.chat.message.Position;

/**
 * The order of epochs over Redis. An epoch begins with a number and a dot, and each new one has a higher number than all
 * that were known where it began: so a history whose epoch is not newer than one that was shown was put back. Epochs of
 * earlier versions have no number, and are older than those that have one.
 */
final class RedisEpoch {
    private static final int LONGEST = 18; // digits; more would be no number of ours

    private RedisEpoch() {}

    /** Returns the position that is further on, in the same epoch or in a newer one; {@code one} where neither is. */
    static Position newest(Position one, Position other) {
        boolean ahead =
                one.sameEpoch(other) ? other.offset() > one.offset() : number(other.epoch()) > number(one.epoch());
        return ahead ? other : one;
    }

    /** Returns the number of an epoch, 0 if it has none, and less than that for no epoch. */
    private static long number(String epoch) {
        if (epoch.isEmpty()) {
            return -1;
        }
        int dot = epoch.indexOf('.');
        if (dot < 1 || dot > LONGEST) {
            return 0;
        }
        long number = 0;
        for (int i = 0; i < dot; i++) {
            char digit = epoch.charAt(i);
            if (digit < '0' || digit > '9') {
                return 0;
            }
            number = 10 * number + digit - '0';
        }
        return number;
    }
}
