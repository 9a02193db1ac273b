package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.browser.Accessibility;
import io.seleucia.chat.browser.Page;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The page by the rules of axe-core, in its states, on a desktop and a phone, light and dark, in both directions. */
class BrowserAccessibilityTest {
    /** Where screenshots of all states are written to, for those who want to look at them. */
    private static final String SHOTS = System.getProperty("browser.screenshots", "");

    @ParameterizedTest
    @CsvSource({
        "1440, light, en",
        "768, dark, en",
        "360, light, en",
        "1440, dark, ar",
        "768, light, ar",
        "360, dark, ar"
    })
    void everyStateKeepsTheRules(int width, String theme, String language) throws Exception {
        String name = width + "-" + theme + "-" + language;
        boolean isNarrow = width < 640;
        try (BrowserServer server = new BrowserServer()) {
            Visitor ada = server.open();
            Page page = ada.page();
            page.viewport(width, isNarrow ? 740 : 900);
            page.prefers("prefers-color-scheme", theme);
            page.evaluate("localStorage.setItem('seleucia\\n/\\ndevice language', '" + language + "')");
            page.reload();
            page.await("!document.querySelector('#login').hidden");
            check(page, name, "login");
            ada.takeName("ada");
            page.await("document.querySelector('.entry') && document.querySelector('#empty').hidden === false");
            check(page, name, "beginning");
            server.publish("lobby", "سلمى", "أهلًا بالجميع، كيف حالكم؟");
            server.publish("lobby", "bob", "Hello! See https://chat.example/a_(b) for more.");
            server.publish("lobby", "bob", "And a second one.");
            server.publish("garden", "bob", "Roses");
            if (isNarrow) {
                page.click(".entry");
            }
            ada.awaitLast("And a second one.");
            ada.draft("مرحبًا Bob");
            check(page, name, "talk");
            page.evaluate("document.querySelector('#notify-ask').hidden = false");
            check(page, name, "ask");
            page.evaluate("document.querySelector('#notify-ask').hidden = true");

            for (String dialog : new String[] {"search", "topic"}) {
                page.click("#" + dialog + "-open");
                if (dialog.equals("search")) {
                    page.type("#search-field", "hello");
                    page.press("Enter");
                    page.await("document.querySelector('#search-list li')");
                }
                check(page, name, dialog);
                page.press("Escape");
            }
            if (width < 1100) {
                page.click("#members-open");
                page.await("document.querySelector('#members').getAnimations().length === 0");
                check(page, name, "members");
                page.press("Escape");
            }
            if (isNarrow) {
                page.click("#back");
            }
            page.click("#directory-open");
            page.await("document.querySelectorAll('#directory-list li').length === 2");
            check(page, name, "directory");
            page.press("Escape");
            page.click("#switcher-open");
            page.type("#switcher-field", "a");
            page.await("document.querySelectorAll('#switcher-list li').length > 0");
            check(page, name, "switcher");
            page.press("Escape");
            page.click("#settings-open");
            check(page, name, "settings");
            page.press("Escape");

            server.proxy().refuse(true);
            server.proxy().cut();
            page.await("document.querySelector('#banner').textContent !== ''");
            check(page, name, "broken");
            ada.assertNoOtherProblems();
        }
    }

    private static void check(Page page, String name, String state) throws Exception {
        if (!SHOTS.isEmpty()) {
            Files.createDirectories(Path.of(SHOTS));
            page.screenshot(Path.of(SHOTS, state + "-" + name + ".png"));
        }
        assertThat(page.isTrue("document.documentElement.scrollWidth <= innerWidth"))
                .as("%s fits into %s", state, name)
                .isTrue();
        assertThat(Accessibility.violations(page)).as("%s in %s", state, name).isEmpty();
    }
}
