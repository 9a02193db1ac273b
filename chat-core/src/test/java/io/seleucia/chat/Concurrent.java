package io.seleucia.chat;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.ResourceLockTarget;

/**
 * Marks a class whose tests mostly wait, and share nothing: several of them run at once, each with an instance of the
 * class. A test that judges all that is logged is marked with {@link ReadsLog}, and runs alone.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock(value = ReadsLog.LOG, mode = ResourceAccessMode.READ, target = ResourceLockTarget.CHILDREN)
public @interface Concurrent {}
