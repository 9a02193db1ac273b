package io.seleucia.chat.broker.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MessageWindowTest {
    @Test
    void holdsWhatAListWould() {
        Random random = new Random(1);
        MessageWindow window = new MessageWindow();
        List<Message> list = new ArrayList<>();
        long next = 1;
        for (int step = 0; step < 20_000; step++) {
            switch (random.nextInt(8)) {
                case 0, 1, 2, 3 -> {
                    Message message = message(next++, "m");
                    window.grow();
                    window.add(message);
                    list.add(message);
                }
                case 4, 5 -> {
                    if (!list.isEmpty()) {
                        assertThat(window.removeFirst()).isSameAs(list.removeFirst());
                    }
                }
                case 6 -> {
                    if (!list.isEmpty()) {
                        int at = random.nextInt(list.size());
                        Message other = message(list.get(at).position().offset(), "other");
                        window.set(at, other);
                        list.set(at, other);
                    }
                }
                default -> {
                    int rest = random.nextInt(20);
                    window.removeIf(message -> message.position().offset() % 20 == rest);
                    list.removeIf(message -> message.position().offset() % 20 == rest);
                }
            }
            check(window, list, random.nextLong(next + 2));
        }
    }

    private static void check(MessageWindow window, List<Message> list, long offset) {
        assertThat(window.size()).isEqualTo(list.size());
        for (int i = 0; i < list.size(); i++) {
            assertThat(window.get(i)).isSameAs(list.get(i));
        }
        List<Long> offsets =
                list.stream().map(message -> message.position().offset()).toList();
        assertThat(window.numberOf(offset)).isEqualTo(offsets.indexOf(offset));
        assertThat(window.find(offset))
                .isEqualTo((int) offsets.stream().filter(one -> one < offset).count());
    }

    private static Message message(long offset, String text) {
        return new Message("lobby", new Position("e", offset), "ada", 0, new Content.Text(text));
    }
}
