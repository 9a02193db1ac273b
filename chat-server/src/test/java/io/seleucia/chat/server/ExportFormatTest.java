package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import java.util.Map;
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

    @Test
    void writesWhatAMessageIsToAnother() throws Exception {
        Attributes attributes =
                Attributes.NONE.withHeaders(Map.of("event", "x\u009b")).withRef(new Reference(41, Reference.Kind.EDIT));
        Message edit = message(new Content.Text("hi"), attributes);

        assertThat(Export.text(edit)).endsWith(": (edit 41) hi");
        assertThat(Export.json(edit))
                .matches("[ -~]+")
                .endsWith(
                        ",\"headers\":{\"event\":\"x\\u009b\"},\"ref\":{\"offset\":41,\"kind\":\"edit\"},\"data\":\"hi\"}");

        Message deleted = edit.deleted(new Attributes.Deleted("eve", 7));
        assertThat(Export.text(deleted)).endsWith(": (edit 41) (deleted)");
        assertThat(Export.json(deleted)).endsWith(",\"deleted\":{\"by\":\"eve\",\"time\":7}}");
    }

    private static Message message(Content content, Attributes attributes) {
        return new Message("lobby", new Position("epoch", 1), "ada", false, 0, content, attributes);
    }

    private static Message message(Content content) {
        return new Message("lobby", new Position("epoch", 1), "ada\u0085", 0, content);
    }
}
