package io.seleucia.chat;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Marks a test of a {@link Concurrent} class that runs alone, because it judges all that is logged meanwhile. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ResourceLock(ReadsLog.LOG)
public @interface ReadsLog {
    /** The log of the process. Every other test of the class writes to it. */
    String LOG = "log";
}
