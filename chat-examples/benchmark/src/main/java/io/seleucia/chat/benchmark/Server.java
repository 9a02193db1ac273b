package io.seleucia.chat.benchmark;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/** A server under measurement. Figures that are unknown are empty. */
interface Server extends AutoCloseable {
    URI url(Scenario scenario);

    default Optional<Duration> cpu() {
        return Optional.empty();
    }

    default OptionalLong residentBytes() {
        return OptionalLong.empty();
    }

    /** Returns the bytes of live objects in the heap. Takes a while, and some CPU time of the server. */
    default OptionalLong liveHeapBytes() {
        return OptionalLong.empty();
    }

    @Override
    default void close() {}

    static Server running(URI url) {
        return scenario -> url;
    }
}
