package io.seleucia.chat;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Marks a test that runs only in the long form of the build, {@code mvn verify -Plong}. Other builds skip it and say so.
 * A test with a short and a long form asks {@link #RUNS} instead.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@EnabledIfSystemProperty(
        named = "tests.long",
        matches = "true",
        disabledReason = "only mvn verify -Plong runs this test")
public @interface LongForm {
    /** Whether this is the long form of the build. */
    boolean RUNS = Boolean.getBoolean("tests.long");
}
