package io.seleucia.chat.server;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.TestClient;
import io.seleucia.chat.auth.Authorizer.Action;
import io.seleucia.chat.options.ChannelOptions;
import io.seleucia.chat.options.ChannelRules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChannelsFileTest {
    private static final Pattern EXAMPLE = Pattern.compile("(?ms)^```channels-file\n(.*?)^```$");

    @TempDir
    private Path directory;

    private Path file(String content) throws IOException {
        return Files.writeString(directory.resolve("channels"), content);
    }

    private static Settings settings(Path file) throws SettingsException {
        return Settings.read(List.of("--channels-file=" + file), Map.of());
    }

    @Test
    void withoutTheSettingAllChannelsAreAlike() throws Exception {
        try (ChannelsFile channels = new ChannelsFile(Settings.read(List.of(), Map.of()))) {
            assertThat(channels.options().of("lobby")).isSameAs(ChannelOptions.DEFAULT);
            assertThat(channels.flaw()).isEmpty();
        }
    }

    @Test
    void saysWhichLineIsWrong() throws Exception {
        Path file = file("# all\n\nlobby cache=many\n");
        assertThatThrownBy(() -> new ChannelsFile(settings(file)))
                .isInstanceOf(IOException.class)
                .hasMessage(file + ", line 3: cache: 'many' is not allowed; it must be a whole number, from 0 to 100");
        assertThatThrownBy(() -> new ChannelsFile(settings(directory.resolve("none"))))
                .isInstanceOf(IOException.class)
                .hasMessageEndingWith("none does not exist");
    }

    @Test
    void putsAChangedFileIntoForceAndKeepsThePreviousContentOfOneThatIsMalformed() throws Exception {
        Path file = file("lobby cache=1\n");
        try (ChannelsFile channels = new ChannelsFile(settings(file))) {
            channels.start();
            assertThat(channels.options().of("lobby").cache()).isEqualTo(1);

            file("lobby cache=22\n");
            eventually(() -> assertThat(channels.options().of("lobby").cache()).isEqualTo(22));
            file("lobby cache=many\n");
            eventually(() -> assertThat(channels.flaw())
                    .contains("keeping the previous content of " + file + ": " + file
                            + ", line 1: cache: 'many' is not allowed; it must be a whole number, from 0 to 100"));
            assertThat(channels.options().of("lobby").cache()).isEqualTo(22);
        }
    }

    @Test
    void theExampleInTheDocumentationIsValidAndDoesWhatIsSaid() throws Exception {
        Matcher example = EXAMPLE.matcher(Files.readString(Path.of("../docs/channels.md")));
        assertThat(example.find()).isTrue();

        ChannelRules rules = ChannelRules.parse(example.group(1).lines().toList());

        assertThat(rules.of("typing.lobby").historySize()).isZero();
        assertThat(rules.of("announce.all").audience(Action.PUBLISH)).isEqualTo(ChannelOptions.Audience.MODERATORS);
        assertThat(rules.of("price.gold").cache()).isEqualTo(1);
        assertThat(rules.of("support.help").rate().per()).isEqualTo(Duration.ofSeconds(10));
        assertThat(rules.of("@bob").historyAge()).isEqualTo(Duration.ofDays(30));
        assertThat(rules.of("another")).isEqualTo(ChannelOptions.DEFAULT.withMaxMessageBytes(16_384));
    }

    private static String ask(TestClient client, String fields) throws Exception {
        client.send("{\"id\":7," + fields + "}");
        String reply = client.next();
        while (!reply.startsWith("{\"id\":7,")) {
            reply = client.next();
        }
        return reply;
    }

    private static String publish(TestClient client, String text) throws Exception {
        return ask(client, "\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"" + text + "\"");
    }

    /** The program in a process of its own, also after a kill: it restores what the options of that time say. */
    @Test
    void aRunningServerFollowsTheFile() throws Exception {
        Path file = file("lobby history-size=2\n");
        try (ServerProgram program =
                new ServerProgram(directory, "--channels-file=" + file, "--management-port=off", "--archive-age=0")) {
            try (TestClient ada = TestClient.connect(program.port(), "chat.v1")) {
                ask(ada, "\"type\":\"connect\",\"client\":\"ada\"");
                assertThat(ask(ada, "\"type\":\"subscribe\",\"channel\":\"lobby\""))
                        .contains("subscribed");
                for (int i = 1; i <= 4; i++) {
                    assertThat(publish(ada, "text " + i)).contains("published");
                }
                assertThat(ask(ada, "\"type\":\"history\",\"channel\":\"lobby\""))
                        .contains("text 3", "text 4")
                        .doesNotContain("text 2");

                file("lobby publish=moderators history-size=2\n");
                eventually(() -> assertThat(program.log()).contains(file + " has changed and is in force now"));
                eventually(() -> {
                    try {
                        assertThat(publish(ada, "text 5")).contains("forbidden", "not allowed in lobby");
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                });
                file("lobby publish=staff\n");
                eventually(() -> assertThat(program.log())
                        .contains("keeping the previous content of " + file + ": " + file
                                + ", line 1: publish: 'staff' is not allowed"));
                assertThat(publish(ada, "text 5")).contains("forbidden");
            }

            file("lobby history-size=0\n");
            program.kill();
            program.start();
            try (TestClient ada = TestClient.connect(program.port(), "chat.v1")) {
                ask(ada, "\"type\":\"connect\",\"client\":\"ada\"");
                ask(ada, "\"type\":\"subscribe\",\"channel\":\"lobby\"");
                assertThat(ask(ada, "\"type\":\"history\",\"channel\":\"lobby\""))
                        .contains("\"messages\":[]");
            }
        }
    }
}
