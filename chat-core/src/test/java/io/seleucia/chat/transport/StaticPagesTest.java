package io.seleucia.chat.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What browsers that want no WebSocket are given, as it stands on the wire. */
class StaticPagesTest {
    private static final String HTML = "<p>déjà vu</p>";
    private static final String LARGE = "p { color: red; }\n".repeat(100);
    private static final Handshake HANDSHAKE = new Handshake(HostNames.ANY, AllowedOrigins.OWN, false, false, false);
    private static final StaticPages PAGES = StaticPages.NONE
            .with("/", "text/html; charset=utf-8", HTML.getBytes(StandardCharsets.UTF_8))
            .with("/a.css", "text/css", "p{}".getBytes(StandardCharsets.UTF_8))
            .with("/large.css", "text/css", LARGE.getBytes(StandardCharsets.UTF_8));

    @AutoClose
    private final Loopback loopback = new Loopback();

    @Test
    void givesPageWithAllThatKeepsItSafe() throws IOException {
        assertThat(answer("GET / HTTP/1.1")).matches(Pattern.compile("""
                HTTP/1.1 200 OK
                Content-Type: text/html; charset=utf-8
                ETag: "[0-9a-f]{32}"
                Cache-Control: no-cache
                Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
                X-Content-Type-Options: nosniff
                Referrer-Policy: no-referrer
                Content-Length: 16
                Date: \\w{3}, \\d+ \\w{3} \\d{4} [0-9:]{8} GMT

                <p>déjà vu</p>""".replace("\n", "\r\n")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/a.css", "/a.css?v=2", "http://chat.example/a.css"})
    void findsPageByItsPath(String target) throws IOException {
        assertThat(answer("GET " + target + " HTTP/1.1"))
                .contains("Content-Type: text/css\r\n")
                .endsWith("\r\n\r\np{}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "deflate, gzip;q=0.5, br", "x-gzip", "GZIP"})
    void compressesForClientsThatTakeIt(String taken) throws IOException {
        Handshakes.accept(
                HANDSHAKE,
                wire(loopback, request("GET /large.css HTTP/1.1", "Accept-Encoding: " + taken)),
                PAGES,
                any -> List.of(),
                Loopback.OPEN);

        byte[] received = loopback.received();
        String text = new String(received, StandardCharsets.ISO_8859_1);
        int body = text.indexOf("\r\n\r\n") + 4;
        assertThat(text.substring(0, body)).contains("\r\nContent-Encoding: gzip\r\n", "\r\nVary: Accept-Encoding\r\n");
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(received, body, received.length - body))) {
            assertThat(in.readAllBytes()).asString(StandardCharsets.UTF_8).isEqualTo(LARGE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"br", "gzip;q=0", "identity, gzip; q=0.000", ""})
    void doesNotCompressForOthers(String taken) throws IOException {
        assertThat(answer("GET /large.css HTTP/1.1", "Accept-Encoding: " + taken))
                .contains("\r\nVary: Accept-Encoding\r\n")
                .doesNotContain("Content-Encoding")
                .endsWith("\r\n\r\n" + LARGE);
    }

    @Test
    void doesNotCompressWhatWouldStayAsLarge() throws IOException {
        assertThat(answer("GET /a.css HTTP/1.1", "Accept-Encoding: gzip"))
                .doesNotContain("Content-Encoding", "Vary")
                .endsWith("p{}");
    }

    @Test
    void knowsEachRepresentationByATagOfItsOwn() throws IOException {
        String gzip = tagIn(answerOnce("HEAD /large.css HTTP/1.1", "Accept-Encoding: gzip"));

        assertThat(gzip).isNotEqualTo(tagIn(answerOnce("HEAD /large.css HTTP/1.1")));
        assertThat(answerOnce("GET /large.css HTTP/1.1", "Accept-Encoding: gzip", "If-None-Match: " + gzip))
                .startsWith("HTTP/1.1 304 Not Modified\r\n")
                .contains("\r\nETag: " + gzip + "\r\n", "\r\nVary: Accept-Encoding\r\n")
                .doesNotContain("Content-Encoding");
        assertThat(answerOnce("GET /large.css HTTP/1.1", "If-None-Match: " + gzip))
                .startsWith("HTTP/1.1 200 OK\r\n");
    }

    private static String answerOnce(String... lines) throws IOException {
        try (Loopback loopback = new Loopback()) {
            return answer(loopback, lines);
        }
    }

    private static String tagIn(String answer) {
        Matcher tag = Pattern.compile("ETag: (.*)\r\n").matcher(answer);
        assertThat(tag.find()).isTrue();
        return tag.group(1);
    }

    @Test
    void givesOnlyTheHeadToWhoAsksForIt() throws IOException {
        assertThat(answer("HEAD / HTTP/1.1"))
                .startsWith("HTTP/1.1 200 OK\r\n")
                .contains("\r\nContent-Length: 16\r\n")
                .endsWith("\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"%s", "W/%s", "\"other\", %s", "*"})
    void saysThatWhatABrowserKeepsIsStillRight(String known) throws IOException {
        assertThat(answer("GET / HTTP/1.1", "If-None-Match: " + known.formatted(tag())))
                .startsWith("HTTP/1.1 304 Not Modified\r\nETag: " + tag() + "\r\n")
                .doesNotContain("\r\nContent-Length:", "\r\nContent-Type:")
                .endsWith("\r\n\r\n");
    }

    @Test
    void givesAgainWhatHasChanged() throws IOException {
        assertThat(answer("GET / HTTP/1.1", "If-None-Match: \"other\"")).startsWith("HTTP/1.1 200 OK\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Connection: close", "Connection: keep-alive, Close"})
    void endsTheConnectionOfAClientThatWantsNoMore(String line) throws IOException {
        assertThat(answer("GET / HTTP/1.1", line)).contains("\r\nConnection: close\r\n");
    }

    @Test
    void givesPagesToProxiesThatSpeakHttp10() throws IOException {
        String request = "GET /a.css HTTP/1.0\r\n\r\n";
        Handshakes.accept(HANDSHAKE, wire(loopback, request), PAGES, any -> List.of(), Loopback.OPEN);

        assertThat(new String(loopback.received(), StandardCharsets.UTF_8))
                .startsWith("HTTP/1.1 200 OK\r\n")
                .contains("\r\nConnection: close\r\n")
                .endsWith("p{}");
    }

    private static String tag() throws IOException {
        try (Loopback loopback = new Loopback()) {
            return tagIn(answer(loopback, "HEAD / HTTP/1.1"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/b.css", "/A.css", "/a.css/", "//", "/%61.css", "/../a.css"})
    void hasNoOtherPages(String target) throws IOException {
        assertThat(answer("GET " + target + " HTTP/1.1"))
                .startsWith("HTTP/1.1 404 Not Found\r\n")
                .endsWith("\r\n\r\nthere is no such page\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS", "get"})
    void takesNoOtherMethods(String method) throws IOException {
        assertThat(answer(method + " / HTTP/1.1", "Content-Length: 3"))
                .startsWith("HTTP/1.1 405 Method Not Allowed\r\n")
                .contains("\r\nAllow: GET, HEAD\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 3", "Transfer-Encoding: chunked", "Host: second.example"})
    void refusesMalformedRequests(String line) {
        assertThatThrownBy(() -> answer("GET / HTTP/1.1", line))
                .isInstanceOfSatisfying(
                        HandshakeException.class,
                        refusal -> assertThat(refusal.status()).isEqualTo(400));
    }

    @Test
    void doesNotTakeAnOfferOfAnotherProtocol() throws IOException {
        assertThat(answer("GET / HTTP/1.1", "Connection: Upgrade", "Upgrade: h2c"))
                .startsWith("HTTP/1.1 200 OK\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/a.css", "/anywhere"})
    void leavesWebSocketsAlone(String path) throws IOException {
        String request = request(
                "GET " + path + " HTTP/1.1",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-WebSocket-Version: 13");

        assertThat(Handshakes.accept(HANDSHAKE, wire(loopback, request), PAGES, any -> List.of(), Loopback.OPEN))
                .get()
                .extracting(Handshake.Agreed::path)
                .isEqualTo(path);
    }

    @Test
    void refusesPathsAndTypesThatCantStandInHttp() {
        for (String path : List.of("", "chat.css", "/a b", "/a?b", "/a\r\n", "http://chat.example/")) {
            assertThatThrownBy(() -> PAGES.with(path, "text/css", new byte[0]))
                    .as(path)
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> PAGES.with("/b.css", "text/css\r\nX: y", new byte[0]))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private String answer(String... lines) throws IOException {
        return answer(loopback, lines);
    }

    private static String answer(Loopback loopback, String... lines) throws IOException {
        assertThat(Handshakes.accept(HANDSHAKE, wire(loopback, request(lines)), PAGES, any -> List.of(), Loopback.OPEN))
                .isEmpty();
        return new String(loopback.received(), StandardCharsets.UTF_8);
    }

    private static String request(String... lines) {
        return String.join("\r\n", lines) + "\r\nHost: chat.example\r\n\r\n";
    }

    private static Wire wire(Loopback loopback, String request) throws IOException {
        return loopback.wireOf(request.getBytes(StandardCharsets.ISO_8859_1));
    }
}
