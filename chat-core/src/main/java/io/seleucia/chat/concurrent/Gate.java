package io.seleucia.chat.concurrent;

/**
 * Decides, at the last moment, whether a step may be taken: what it passes on may have become wrong while it waited. Any thread.
 */
@FunctionalInterface
public interface Gate {
    /** The gate for what stays right. */
    Gate OPEN = step -> {
        step.run();
        return true;
    };

    /**
     * Runs a step, or does not. Returns whether the step has run.
     *
     * @param step must not block
     */
    boolean pass(Runnable step);
}
