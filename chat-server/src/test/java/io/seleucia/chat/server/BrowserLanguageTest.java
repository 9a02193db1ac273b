package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import io.seleucia.chat.browser.Page;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The page in a language that is written from right to left. */
class BrowserLanguageTest {
    private BrowserServer server;

    @BeforeEach
    void start() throws Exception {
        server = new BrowserServer();
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    /** Chooses Arabic before signing in, as a person does. */
    private Visitor openInArabic() {
        Visitor visitor = server.open();
        choose(visitor.page(), "#login-language", "ar");
        return visitor;
    }

    private static void choose(Page page, String select, String value) {
        page.await("document.querySelector('" + select + "').options.length > 1");
        page.evaluate("window.before = true; const s = document.querySelector('" + select + "'); s.value = '" + value
                + "'; s.dispatchEvent(new Event('change'))");
        page.await("document.readyState === 'complete' && !window.before && document.documentElement.lang !== ''");
    }

    @Test
    void isThatOfTheBrowserUnlessThePersonChoosesAnother() {
        Visitor ada = server.open();
        Page page = ada.page();
        page.await("document.querySelector('#login-go').textContent === 'Join'");
        String languageFor = "import('./language.js').then(({languageFor}) => languageFor";
        assertThat(page.evaluate(languageFor + "(null, ['fi-FI', 'ar-EG', 'en']))")
                        .getAsString())
                .isEqualTo("ar");
        assertThat(page.evaluate(languageFor + "(null, ['fi-FI']))").getAsString())
                .isEqualTo("en");
        assertThat(page.evaluate(languageFor + "('en', ['ar']))").getAsString()).isEqualTo("en");
        assertThat(page.evaluate(languageFor + "('xx', ['AR']))").getAsString()).isEqualTo("ar");

        choose(page, "#login-language", "ar");
        page.await("document.querySelector('#login-go').textContent === 'انضمام'");
        ada.takeName("ليلى");
        ada.awaitMember("ليلى");
        page.click("#settings-open");
        choose(page, "#language", "system");
        page.await("document.querySelector('#me-state').textContent === 'Connected'");
        assertThat(page.isTrue("document.documentElement.dir === 'ltr' && document.documentElement.lang === 'en'"))
                .isTrue();
        ada.assertNoProblems();
    }

    @Test
    void mirrorsThePage() {
        Visitor layla = openInArabic();
        layla.takeName("ليلى");
        layla.awaitMember("ليلى");
        Page page = layla.page();

        String sidebar = "document.querySelector('#sidebar').getBoundingClientRect()";
        assertThat(page.isTrue(sidebar + ".right === innerWidth && document.documentElement.dir === 'rtl'"))
                .isTrue();
        page.viewport(800, 700);
        page.click("#members-open");
        page.await("document.querySelector('#members').getBoundingClientRect().left === 0");
        page.press("Escape");
        page.await("document.querySelector('#members').getBoundingClientRect().right <= 0");
        assertThat(page.isTrue("document.documentElement.scrollWidth <= innerWidth"))
                .isTrue();
        layla.assertNoProblems();
    }

    @Test
    void leavesNoEnglishWord() throws Exception {
        Visitor layla = openInArabic();
        assertNoEnglish(layla.page());
        layla.takeName("ليلى");
        layla.awaitMember("ليلى");
        layla.join("الحديقة");
        server.publish("الحديقة", "سلمى", "أهلًا بالجميع");
        layla.awaitLast("أهلًا بالجميع");
        layla.say("مرحبًا");
        layla.awaitLast("مرحبًا");
        assertNoEnglish(layla.page());

        server.proxy().refuse(true);
        server.proxy().cut();
        layla.page().await("document.querySelector('#banner').textContent !== ''");
        assertNoEnglish(layla.page());
        server.proxy().refuse(false);
        layla.assertNoOtherProblems();
    }

    /** Nothing that the page says or shows has Latin letters, but for its name and that of the lobby. */
    private static void assertNoEnglish(Page page) {
        JsonArray english = page.evaluate("[...document.querySelectorAll('body *:not(noscript, script, option)')]"
                        + ".flatMap((e) => [...[...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data),"
                        + " e.title ?? '', e.ariaLabel ?? '', e.placeholder ?? '', e.alt ?? ''])"
                        + ".filter((text) => /[a-z]{2}/i.test(String(text).replace(/Seleucia|lobby|Ctrl/g, '')))")
                .getAsJsonArray();

        assertThat(english).isEmpty();
    }

    @Test
    void saysHowManyByItsOwnRules() {
        Visitor ada = openInArabic();
        String forms = "import('./language.js').then(({phrase}) => [1, 2, 3, 11, 100].map((count) =>"
                + " phrase('top.members', {count}).replace(/\\p{N}+/u, '#')).join(', '))";

        assertThat(ada.page().evaluate(forms).getAsString()).isEqualTo("عضو واحد, عضوان, # أعضاء, # عضوًا, # عضو");
        // Every language says all of its forms.
        assertThat(ada.page()
                        .evaluate(
                                "import('./language.js').then(({LANGUAGES}) => Promise.all(LANGUAGES.map(async (code) => {"
                                        + " const {texts} = (await import(`./language-${code}.js`)).default;"
                                        + " const wanted = new Intl.PluralRules(code).resolvedOptions().pluralCategories;"
                                        + " return Object.values(texts).filter((text) => typeof text !== 'string'"
                                        + " && wanted.some((form) => !text[form])).length; }))).then((counts) =>"
                                        + " counts.reduce((sum, count) => sum + count))")
                        .getAsInt())
                .isZero();
    }

    @Test
    void keepsNamesApartFromSentencesThatRunTheOtherWay() {
        Visitor ada = server.enter("ada");
        String phrase = "import('./language.js').then(({phrase}) => phrase('members.write', {name: %s}))";

        assertThat(ada.page().evaluate(phrase.formatted("'bob'")).getAsString()).isEqualTo("Write to bob");
        assertThat(ada.page().evaluate(phrase.formatted("'ليلى'")).getAsString())
                .isEqualTo("Write to \u2068ليلى\u2069");
        assertThat(ada.page().evaluate(phrase.formatted("'bob\\u202e'")).getAsString())
                .isEqualTo("Write to bob");
    }
}
