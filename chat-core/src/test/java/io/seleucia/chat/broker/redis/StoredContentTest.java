package io.seleucia.chat.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.nio.ByteBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Histories may hold what an earlier version took from its program unchecked: it must be readable, in its place. */
class StoredContentTest {
    private static final Position PLACE = new Position("e", 46);

    private static Message message(Content content) {
        return new Message("lobby", PLACE, "ada \"a\\", 1_763_697_600_123L, content);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{a", "no JSON", "NaN", "{} {}", "1,\"data\":2", "{\"a\":1"})
    void aJournalGivesWhatIsNoJsonAsText(String text) {
        byte[] stored = new JournalRecord.Published(message(Content.Json.ofValid(text)), "key").encoded();

        assertThat(JournalRecord.decoded(ByteBuffer.wrap(stored)))
                .isEqualTo(new JournalRecord.Published(message(new Content.Text(text)), "key"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{a", "no JSON", "NaN", "{} {}", "\"\\" + "ud800\"", "{\"a\":1"})
    void redisGivesWhatIsNoJsonAsText(String text) {
        String stored = "{\"epoch\":\"e\",\"offset\":46,\"time\":1763697600123,"
                + MessageCodec.encode(Sender.of("ada \"a\\"), Content.Json.ofValid(text), Attributes.NONE);

        assertThat(MessageCodec.decode("lobby", stored)).isEqualTo(message(new Content.Text(text)));
    }

    @ParameterizedTest
    @ValueSource(ints = {63, 64, 300})
    void redisGivesWhatIsNestedTooDeepAsText(int depth) {
        String text = "[".repeat(depth) + "]".repeat(depth);
        String stored = "{\"epoch\":\"e\",\"offset\":46,\"time\":1763697600123,"
                + MessageCodec.encode(Sender.of("ada \"a\\"), Content.Json.ofValid(text), Attributes.NONE);

        assertThat(MessageCodec.decode("lobby", stored))
                .isEqualTo(message(depth > 63 ? new Content.Text(text) : new Content.Json(text)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "{\"epoch\":1", "{\"epoch\":\"e\",\"sender\":\"a\",\"data\":}", "{\"signal\":{}}"})
    void whatAPersonPushesIsText(String text) {
        Message message = MessageCodec.decode("lobby", text);

        assertThat(message.position()).isEqualTo(Position.NONE);
        assertThat(message.content()).isEqualTo(new Content.Text(text));
    }
}
