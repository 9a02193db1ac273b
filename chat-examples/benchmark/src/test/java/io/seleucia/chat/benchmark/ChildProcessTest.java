package io.seleucia.chat.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChildProcessTest {
    private static final int SECONDS = 30;

    /** Answers each line with what stands before it. */
    static final class Echo {
        public static void main(String... args) throws IOException {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null && !line.equals("bye"); line = in.readLine()) {
                System.out.println(args[0] + line);
            }
        }
    }

    private static ChildProcess echo() throws IOException {
        return new ChildProcess("an echo", ChildProcess.java(Echo.class, List.of("> ")));
    }

    @Test
    void answers() throws Exception {
        try (ChildProcess echo = echo()) {
            echo.tell("one");
            echo.tell("two");

            assertThat(echo.answer(SECONDS)).isEqualTo("> one");
            assertThat(echo.answer(SECONDS)).isEqualTo("> two");
            assertThatThrownBy(() -> echo.answer(0))
                    .isInstanceOf(IOException.class)
                    .hasMessage("an echo does not answer");
        }
    }

    @Test
    void endsWhenItIsClosed() throws Exception {
        ChildProcess echo = echo();

        echo.close();

        assertThat(echo.handle().isAlive()).isFalse();
    }

    @Test
    void tellsThatItHasEnded() throws Exception {
        try (ChildProcess echo = echo()) {
            echo.tell("bye");

            assertThatThrownBy(() -> echo.answer(SECONDS))
                    .isInstanceOf(IOException.class)
                    .hasMessage("an echo has ended");
        }
    }

    @Test
    void isKilled() throws Exception {
        try (ChildProcess echo = echo()) {
            echo.kill();

            assertThat(echo.handle().isAlive()).isFalse();
            assertThatThrownBy(() -> echo.answer(SECONDS)).hasMessage("an echo has ended");
        }
    }
}
