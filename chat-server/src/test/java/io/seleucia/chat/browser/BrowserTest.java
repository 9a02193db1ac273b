package io.seleucia.chat.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What drives the other tests is tested itself, on a page that does wrong. */
class BrowserTest {
    private static final String HTML = """
            <!doctype html><html lang="en"><link rel="icon" href="data:,">
            <meta name="viewport" content="width=device-width"><title>A page</title>
            <input id="name"><button id="add">Add</button><p id="said"></p>
            <script src="/script.js"></script><script>window.inline = true;</script></html>
            """;
    private static final String SCRIPT = """
            document.querySelector("#add").onclick = event => {
                document.querySelector("#said").textContent = document.querySelector("#name").value + event.isTrusted;
            };
            """;

    private HttpServer server;
    private String url;

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            boolean script = exchange.getRequestURI().getPath().equals("/script.js");
            byte[] body = (script ? SCRIPT : HTML).getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", script ? "text/javascript" : "text/html");
            exchange.getResponseHeaders().set("Content-Security-Policy", "script-src 'self'");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        url = "http://127.0.0.1:" + server.getAddress().getPort() + "/";
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void typesAndClicksAsAPersonDoes() {
        try (Page page = Browser.shared().open(url)) {
            page.type("#name", "ada ");
            page.click("#add");

            page.await("document.querySelector('#said').textContent");
            assertThat(page.text("#said")).isEqualTo("ada true");
        }
    }

    @Test
    void tellsWhatGoesWrong() {
        try (Page page = Browser.shared().open(url)) {
            assertThat(page.isTrue("window.inline")).isFalse();
            assertThat(page.problems()).extracting(Problem::kind).containsOnly(Problem.Kind.POLICY);

            page.evaluate("console.error('oh')");
            page.evaluate("setTimeout(() => { Promise.reject(new Error('nobody catches this')); })");
            page.evaluate("setTimeout(() => { throw new Error('nor this'); })");

            awaitProblems(page, 3);
            assertThat(page.problemsBut(Problem.Kind.POLICY))
                    .extracting(Problem::kind)
                    .contains(Problem.Kind.CONSOLE, Problem.Kind.EXCEPTION);
            assertThatThrownBy(() -> page.evaluate("nothing.there"))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("nothing is not defined");
        }
    }

    private static void awaitProblems(Page page, int count) {
        long deadline = System.nanoTime() + Browser.PATIENCE.toNanos();
        while (page.problemsBut(Problem.Kind.POLICY).size() < count) {
            assertThat(System.nanoTime()).as("problems: %s", page.problems()).isLessThan(deadline);
            page.evaluate("new Promise(requestAnimationFrame)");
        }
    }

    @Test
    void givesEachPageItsOwnStorage() {
        try (Page one = Browser.shared().open(url);
                Page other = Browser.shared().open(url)) {
            one.evaluate("localStorage.name = 'ada'");
            one.reload();

            assertThat(one.evaluate("localStorage.name").getAsString()).isEqualTo("ada");
            assertThat(other.evaluate("localStorage.name").isJsonNull()).isTrue();
        }
    }

    @Test
    void showsThePageInTheSizeAndSchemeThatAreWanted(@TempDir Path directory) throws IOException {
        try (Page page = Browser.shared().open(url)) {
            page.viewport(360, 640);
            page.prefers("prefers-color-scheme", "dark");

            assertThat(page.isTrue("innerWidth === 360 && matchMedia('(prefers-color-scheme: dark)').matches"))
                    .isTrue();
            page.screenshot(directory.resolve("page.png"));
            assertThat(Files.size(directory.resolve("page.png"))).isPositive();
        }
    }
}
