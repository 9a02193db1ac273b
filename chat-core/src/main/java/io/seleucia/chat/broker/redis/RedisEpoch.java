package io.seleucia.chat.broker.redis;

import io.seleucia.chat.message.Position;

/**
 * The order of epochs. An epoch begins with a number and a dot, and a new epoch has a higher number than all that were
 * known where it began. So a history whose epoch is not newer than one that was shown was restored from a backup.
 * Epochs of earlier versions have no number, and are older than all others.
 */
final class RedisEpoch {
    private static final int MAX_DIGITS = 18;

    private RedisEpoch() {}

    /** Returns the position that is further on, in the same epoch or in a newer one; {@code one} if neither is. */
    static Position newest(Position one, Position other) {
        boolean ahead =
                one.sameEpoch(other) ? other.offset() > one.offset() : number(other.epoch()) > number(one.epoch());
        return ahead ? other : one;
    }

    /** Returns the number of an epoch, 0 if it has none, and -1 for no epoch. */
    private static long number(String epoch) {
        int dot = epoch.indexOf('.');
        if (dot < 1 || dot > MAX_DIGITS) {
            return epoch.isEmpty() ? -1 : 0;
        }
        long number = 0;
        for (int i = 0; i < dot; i++) {
            int digit = epoch.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return 0;
            }
            number = 10 * number + digit;
        }
        return number;
    }
}
