package io.seleucia.chat.benchmark;

import java.util.ArrayList;
import java.util.List;

/** A table as text: the first column is aligned left, the others right. */
public final class Columns {
    private static final String GAP = "  ";

    private final List<List<String>> rows = new ArrayList<>();

    /** Adds a row, which may have fewer cells than others. */
    public void add(List<String> row) {
        rows.add(row);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < row.size(); column++) {
                line.append(("%" + (column == 0 ? "-" : "") + width(column) + "s").formatted(row.get(column)))
                        .append(GAP);
            }
            text.append(line.toString().stripTrailing()).append(System.lineSeparator());
        }
        return text.toString();
    }

    private int width(int column) {
        return rows.stream()
                .filter(row -> column < row.size())
                .mapToInt(row -> row.get(column).length())
                .reduce(1, Math::max); // a format has no width of 0
    }
}
