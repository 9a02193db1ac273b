package io.seleucia.chat.examples.benchmark;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/** A server under measurement. What can't be told about it is empty. */
interface Server extends AutoCloseable {
    /** Where a scenario's clients connect. */
    URI url(Scenario scenario);

    /** The CPU time that it has used up to now. */
    Optional<Duration> cpu();

    /** Bytes of its memory that are resident. */
    OptionalLong residentBytes();

    /** Bytes of the objects that live in its heap; takes a while, and the server some CPU time. */
    OptionalLong liveHeapBytes();

    @Override
    void close();

    /** One that runs anyway, and of which nothing else is known. */
    static Server running(URI url) {
        return new Server() {
            @Override
            public URI url(Scenario scenario) {
                return url;
            }

            @Override
            public Optional<Duration> cpu() {
                return Optional.empty();
            }

            @Override
            public OptionalLong residentBytes() {
                return OptionalLong.empty();
            }

            @Override
            public OptionalLong liveHeapBytes() {
                return OptionalLong.empty();
            }

            @Override
            public void close() {
                // it goes on
            }
        };
    }
}
