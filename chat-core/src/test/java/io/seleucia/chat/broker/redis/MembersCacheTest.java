package io.seleucia.chat.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class MembersCacheTest {
    private final MemoryBudget memory = MemoryBudget.ofBytes(100_000);
    private final MembersCache copies = new MembersCache(memory);

    private static NavigableMap<String, Integer> clients(int count) {
        NavigableMap<String, Integer> clients = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            clients.put("client " + i, 1);
        }
        return clients;
    }

    @Test
    void chargesWhatItKeeps() {
        for (int i = 0; i < 10; i++) {
            copies.put("channel " + i, clients(10));
        }
        assertThat(copies.get("channel 9")).contains(clients(10));
        assertThat(copies.get("channel 0")).isEmpty();
        assertThat(memory.used(Part.CHANNELS)).isBetween(4_000L, 4 * 10 * 150L);

        copies.put("channel 9", clients(0));
        copies.put("channel 8", clients(0));
        assertThat(memory.used(Part.CHANNELS)).isBetween(2_000L, 2 * 10 * 150L);

        copies.clear();
        assertThat(memory.used()).isZero();
    }

    @Test
    void keepsNothingWhileMemoryIsShort() {
        memory.charge(Part.PAGES, 91_000);

        copies.put("lobby", clients(10));

        assertThat(copies.get("lobby")).isEmpty();
        assertThat(memory.used()).isEqualTo(91_000);
    }
}
