package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two people talk while their server is killed and started again. */
class BrowserClientRestartTest {
    @TempDir
    private Path directory;

    @Test
    void nothingIsLostOrDoubledWhenTheServerIsKilled() throws Exception {
        try (ServerProgram server = new ServerProgram(directory);
                Visitor ada = Visitor.enter(server.url(), "ada");
                Visitor bob = Visitor.enter(server.url(), "bob")) {
            for (int i = 1; i <= 5; i++) {
                ada.say("before " + i);
            }
            server.kill();
            ada.say("while it is away 1");
            ada.say("while it is away 2");
            bob.draft("what bob is writing");
            bob.page().await("document.querySelector('#banner').textContent.includes('kept')");
            assertThat(ada.page()
                            .evaluate("document.querySelectorAll('.message[data-state=sending]').length")
                            .getAsInt())
                    .isGreaterThanOrEqualTo(2);

            server.start();
            List<String> all = List.of(
                    "before 1",
                    "before 2",
                    "before 3",
                    "before 4",
                    "before 5",
                    "while it is away 1",
                    "while it is away 2");
            ada.awaitLast(all.toArray(String[]::new));
            bob.awaitLast(all.toArray(String[]::new));
            assertThat(bob.draft()).isEqualTo("what bob is writing");
            bob.page().await("document.querySelector('#banner').textContent === ''");
            bob.say(", and sends now");
            ada.awaitLast("while it is away 2", "what bob is writing, and sends now");
            assertThat(ada.texts()).hasSize(8);
            assertThat(bob.texts()).isEqualTo(ada.texts());
            ada.page().reload();
            ada.awaitLast("what bob is writing, and sends now");
            assertThat(ada.texts()).isEqualTo(bob.texts());
            ada.assertNoOtherProblems();
            bob.assertNoOtherProblems();
        }
    }

    @Test
    void whatIsOnItsWayComesThroughAReloadOfThePage() throws Exception {
        try (ServerProgram server = new ServerProgram(directory);
                Visitor ada = Visitor.enter(server.url(), "ada")) {
            server.kill();
            ada.say("written while nobody was there");
            ada.page().await("document.querySelector('.message[data-state=sending]')");
            server.start();
            ada.page().reload();

            ada.awaitLast("written while nobody was there");
            assertThat(ada.texts()).hasSize(1);
            ada.assertNoOtherProblems();
        }
    }
}
