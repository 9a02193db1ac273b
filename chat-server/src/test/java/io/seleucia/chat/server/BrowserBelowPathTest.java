package io.seleucia.chat.server;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The page below a path. */
class BrowserBelowPathTest {
    @Test
    void talksBelowAPathThatIsNotRemoved() throws Exception {
        try (BrowserServer server = new BrowserServer(builder -> builder.basePath("/our/chat"))) {
            String url = server.url().replaceFirst("/$", "") + "/our/chat"; // which leads to the one with a slash
            try (Visitor ada = Visitor.enter(url, "ada")) {
                eventually(() -> assertThat(server.server().sessions())
                        .anyMatch(one -> one.client().equals("ada")));
                server.publish("lobby", "bob", "hello below");
                ada.page().await("document.body.innerText.includes('hello below')");
                ada.page().await("location.pathname === '/our/chat/'");
            }
        }
    }
}
