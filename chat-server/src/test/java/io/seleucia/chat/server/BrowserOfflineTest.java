package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.ChatServerBuilder;
import io.seleucia.chat.browser.Page;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What of the page goes over the line, and what is there without one. */
class BrowserOfflineTest {
    private static final int MOST_BYTES = 80 * 1024;
    private static final Pattern FILE = Pattern.compile("\"([^\"]+)\"");

    private static final String JAVASCRIPT = "text/javascript; charset=utf-8";
    private static final String LATER = "document.documentElement.dataset.version = 'later';";

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void isLightOverTheWire() throws Exception {
        try (BrowserServer server = new BrowserServer()) {
            int sum = 0;
            for (String file : files(server)) {
                boolean isLoaded = !file.matches("icon-.*|language-(?!ar).*"); // one language, and it is the largest
                sum += isLoaded ? get(server, file, "gzip").body().length : 0;
            }

            assertThat(sum).as("bytes of all that a page loads, compressed").isBetween(20_000, MOST_BYTES);
        }
    }

    @Test
    void canBeInstalled() throws Exception {
        try (BrowserServer server = new BrowserServer()) {
            JsonObject manifest = JsonParser.parseString(
                            new String(get(server, "manifest.webmanifest", "").body(), StandardCharsets.UTF_8))
                    .getAsJsonObject();
            for (var icon : manifest.getAsJsonArray("icons")) {
                String file = icon.getAsJsonObject().get("src").getAsString();
                HttpResponse<byte[]> answer = get(server, file, "");
                assertThat(answer.headers().firstValue("Content-Type"))
                        .contains(icon.getAsJsonObject().get("type").getAsString());
                if (file.endsWith(".png")) {
                    int width = ByteBuffer.wrap(answer.body()).getInt(16);
                    assertThat(icon.getAsJsonObject().get("sizes").getAsString())
                            .isEqualTo(width + "x" + width);
                }
            }
            Visitor ada = server.open();
            JsonObject seen = ada.page().call("Page.getAppManifest", new JsonObject());
            assertThat(seen.getAsJsonArray("errors")).isEmpty();
            ada.assertNoProblems();
        }
    }

    @Test
    void opensWithoutTheServerAndSaysSo() throws Exception {
        try (BrowserServer server = new BrowserServer()) {
            Visitor ada = server.enter("ada");
            Page page = ada.page();
            keepFiles(page);
            server.proxy().refuse(true);
            server.proxy().cut();

            page.reload();
            page.await("document.querySelector('#banner').textContent.includes(\"can't be reached\")");
            ada.draft("written without a line");
            page.press("Enter");
            page.await("document.querySelector('.message[data-state=sending]')");
            server.proxy().refuse(false);
            ada.awaitLast("written without a line");
            ada.assertNoOtherProblems();
        }
    }

    @Test
    void showsANewVersionOfTheServerAtTheNextLoad() throws Exception {
        try (BrowserServer server = new BrowserServer()) {
            Visitor ada = server.enter("ada");
            Page page = ada.page();
            keepFiles(page);
            assertThat(caches(page)).startsWith("seleucia page / ").doesNotContain(",");

            String worker = new String(get(server, "service-worker.js", "").body(), StandardCharsets.UTF_8);
            String theme = new String(get(server, "theme.js", "").body(), StandardCharsets.UTF_8);
            ChatServerBuilder builder = ChatServer.builder().port(0);
            BrowserClient.addTo(builder);
            try (ChatServer later = builder.page("/theme.js", JAVASCRIPT, bytes(theme + LATER))
                    .page("/service-worker.js", JAVASCRIPT, bytes(worker.replaceFirst("MINE}[0-9a-f]+", "MINE}later")))
                    .start()) {
                server.proxy().redirect(later.port());
                server.proxy().cut();
                page.reload();
                page.await("document.documentElement.dataset.version === 'later'");
                page.evaluate(
                        "new Promise((resolve) => { const look = () => caches.keys().then((names) =>"
                                + " names.join() === 'seleucia page / later' ? resolve(true) : setTimeout(look, 20)); look(); })");
            }
            server.proxy().refuse(true);
            server.proxy().cut();
            page.reload();
            page.await("document.documentElement.dataset.version === 'later'");
        }
    }

    private static String caches(Page page) {
        return page.evaluate("caches.keys().then((names) => names.join())").getAsString();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void keepFiles(Page page) {
        page.evaluate("import('./offline.js').then((m) => m.keepFiles())");
        page.await("navigator.serviceWorker.controller");
    }

    /** Returns the files that the page may load, as its service worker names them. */
    private Set<String> files(BrowserServer server) throws Exception {
        String worker = new String(get(server, "service-worker.js", "").body(), StandardCharsets.UTF_8);
        Matcher list = Pattern.compile("FILES = \\[([^]]*)]").matcher(worker);
        assertThat(list.find()).isTrue();
        Set<String> files = new TreeSet<>();
        FILE.matcher(list.group(1)).results().forEach(match -> files.add(match.group(1)));
        assertThat(files).contains("./", "page.js", "page.css", "language-ar.js", "icon.svg");
        return files;
    }

    private HttpResponse<byte[]> get(BrowserServer server, String file, String coding) throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(server.url()).resolve(file));
        if (!coding.isEmpty()) {
            request.header("Accept-Encoding", coding);
        }
        HttpResponse<byte[]> answer = http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        assertThat(answer.statusCode()).as(file).isEqualTo(200);
        return answer;
    }
}
