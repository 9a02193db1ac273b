package io.seleucia.chat.server.management;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.TestClient;
import io.seleucia.chat.browser.Page;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The lists of sessions and bans in a real browser, next to real clients. */
class ConsoleSessionsTest {
    private static final String MARKUP = "<img src=x onerror=alert(1)>";
    private static final String NAMES =
            "[...document.querySelectorAll('#sessions-rows td.client')].map(e => e.textContent).join()";

    private ConsoleFixture console;
    private Page page;

    @BeforeEach
    void start() throws Exception {
        console = ConsoleFixture.open("sessions");
        page = console.page;
    }

    @AfterEach
    void stop() {
        console.close();
    }

    private TestClient member(String name) throws Exception {
        return TestClient.member(console.server.port(), name, "lobby");
    }

    @Test
    void showsSessionsWithDateAndZoneAndFiltersByAPartOfTheirName() throws Exception {
        try (TestClient ada = member("ada");
                TestClient markup = member(MARKUP)) {
            page.await("document.querySelectorAll('#sessions-rows tr').length === 2");
            assertThat(page.text("#sessions-rows")).contains("ada", "ctesiphon", "lobby", MARKUP);
            assertThat(page.text("#sessions-count")).isEqualTo("2");
            String zone = page.evaluate("new Intl.DateTimeFormat(undefined, {timeZoneName: 'short'})"
                            + ".formatToParts().find(p => p.type === 'timeZoneName').value")
                    .getAsString();
            assertThat(page.text("#sessions-rows td.since"))
                    .contains(zone)
                    .contains(page.evaluate(
                                    "new Intl.DateTimeFormat(undefined, {month: 'short', day: 'numeric'}).format()")
                            .getAsString());

            page.type("#sessions-contains", "DA");
            page.await(NAMES + " === 'ada'");
            page.type("#sessions-contains", "x");
            page.await("!document.getElementById('sessions-empty').hidden");
            ada.expectNothingElse();
            markup.expectNothingElse();
        }
        assertThat(page.problems()).isEmpty();
    }

    @Test
    void movesNoRowUnderThePointerOrTheFocus() throws Exception {
        TestClient dan = member("dan");
        try (TestClient bob = member("bob")) {
            page.await(NAMES + " === 'bob,dan'");
            console.pointAt("#sessions-rows tr");
            try (TestClient ada = member("ada")) {
                page.await("document.getElementById('sessions-pages').innerText.startsWith('1 new or ended')");
                dan.close();
                page.await("document.querySelectorAll('#sessions-rows tr.gone').length === 1");
                assertThat(page.evaluate(NAMES).getAsString()).isEqualTo("bob,dan");

                page.evaluate("document.querySelector('#sessions-rows button').focus({preventScroll: true})");
                console.pointAtCorner();
                page.await("document.querySelectorAll('#sessions-rows tr.gone').length === 1");
                assertThat(page.evaluate(NAMES).getAsString())
                        .as("while the focus is there")
                        .isEqualTo("bob,dan");

                console.pointAway();
                page.await(NAMES + " === 'ada,bob'");
                ada.expectNothingElse();
            }
            bob.expectNothingElse();
        }
        assertThat(page.problems()).isEmpty();
    }

    @Test
    void keepsTheElementsOfRowsThatStay() throws Exception {
        try (TestClient bob = member("bob")) {
            page.await(NAMES + " === 'bob'");
            page.evaluate("window.row = document.querySelector('#sessions-rows tr')");
            try (TestClient ada = member("ada")) {
                page.await(NAMES + " === 'ada,bob'");
                assertThat(page.isTrue("window.row === document.querySelectorAll('#sessions-rows tr')[1]"))
                        .isTrue();
                ada.expectNothingElse();
            }
            bob.expectNothingElse();
        }
    }

    @Test
    void endsTheSessionsOfAClientAfterAskingAndSaysSo() throws Exception {
        TestClient ada = member("ada");
        try (TestClient bob = member("bob")) {
            page.click("button[data-client=ada]");
            assertThat(page.text("#client-title")).isEqualTo("What about ada?");
            page.press("Escape");
            page.await("!document.getElementById('client').open");
            assertThat(page.isTrue("document.activeElement.dataset.client === 'ada'"))
                    .as("the focus is where it was")
                    .isTrue();
            ada.expectNothingElse();

            page.press("Enter");
            page.click("#client-disconnect");

            assertThat(ada.closeCode()).isEqualTo(4403);
            console.awaitSaid("Disconnected ada.");
            console.pointAway();
            page.await(NAMES + " === 'bob'");
            bob.expectNothingElse();
        }
        page.type("#by-name-client", "eve");
        page.press("Enter");
        page.click("#client-revoke");
        console.awaitSaid("Revoked all logins of eve.");
        page.click("#said button");
        assertThat(page.isTrue("document.getElementById('said').hidden")).isTrue();
        assertThat(page.problems()).isEmpty();
    }

    @Test
    void saysInTheDialogWhyAnActionFailed() {
        console.awaitVisible("#by-name");
        page.type("#by-name-client", "eve\u202e");
        page.press("Enter");
        page.click("#client-disconnect");
        page.await("document.querySelector('#client .said.bad').innerText.includes('format characters')");
        assertThat(page.isTrue("document.getElementById('client').open")).isTrue();
        page.click("#client [data-close]");
        page.click("#by-name button");
        page.await("document.querySelector('#client .said').hidden");
    }

    @Test
    void bansAfterAskingFiltersAndLiftsBans() throws Exception {
        TestClient ada = member("ada");
        console.view("bans");
        page.await("!document.getElementById('bans-empty').hidden");
        console.choose("#ban-kind", "guest");
        page.type("#ban-subject", "ada");
        page.type("#ban-reason", MARKUP);
        page.click("#ban-submit");
        assertThat(page.text("#confirm-title")).isEqualTo("Ban the guest ada for a day?");
        ada.expectNothingElse();

        page.click("#confirm-yes");

        assertThat(ada.closeCode()).isEqualTo(4403);
        console.awaitSaid("Banned the guest ada for a day.");
        page.await("document.querySelectorAll('#bans-rows tr').length === 1");
        assertThat(page.text("#bans-rows")).contains("ada", "guest", MARKUP);
        page.type("#bans-contains", "nobody");
        page.await("document.querySelectorAll('#bans-rows tr').length === 0");
        page.evaluate("document.getElementById('bans-contains').value = ''");
        console.choose("#bans-contains", "ONERROR");
        page.click("#bans-rows button");
        console.awaitSaid("Lifted the ban of the guest ada.");
        page.await("!document.getElementById('bans-empty').hidden");
        member("ada").close();
        assertThat(page.problems()).isEmpty();
    }
}
