package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.time.Instant;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

class LogFormatTest {
    private final LogRecord record = new LogRecord(Level.WARNING, "Redis is gone");

    LogFormatTest() {
        record.setLoggerName("io.seleucia.chat.Some");
        record.setInstant(Instant.parse("2026-11-21T17:00:00.123456Z"));
    }

    @Test
    void givesTimeLevelPlaceAndMessage() {
        assertThat(new LogFormat(false).format(record))
                .isEqualTo("2026-11-21T17:00:00.123Z WARNING io.seleucia.chat.Some: Redis is gone\n");
    }

    @Test
    void givesTheSameAsAnObject() {
        JsonObject line = json();

        assertThat(line.get("time").getAsString()).isEqualTo("2026-11-21T17:00:00.123Z");
        assertThat(line.get("level").getAsString()).isEqualTo("WARNING");
        assertThat(line.get("logger").getAsString()).isEqualTo("io.seleucia.chat.Some");
        assertThat(line.get("thread").getAsString())
                .isEqualTo(Thread.currentThread().getName());
        assertThat(line.get("message").getAsString()).isEqualTo("Redis is gone");
        assertThat(line.has("error")).isFalse();
    }

    @Test
    void callsLevelsAsTheCodeDoes() {
        record.setLevel(Level.SEVERE);
        assertThat(new LogFormat(false).format(record)).contains(" ERROR ");
        record.setLevel(Level.FINE);
        assertThat(new LogFormat(false).format(record)).contains(" DEBUG ");
    }

    @Test
    void keepsAStackTraceInItsLine() {
        record.setThrown(new IllegalStateException("broken"));

        assertThat(new LogFormat(false).format(record))
                .contains(": Redis is gone: java.lang.IllegalStateException: broken\\n\\tat ")
                .endsWith("\n")
                .containsOnlyOnce("\n");
        assertThat(json().get("error").getAsString())
                .startsWith("java.lang.IllegalStateException: broken\n\tat io.seleucia");
    }

    @Test
    void letsNobodyForgeALineOrMoveTheCursor() {
        record.setMessage("ada\n2026 INFO forged\r\u001b[2J\u0085\u2028\u007f {0}");
        record.setParameters(new Object[] {"\n"});

        assertThat(new LogFormat(false).format(record))
                .endsWith("ada\\n2026 INFO forged\\r\\u001b[2J\\u0085\\u2028\\u007f \\n\n")
                .containsOnlyOnce("\n");
        assertThat(new LogFormat(true).format(record)).matches("[ -~]+\n");
        assertThat(json().get("message").getAsString())
                .isEqualTo("ada\n2026 INFO forged\r\u001b[2J\u0085\u2028\u007f \n");
    }

    @Test
    void turnsTheOrderOfLettersNowhere() {
        record.setMessage("\u202egnp.exe\u2066 \u200f\u200b{0}");
        record.setParameters(new Object[] {"\u061c"});

        assertThat(new LogFormat(false).format(record)).endsWith("\\u202egnp.exe\\u2066 \\u200f\\u200b\\u061c\n");
        assertThat(new LogFormat(true).format(record)).matches("[ -~]+\n");
        assertThat(json().get("message").getAsString()).isEqualTo("\u202egnp.exe\u2066 \u200f\u200b\u061c");
    }

    private JsonObject json() {
        return JsonParser.parseString(new LogFormat(true).format(record)).getAsJsonObject();
    }
}
