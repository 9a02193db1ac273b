package io.seleucia.chat.faults;

import java.util.ArrayList;
import java.util.List;

/**
 * What a test puts into server processes.
 *
 * @param program whether an embedding program publishes there and is interrupted ({@link EmbeddedMain})
 * @param errors whether plug-ins throw Errors there ({@link InjectedErrors})
 * @param flags more arguments of the JVM
 */
record Equipment(boolean program, boolean errors, List<String> flags) {
    static final Equipment NONE = new Equipment(false, false, List.of());

    Equipment withProgram() {
        return new Equipment(true, errors, flags);
    }

    Equipment withErrors() {
        return new Equipment(program, true, and("-D%s=true".formatted(InjectedErrors.PROPERTY)));
    }

    /** With idempotency keys that live longer than any clock jumps. */
    Equipment withLongKeys() {
        return new Equipment(program, errors, and("-D%s=PT23H".formatted(ServerMain.KEYS)));
    }

    /** With servers over Redis that find out sooner which others are dead ({@link Pace}). */
    Equipment withHaste() {
        return new Equipment(program, errors, and("-D%s=%d".formatted(ServerMain.TIMES_FASTER, Pace.TIMES_FASTER)));
    }

    /** With a journal that begins its next file after some messages. */
    Equipment withSmallSegments() {
        return new Equipment(program, errors, and("-D%s=2048".formatted(ServerMain.SEGMENT_BYTES)));
    }

    private List<String> and(String flag) {
        List<String> all = new ArrayList<>(flags);
        all.add(flag);
        return all;
    }
}
