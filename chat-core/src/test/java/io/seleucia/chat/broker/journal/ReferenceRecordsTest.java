package io.seleucia.chat.broker.journal;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ReferenceRecordsTest {
    private static final Position POSITION = new Position("e", 46);
    private static final Content TEXT = new Content.Text("häi ☕");

    private static Message message(boolean guest, Content content, Attributes attributes) {
        return new Message("lobby", POSITION, "ada", guest, 1_763_697_600_123L, content, attributes);
    }

    private static void assertSame(JournalRecord record, int type) {
        byte[] bytes = record.encoded();
        assertThat(bytes[0]).isEqualTo((byte) type);
        JournalRecord decoded = JournalRecord.decoded(ByteBuffer.wrap(bytes));
        assertThat(decoded).isEqualTo(record);
        assertThat(decoded.encoded()).isEqualTo(bytes);
    }

    @Test
    void readsAttributesBack() {
        Attributes all = Attributes.NONE
                .withHeaders(Map.of("event", "greeting", "b", "", "a-1", "\n☕"))
                .withRef(new Reference(41, Reference.Kind.REACTION, true))
                .withTo("bob")
                .withPair("p1")
                .withAuthor("abc");
        for (Content content : List.of(TEXT, new Content.Json("[1, 2]"), Content.NONE)) {
            for (Attributes attributes : List.of(
                    all,
                    Attributes.NONE.withTo("bob"),
                    all.deleted(new Attributes.Deleted("eve", 5)),
                    Attributes.NONE.withRef(new Reference(1, Reference.Kind.REPLY)))) {
                assertSame(new JournalRecord.Published(message(false, content, attributes), "key"), 16);
                assertSame(new JournalRecord.Published(message(true, content, attributes), ""), 16);
            }
        }
    }

    @Test
    void writesMessagesWithoutAttributesAsBefore() {
        assertSame(new JournalRecord.Published(message(false, TEXT, Attributes.NONE), "key"), 0);
        assertSame(new JournalRecord.Published(message(true, TEXT, Attributes.NONE), ""), 14);
        Content json = new Content.Json("{}");
        assertSame(new JournalRecord.Published(message(false, json, Attributes.NONE), ""), 1);
        assertSame(new JournalRecord.Published(message(true, json, Attributes.NONE), ""), 15);
    }

    @Test
    void readsWhatADeletionErasesBack() {
        Attributes deletion = Attributes.NONE.withRef(new Reference(41, Reference.Kind.DELETE));
        Erasure erasure = new Erasure(List.of("e0", "e"), List.of(41L, 42L, 44L));
        assertSame(new JournalRecord.Published(message(false, Content.NONE, deletion), "k", erasure), 17);
    }

    @Test
    void readsFoldsBack() {
        Map<String, List<String>> reactions = new LinkedHashMap<>();
        reactions.put("👍", List.of("ada", "bob "));
        reactions.put("+", List.of("cyd"));
        Fold.Edit edit = new Fold.Edit(44, 7, "ada", new Content.Json("[1]"));
        Fold fold = new Fold(List.of(42L, 44L), Optional.of(edit), reactions, 3);
        assertSame(new JournalRecord.Folded("lobby", POSITION, fold), 18);
        assertSame(new JournalRecord.Folded("lobby", POSITION, fold.blanked()), 18);
        JournalRecord.Folded read = (JournalRecord.Folded)
                JournalRecord.decoded(ByteBuffer.wrap(new JournalRecord.Folded("lobby", POSITION, fold).encoded()));
        assertThat(read.fold().reactions().keySet()).containsExactly("👍", "+"); // in that order
    }

    @Test
    void readsErasuresBack() {
        assertSame(new JournalRecord.ErasureBegun(), 19);
        assertSame(new JournalRecord.ErasureDone(42), 20);
    }

    @Test
    void readsAListedDeletionBack() {
        assertSame(new JournalRecord.Listed("lobby", POSITION, "ada", 5, 42), 23);
    }
}
