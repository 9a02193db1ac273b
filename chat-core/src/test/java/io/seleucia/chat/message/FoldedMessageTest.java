package io.seleucia.chat.message;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FoldedMessageTest {
    @Test
    void countsReactionsAsTheyAreSent() {
        Message message = new Message("lobby", new Position("e", 1), "ada", 0, new Content.Text("hi"));
        FoldedMessage.Reaction one = new FoldedMessage.Reaction("+", 1, List.of("b"));
        FoldedMessage folded = new FoldedMessage(message, Optional.empty(), Collections.nCopies(1_000, one), 0);

        int sent = 1_000 * "{\"text\":\"+\",\"count\":1,\"clients\":[\"b\"]},".length();
        assertThat(folded.length() - new FoldedMessage(message).length()).isGreaterThanOrEqualTo(sent);
    }
}
