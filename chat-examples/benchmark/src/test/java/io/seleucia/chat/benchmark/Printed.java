package io.seleucia.chat.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.IntSupplier;

/** What a benchmark prints. */
public final class Printed {
    private Printed() {}

    /** Runs one that is to end with this status. */
    public static String by(int status, IntSupplier run) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream former = System.out;
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        try {
            assertThat(run.getAsInt()).isEqualTo(status);
        } finally {
            System.setOut(former);
        }
        return out.toString(StandardCharsets.UTF_8);
    }
}
