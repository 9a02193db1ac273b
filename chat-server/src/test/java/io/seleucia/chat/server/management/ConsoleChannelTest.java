package io.seleucia.chat.server.management;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.TestClient;
import io.seleucia.chat.browser.Page;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A channel in the console in a real browser, next to real clients. */
class ConsoleChannelTest {
    private static final String MARKUP = "<img src=x onerror=alert(1)>";
    private static final String MESSAGES = "document.querySelectorAll('#channel-messages li').length";

    @TempDir
    private Path directory;

    private ConsoleFixture console;
    private Page page;

    @BeforeEach
    void start() throws Exception {
        console = ConsoleFixture.open("channels");
        page = console.page;
    }

    @AfterEach
    void stop() {
        console.close();
    }

    private TestClient member(String name, String channel) throws Exception {
        return TestClient.member(console.server.port(), name, channel);
    }

    private void publish(String channel, int from, int to) throws Exception {
        for (int i = from; i <= to; i++) {
            console.server.publish(channel, "ada", "message " + i);
        }
    }

    @Test
    void listsChannelsWithClientsOrMessagesByAPartOfTheirName() throws Exception {
        console.server.publish("archive", "ada", "hi");
        try (TestClient ada = member("ada", MARKUP)) {
            page.await("document.querySelectorAll('#channels-rows tr').length === 2");
            assertThat(page.text("#channels-rows")).contains("archive", "0 clients", MARKUP, "1 client", "no messages");
            page.type("#channels-contains", "CHIV");
            page.await("document.querySelectorAll('#channels-rows tr').length === 1");
            ada.expectNothingElse();
        }
        assertThat(page.problems()).isEmpty();
    }

    @Test
    void followsAChannelAndItsMembersAndPublishesAfterAsking() throws Exception {
        TestClient ada = member("ada", "lobby");
        ada.publish("ada", "lobby", MARKUP).next();
        page.click("#channels-rows button");
        page.await("document.getElementById('channel-messages').innerText.includes('onerror')");
        page.await("document.getElementById('members-rows').innerText.includes('ada')");
        assertThat(page.text("#channel-members")).isEqualTo("1 client on all servers");

        ada.publish("ada", "lobby", "later").next();
        page.await("document.getElementById('channel-messages').innerText.includes('later')");

        page.type("#publish-text", "back in five minutes");
        page.click("#publish .primary");
        assertThat(page.text("#confirm-text")).isEqualTo("back in five minutes");
        page.click("#confirm [data-close]");
        page.click("#publish .primary");
        page.click("#confirm-yes");

        assertThat(ada.next()).isEqualTo("Channel : lobby, Sender : operator, Message : back in five minutes");
        console.awaitSaid("Published in lobby.");
        page.await("document.getElementById('channel-messages').innerText.includes('back in five minutes')");
        assertThat(page.evaluate(MESSAGES).getAsInt()).isEqualTo(3);
        ada.expectNothingElse();

        page.click("#members-rows button");
        page.click("#client-disconnect");
        assertThat(ada.closeCode()).isEqualTo(4403);
        console.awaitSaid("Disconnected ada.");
        page.await("document.querySelectorAll('#members-rows li').length === 0");
        assertThat(page.problems()).isEmpty();
    }

    @Test
    void showsOlderMessagesWhereTheyBelongAndDoesNotMoveWhoReadsThem() throws Exception {
        publish("lobby", 1, 120);
        page.click("#channels-rows button");
        page.await(MESSAGES + " === 50");
        page.click("#channel-older");
        page.await(MESSAGES + " === 100");
        page.click("#channel-older");
        page.await(MESSAGES + " === 120");
        page.await("document.getElementById('channel-older').hidden");
        assertThat(page.evaluate("[...document.querySelectorAll('#channel-messages .text')]"
                                + ".every((e, i) => e.textContent === `message ${i + 1}`)")
                        .getAsBoolean())
                .isTrue();

        page.evaluate("document.getElementById('channel-messages').scrollTop = 0");
        publish("lobby", 121, 121);
        page.await("!document.getElementById('channel-new').hidden");
        assertThat(page.isTrue("document.getElementById('channel-messages').scrollTop === 0"))
                .isTrue();
        page.click("#channel-new");
        page.await("document.getElementById('channel-new').hidden");
        publish("lobby", 122, 122);
        page.await("(e => e.scrollHeight - e.scrollTop - e.clientHeight < 2 && e.lastChild.innerText.includes('122'))"
                + "(document.getElementById('channel-messages'))");
    }

    @Test
    void deletesOneMessageAfterAsking() throws Exception {
        try (TestClient ada = member("ada", "lobby")) {
            ada.publish("ada", "lobby", "regrettable").next();
            ada.publish("ada", "lobby", "harmless").next();
            page.click("#channels-rows button");
            page.await(MESSAGES + " === 2");
            page.click("[aria-label='Delete message 1 of ada']");
            assertThat(page.text("#confirm-text")).isEqualTo("regrettable");
            page.press("Escape");
            page.await("!document.getElementById('confirm').open");
            page.click("[aria-label='Delete message 1 of ada']");
            page.click("#confirm-yes");

            console.awaitSaid("Deleted message 1.");
            page.await(
                    "document.querySelector('#channel-messages li.gone .text').innerText === '(deleted by operator)'");
            assertThat(page.text("#channel-messages")).contains("harmless").doesNotContain("regrettable");
            assertThat(console.http().get("/api/history?channel=lobby").body()).doesNotContain("regrettable");
        }
        assertThat(page.problems()).isEmpty();
    }

    @Test
    void deletesWhatWasSaidAfterAsking() throws Exception {
        console.server.publish("lobby", "ada", "regrettable");
        page.click("#channels-rows button");
        page.await(MESSAGES + " === 1");
        page.click("#channel-delete");
        page.press("Escape");
        page.await("!document.getElementById('confirm').open");
        assertThat(console.server.broker().historyAfter("lobby", 0, 10).messages())
                .hasSize(1);

        page.click("#channel-delete");
        page.click("#confirm-yes");

        console.awaitSaid("Deleted all messages in lobby.");
        page.await("!document.getElementById('channel-empty').hidden");
        assertThat(console.server.broker().historyAfter("lobby", 0, 10).messages())
                .isEmpty();
        console.server.publish("lobby", "ada", "worse");
        page.await(MESSAGES + " === 1");
        assertThat(page.problems()).isEmpty();
    }

    @Test
    void exportsAllMessages() throws Exception {
        publish("den/höhle", 1, 60);
        JsonObject behavior = new JsonObject();
        behavior.addProperty("behavior", "allow");
        behavior.addProperty("downloadPath", directory.toString());
        page.call("Page.setDownloadBehavior", behavior);
        page.click("#channels-rows button");
        page.await(MESSAGES + " === 50");
        page.click("#channel-export");
        console.awaitSaid("Exported 60 messages.");

        List<String> lines = lines(directory);
        assertThat(lines).hasSize(60);
        for (int i = 0; i < lines.size(); i++) {
            JsonObject message = JsonParser.parseString(lines.get(i)).getAsJsonObject();
            assertThat(message.get("text").getAsString()).isEqualTo("message " + (i + 1));
            assertThat(message.get("channel").getAsString()).isEqualTo("den/höhle");
        }
        assertThat(page.problems()).isEmpty();
    }

    private static List<String> lines(Path directory) {
        List<String> lines = new ArrayList<>();
        eventually(() -> {
            lines.clear();
            try (Stream<Path> files = Files.list(directory)) {
                for (Path file :
                        files.filter(one -> one.toString().endsWith(".jsonl")).toList()) {
                    lines.addAll(Files.readAllLines(file));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            assertThat(lines).isNotEmpty();
        });
        return lines;
    }
}
