package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import org.junit.jupiter.api.Test;

/** What {@code export} writes of a message. */
class ExportFormatTest {
    private static final String TEXT = "a\u009b1m\u007f\u202eb\tc\n";

    @Test
    void writesTextThatSteersNoTerminal() {
        assertThat(Export.text(message(new Content.Text(TEXT))))
                .isEqualTo("1970-01-01T00:00:00.000Z ada\\u0085: a\\u009b1m\\u007f\\u202eb\\tc\\n");
    }

    @Test
    void writesJsonThatSteersNoTerminalAndMeansTheSame() throws Exception {
        String line = Export.json(message(new Content.Text(TEXT)));

        assertThat(line).matches("[ -~]+");
        assertThat(JsonParser.parseString(line).getAsJsonObject().get("data").getAsString())
                .isEqualTo(TEXT);
    }

    @Test
    void writesJsonOfClientsInOneLine() throws Exception {
        String line = Export.json(message(new Content.Json("{\n\t\"a\": \"\u009b\u007f\"}")));

        assertThat(line).matches("[ -~]+");
        assertThat(JsonParser.parseString(line)
                        .getAsJsonObject()
                        .getAsJsonObject("data")
                        .get("a")
                        .getAsString())
                .isEqualTo("\u009b\u007f");
    }

    private static Message message(Content content) {
        return new Message("lobby", new Position("epoch", 1), "ada\u0085", 0, content);
    }
}
