package io.seleucia.chat.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArgumentsTest {
    private static final String USAGE = """
            usage: Test [option]...
              --size N            a number (5)
              --sizes N,...       numbers (1,2)
              --colors NAME,...   all, or some of these (red):
                                  red      like blood
              --patience N        seconds
              --server-url URL    where it is
                                  --other is no option
              --json              without a value
            """;
    private static final List<String> COLORS = List.of("red", "green");

    private static Arguments given(String line) {
        return new Arguments(USAGE, line.isEmpty() ? new String[0] : line.split(" "));
    }

    @Test
    void areRead() {
        Arguments given =
                given("--size 9 --sizes 3,1,3 --colors green,red --patience 3600 --server-url WS://h:1/x --json");

        assertThat(given.number("--size", 5, 1, 9)).isEqualTo(9);
        assertThat(given.numbers("--sizes", List.of(1, 2), 1, 9)).containsExactly(3, 1);
        assertThat(given.choices("--colors", COLORS)).contains(List.of("green", "red"));
        assertThat(given.seconds("--patience", 3, 1)).isEqualTo(3_600);
        assertThat(given.url("--server-url", "ws", "host/")).contains(URI.create("WS://h:1/x"));
        assertThat(given.has("--json")).isTrue();
    }

    @Test
    void haveDefaults() {
        Arguments given = given("");

        assertThat(given.number("--size", 5, 1, 9)).isEqualTo(5);
        assertThat(given.numbers("--sizes", List.of(1, 2), 1, 9)).containsExactly(1, 2);
        assertThat(given.choicesOrAll("--colors", COLORS)).isEmpty();
        assertThat(given.seconds("--patience", 3, 1)).isEqualTo(3);
        assertThat(given.url("--server-url", "ws", "host/")).isEmpty();
        assertThat(given.has("--json")).isFalse();
    }

    @Test
    void knowAll() {
        assertThat(given("--colors all").choicesOrAll("--colors", COLORS)).contains(COLORS);
        assertThat(given("--colors green").choicesOrAll("--colors", COLORS)).contains(List.of("green"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--nonsense 1                    | unknown option --nonsense",
                "--other                         | unknown option --other",
                "--size                          | --size needs a value",
                "--size 1 --size 2               | --size is given twice",
                "--json --json                   | --json is given twice",
                "--size 0                        | --size must be a number from 1 to 9",
                "--size x                        | --size must be a number from 1 to 9",
                "--sizes 1,0                     | --sizes must be numbers from 1 to 9, such as 1,2,4",
                "--sizes 2,                      | --sizes must be numbers from 1 to 9, such as 1,2,4",
                "--colors blue                   | --colors knows red, green, but not blue",
                "--colors red,all                | --colors knows red, green, but not all",
                "--colors red,                   | --colors knows red, green, but not ",
                "--patience 3601                 | --patience must be a number from 1 to 3600",
                "--server-url http://h/          | --server-url must look like ws://host/",
                "--server-url ws://              | --server-url must look like ws://host/",
                "--server-url ws://h:70000/      | --server-url must look like ws://host/",
                "--json                          | --json is refused",
            },
            ignoreLeadingAndTrailingWhitespace = false)
    void refuseWhatMakesNoSense(String line, String why) {
        assertThatThrownBy(() -> {
                    Arguments given = given(line.strip());
                    given.number("--size", 5, 1, 9);
                    given.numbers("--sizes", List.of(1, 2), 1, 9);
                    given.choicesOrAll("--colors", COLORS);
                    given.seconds("--patience", 3, 1);
                    given.url("--server-url", "ws", "host/");
                    given.refuseAll("is refused", "--json");
                })
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(why.substring(1));
    }

    @Test
    void refuseSizesThatCannotBeHad() {
        Arguments.checkSizes("big", 5, 20, 20, 100);

        assertThatThrownBy(() -> Arguments.checkSizes("big", 100_000, 100_000, 1, 100))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("--channels times --members must not exceed 100, as in big");
        assertThatThrownBy(() -> Arguments.checkSizes("big", 1, 20, 21, 100))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there must not be more --senders (21) than --members (20), as in big");
    }

    private static String printed(int status, Arguments.Program<Integer> program, String line) {
        Function<String[], Integer> reading = args -> new Arguments(USAGE, args).number("--size", 5, 1, 9);
        return Printed.by(status, () -> Arguments.run(USAGE, reading, program, line.split(" ")));
    }

    @Test
    void areRunAndGiveTheExitStatus() {
        assertThat(printed(0, size -> size == 7, "--size 7")).isEmpty();
        assertThat(printed(1, size -> size == 7, "--size 8")).isEmpty();
        assertThat(printed(2, size -> size == 7, "--size 0")).isEmpty();
        assertThat(printed(
                        1,
                        size -> {
                            throw new IOException("disk full");
                        },
                        "--json"))
                .isEmpty();
    }

    @Test
    void explainThemselves() {
        assertThat(printed(0, size -> false, "--size 0 --help")).isEqualTo(USAGE);
        assertThat(Arguments.explained(COLORS, color -> "like " + color))
                .isEqualTo("                      red      like red\n                      green    like green");
    }
}
