package io.seleucia.chat.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ColumnsTest {
    private static List<String> lines(List<List<String>> rows) {
        Columns columns = new Columns();
        rows.forEach(columns::add);
        return columns.toString().lines().toList();
    }

    @Test
    void areAsWideAsTheirWidestCell() {
        assertThat(lines(List.of(List.of("", "one"), List.of(""), List.of("name", "1,000", "x"))))
                .containsExactly("        one", "", "name  1,000  x");
    }

    @Test
    void mayBeEmpty() {
        assertThat(lines(List.of(List.of("", "one"), List.of("")))).containsExactly("   one", "");
    }
}
