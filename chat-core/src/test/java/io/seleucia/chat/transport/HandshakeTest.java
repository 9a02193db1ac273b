package io.seleucia.chat.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests as they stand on the wire, but for the carriage returns, which {@link #crlf} adds. */
class HandshakeTest {
    private static final String REQUEST = """
            GET /chat HTTP/1.1
            Host: chat.example:8600
            Upgrade: websocket
            Connection: Upgrade
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
            Sec-WebSocket-Version: 13
            """;
    private static final List<String> SPOKEN = List.of("first", "second");
    private static final Handshake HANDSHAKE = allowing(Set.of());

    private static final int MAX_HEAD = 16 * 1024;
    private static final String NOT_A_LINE = "a header line must be a name, a colon and a value";
    private static final String NOT_A_REQUEST_LINE = "the request line must be a method, a target and a version";
    private static final String BAD_KEY = "Sec-WebSocket-Key must be 16 bytes in base64";
    private static final String BAD_VERSION = "Sec-WebSocket-Version must be 13";
    private static final String BAD_ORIGIN = "this origin is not allowed";
    private static final String CONTROL_CHARACTER =
            "the head must not have control characters, and lines must end with CR LF";

    @AutoClose
    private final Loopback loopback = new Loopback();

    @Test
    void answersKeyOfTheRfc() throws IOException {
        accept(HANDSHAKE, crlf(REQUEST)); // the example of RFC 6455 §1.3

        assertThat(answer()).isEqualTo(crlf("""
                                HTTP/1.1 101 Switching Protocols
                                Upgrade: websocket
                                Connection: Upgrade
                                Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
                                """));
    }

    @Test
    void saysWhichSubprotocolWasAgreedOn() throws IOException {
        accept(HANDSHAKE, with("Sec-WebSocket-Protocol: second"));

        assertThat(answer()).isEqualTo(crlf("""
                                HTTP/1.1 101 Switching Protocols
                                Upgrade: websocket
                                Connection: Upgrade
                                Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
                                Sec-WebSocket-Protocol: second
                                """));
    }

    @ParameterizedTest
    @ValueSource(strings = {"first", "second, first", "other,second,first", "second\nSec-WebSocket-Protocol: first"})
    void agreesOnWhatTheServerPrefers(String offered) throws IOException {
        assertThat(accept(HANDSHAKE, with("Sec-WebSocket-Protocol: " + offered)))
                .contains("first");
    }

    @ParameterizedTest
    @ValueSource(strings = {"other", "FIRST", "firs, third", ",", ""})
    void agreesOnNoneWhereItSpeaksNoneOfThem(String offered) throws IOException {
        assertThat(accept(HANDSHAKE, with("Sec-WebSocket-Protocol: " + offered)))
                .isEmpty();
        assertThat(answer()).startsWith("HTTP/1.1 101 ").doesNotContain("Sec-WebSocket-Protocol");
    }

    @Test
    void agreesOnNoneWhereNoneIsOffered() throws IOException {
        assertThat(accept(HANDSHAKE, crlf(REQUEST))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "first, sec/ond", "(first)", "fïrst"})
    void refusesSubprotocolsThatAreNoTokens(String offered) throws IOException {
        assertRefused(
                with("Sec-WebSocket-Protocol: " + offered), 400, "Sec-WebSocket-Protocol must be a list of tokens");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Connection: keep-alive, Upgrade",
                "Connection: keep-alive,upgrade",
                "Connection:UPGRADE",
                "connection: \t upgrade \t ",
                "Connection: keep-alive\nConnection: , Upgrade ,"
            })
    void readsConnectionAsList(String lines) throws IOException {
        accept(HANDSHAKE, replacing("Connection: Upgrade", lines));

        assertThat(answer()).startsWith("HTTP/1.1 101 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"UPGRADE: WebSocket", "upgrade: WEBSOCKET", "Upgrade: h2c, websocket"})
    void readsUpgradeInWhateverCase(String line) throws IOException {
        accept(HANDSHAKE, replacing("Upgrade: websocket", line));

        assertThat(answer()).startsWith("HTTP/1.1 101 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/a/b?c=d&access_token=e%20f", "http://chat.example/", "https://chat.example/"})
    void takesAnyTarget(String target) throws IOException {
        accept(HANDSHAKE, replacing("/chat", target));

        assertThat(answer()).startsWith("HTTP/1.1 101 ");
    }

    @Test
    void takesFieldsItDoesNotKnow() throws IOException {
        accept(HANDSHAKE, with("X-Anything: äöü \t: 1", "X-Empty:", "X-Empty:"));

        assertThat(answer()).startsWith("HTTP/1.1 101 ");
    }

    @Test
    void leavesTheBytesAfterTheHead() throws IOException {
        Wire wire = loopback.wireOf((crlf(REQUEST) + "!").getBytes(StandardCharsets.ISO_8859_1));

        Handshakes.accept(HANDSHAKE, wire, StaticPages.NONE, path -> SPOKEN, Loopback.OPEN);

        assertThat(wire.read()).isEqualTo('!');
    }

    @Test
    void refusesInHttp() throws IOException {
        assertRefused(without("Host: chat.example:8600"), 400, "Host is missing");

        assertThat(answer().replaceFirst("Date: .* GMT", "Date: now")).isEqualTo("""
                        HTTP/1.1 400 Bad Request\r
                        Content-Type: text/plain; charset=utf-8\r
                        Content-Length: 16\r
                        Date: now\r
                        Connection: close\r
                        \r
                        Host is missing
                        """);
    }

    @Test
    void saysWhichMethodItTakes() throws IOException {
        assertRefused(replacing("GET", "POST"), 405, "the method must be GET");

        assertThat(answer()).startsWith("HTTP/1.1 405 Method Not Allowed\r\n").contains("\r\nAllow: GET\r\n");
    }

    @Test
    void saysWhichVersionItSpeaks() throws IOException {
        assertRefused(replacing("Version: 13", "Version: 8"), 426, BAD_VERSION);

        assertThat(answer())
                .startsWith("HTTP/1.1 426 Upgrade Required\r\n")
                .contains(
                        "\r\nSec-WebSocket-Version: 13\r\n",
                        "\r\nUpgrade: websocket\r\n",
                        "\r\nConnection: close, Upgrade\r\n");
    }

    @Test
    void refusesWithoutReading() throws IOException {
        Wire wire = loopback.wireOf(crlf(REQUEST).getBytes(StandardCharsets.ISO_8859_1));

        Handshake.refuse(wire, 503, "too many connections");

        assertThat(answer()).startsWith("HTTP/1.1 503 Service Unavailable\r\n").endsWith("\r\ntoo many connections\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"HEAD", "PUT", "OPTIONS", "get"})
    void refusesOtherMethods(String method) throws IOException {
        assertRefused(replacing("GET", method), 405, "the method must be GET");
    }

    @Test
    void refusesTwoHosts() throws IOException {
        assertRefused(with("host: chat.example:8600"), 400, "host must stand only once");
    }

    @Test
    void refusesPlainHttp() throws IOException {
        String rule = "this is a WebSocket server: Upgrade must be websocket";

        assertRefused("GET / HTTP/1.1\r\nHost: chat.example\r\n\r\n", 400, rule);
    }

    @Test
    void refusesOtherUpgrades() throws IOException {
        String rule = "this is a WebSocket server: Upgrade must be websocket";

        assertRefused(replacing("Upgrade: websocket", "Upgrade: h2c, websockets"), 400, rule);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Connection: keep-alive", "Connection: Upgraded", "X-Connection: Upgrade"})
    void refusesConnectionWithoutUpgrade(String line) throws IOException {
        assertRefused(replacing("Connection: Upgrade", line), 400, "Connection must include Upgrade");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", // empty
                "dGhlIHNhbXBsZSBub25jZQ", // no padding
                "dGhlIHNhbXBsZSBub25jZR==", // stray bits
                "dGhlIHNhbXBsZSBub25j", // 15 bytes
                "dGhlIHNhbXBsZSBub25jZSE=", // 17 bytes
                "dGhlIHNhbXBs ZSBub25jZQ==",
                "dGhlIHNhbXBsZSBub25jZ_==", // the URL alphabet
                "not base64"
            })
    void refusesBadKey(String key) throws IOException {
        assertRefused(replacing("dGhlIHNhbXBsZSBub25jZQ==", key), 400, BAD_KEY);
    }

    @Test
    void refusesMissingKey() throws IOException {
        assertRefused(without("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), 400, BAD_KEY);
    }

    @Test
    void refusesTwoKeys() throws IOException {
        String second = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

        assertRefused(with(second), 400, "sec-websocket-key must stand only once");
    }

    @Test
    void refusesMissingVersion() throws IOException {
        assertRefused(without("Sec-WebSocket-Version: 13"), 426, BAD_VERSION);
    }

    @ParameterizedTest
    @ValueSource(strings = {"013", "13.0", "+13", "13, 8", "14", "", "1 3"})
    void refusesOtherVersions(String version) throws IOException {
        assertRefused(replacing("Version: 13", "Version: " + version), 426, BAD_VERSION);
    }

    @Test
    void refusesTwoVersions() throws IOException {
        assertRefused(with("Sec-WebSocket-Version: 8"), 400, "sec-websocket-version must stand only once");
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.0", "HTTP/2", "HTTP/1.10", "http/1.1"})
    void refusesOtherHttp(String version) throws IOException {
        assertRefused(replacing("HTTP/1.1", version), 400, "the version must be HTTP/1.1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /chat", // HTTP/0.9
                "GET  /chat HTTP/1.1",
                "GET /ch at HTTP/1.1",
                "GET /chat HTTP/1.1 ",
                " GET /chat HTTP/1.1",
                "GE(T /chat HTTP/1.1",
                "GET chat HTTP/1.1",
                "GET * HTTP/1.1",
                "GET /chät HTTP/1.1",
                "GET\t/chat\tHTTP/1.1"
            })
    void refusesOtherRequestLines(String line) throws IOException {
        assertRefused(replacing("GET /chat HTTP/1.1", line), 400, NOT_A_REQUEST_LINE);
    }

    @Test
    void refusesEmptyRequest() throws IOException {
        assertRefused("\r\n\r\n", 400, "the request line is missing");
    }

    @Test
    void ignoresOneEmptyLineBeforeTheRequest() throws IOException {
        assertThat(accept(HANDSHAKE, "\r\n" + crlf(REQUEST))).isEmpty();
    }

    @Test
    void answersHeadWithoutABody() throws IOException {
        assertRefused(replacing("GET", "HEAD"), 405, "the method must be GET");

        assertThat(answer()).endsWith("\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/x#frag",
                "/a\"b",
                "/a<b>",
                "/a\\b",
                "/a^b",
                "/a`b",
                "/{b}",
                "/a|b",
                "/%zz",
                "/%",
                "/%1",
                "http:///x",
                "http://a b/",
                "ftp://a.example/",
                "http://",
                "example.org",
                "?"
            })
    void refusesTargetsThatAreNone(String target) throws IOException {
        assertRefused(replacing("GET /chat", "GET " + target), 400, NOT_A_REQUEST_LINE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/a%20b/c;d=e?f=g/?", "HTTP://a.example", "ws://a.example:80/x", "//", "/?"})
    void takesTargetsOfAllForms(String target) throws IOException {
        assertThat(accept(HANDSHAKE, replacing("GET /chat", "GET " + target))).isEmpty();
    }

    @Test
    void takesQueriesAsBrowsersSendThem() throws IOException {
        String target = "/chat?a[b]={c|d}^`\\&e=50%&f=%zz&g=%4&h=%41%&?";
        Wire wire = loopback.wireOf(replacing("GET /chat", "GET " + target).getBytes(StandardCharsets.ISO_8859_1));

        assertThat(Handshakes.accept(HANDSHAKE, wire, StaticPages.NONE, path -> SPOKEN, Loopback.OPEN)
                        .orElseThrow()
                        .parameters())
                .isEqualTo(Map.of("a[b]", "{c|d}^`\\", "e", "50%", "f", "%zz", "g", "%4", "h", "A%", "?", ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/?#", "/?a=\"", "/?<", "/?>", "/?\u00e4", "http://a.example?a=<"})
    void refusesQueriesThatNoBrowserSends(String target) throws IOException {
        assertRefused(replacing("GET /chat", "GET " + target), 400, NOT_A_REQUEST_LINE);
    }

    @Test
    void decodesTheParametersOfTheQuery() throws IOException {
        String target = "/chat?id=a%20b+c&flag&id=again&%C3%A4=%3D%26&empty=&=";
        Wire wire = loopback.wireOf(replacing("GET /chat", "GET " + target).getBytes(StandardCharsets.ISO_8859_1));

        assertThat(Handshakes.accept(HANDSHAKE, wire, StaticPages.NONE, path -> SPOKEN, Loopback.OPEN)
                        .orElseThrow()
                        .parameters())
                .isEqualTo(Map.of("id", "a b c", "flag", "", "ä", "=&", "empty", "", "", ""));
    }

    @Test
    void takesTheHostFromAnAbsoluteTarget() throws IOException {
        String request = with("Origin: http://a.example").replace("GET /chat", "GET http://a.example/chat");
        assertThat(accept(HANDSHAKE, request)).isEmpty();
    }

    @Test
    void takesLaterMinorVersions() throws IOException {
        assertThat(accept(HANDSHAKE, replacing("HTTP/1.1", "HTTP/1.2"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Na me: x", "Name : x", " Name: x", "Näme: x", "Name", ": x", "Na(me: x", "\tName: x"})
    void refusesLineWithoutProperName(String line) throws IOException {
        assertRefused(with(line), 400, NOT_A_LINE);
    }

    @ParameterizedTest
    @ValueSource(strings = {" folded", "\tfolded"})
    void refusesFoldedLine(String continuation) throws IOException {
        assertRefused(with("Name: x", continuation), 400, NOT_A_LINE);
    }

    @Test
    void refusesBareLineFeed() throws IOException {
        assertRefused(REQUEST + "\n", 400, CONTROL_CHARACTER);
    }

    @Test
    void refusesLineFeedWithinTheHead() throws IOException {
        assertRefused(crlf(REQUEST).replace("13\r\n", "13\nX: y\r\n"), 400, CONTROL_CHARACTER);
    }

    @Test
    void refusesBareCarriageReturn() throws IOException {
        assertRefused(with("Name: x\ry"), 400, "lines must end with CR LF");
    }

    @ParameterizedTest
    @ValueSource(chars = {0x00, 0x01, 0x0b, 0x1f, 0x7f})
    void refusesControlCharacters(char character) throws IOException {
        assertRefused(with("Name: x" + character + "y"), 400, CONTROL_CHARACTER);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 1", "Transfer-Encoding: chunked"})
    void refusesBody(String line) throws IOException {
        assertRefused(with(line), 400, "a handshake has no body");
    }

    @Test
    void refusesTwoLengths() throws IOException {
        assertRefused(with("Content-Length: 0", "Content-Length: 0"), 400, "content-length must stand only once");
    }

    @Test
    void takesBodyOfNoBytes() throws IOException {
        accept(HANDSHAKE, with("Content-Length: 0"));

        assertThat(answer()).startsWith("HTTP/1.1 101 ");
    }

    @Test
    void takesHeadOfExactlyTheLimit() throws IOException {
        accept(HANDSHAKE, ofLength(MAX_HEAD));

        assertThat(answer()).startsWith("HTTP/1.1 101 ");
    }

    @ParameterizedTest
    @ValueSource(ints = {MAX_HEAD + 1, MAX_HEAD + 2, 4 * MAX_HEAD})
    void refusesLongerHead(int length) throws IOException {
        assertRefused(ofLength(length), 431, "the head passes 16384 bytes");
        assertThat(answer()).startsWith("HTTP/1.1 431 Request Header Fields Too Large\r\n");
    }

    @Test
    void takesHundredHeaderLines() throws IOException {
        accept(HANDSHAKE, crlf(REQUEST + "X: y\n".repeat(95)));

        assertThat(answer()).startsWith("HTTP/1.1 101 ");
    }

    @Test
    void refusesMoreHeaderLines() throws IOException {
        assertRefused(crlf(REQUEST + "X: y\n".repeat(96)), 431, "more than 100 header lines");
    }

    @Test
    void reportsConnectionThatBreaks() throws IOException {
        assertThatThrownBy(() -> accept(HANDSHAKE, REQUEST.substring(0, 10))).isInstanceOf(EOFException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "chat.example:8600, http://chat.example:8600",
        "chat.example:8600, HTTP://CHAT.Example:8600",
        "chat.example,      http://chat.example",
        "chat.example:,     http://chat.example:80",
        "chat.example:80,   http://chat.example",
        "chat.example,      http://chat.example:80",
        "[::1]:8600,        http://[::1]:8600",
        "[::1]:8600,        http://[0:0:0:0:0:0:0:1]:8600",
        "chat_server:8600,  http://chat_server:8600" // which is no name of the DNS
    })
    void takesPagesOfItsOwnOrigin(String host, String origin) throws IOException {
        accept(HANDSHAKE, with("Origin: " + origin).replace("chat.example:8600", host));

        assertThat(answer()).startsWith("HTTP/1.1 101 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"chat.example", "CHAT.example:8600", "chat.example:443", "[::1]", "[0::1]:80", "10.0.0.1"})
    void takesRequestsForOneOfItsNames(String host) throws IOException {
        accept(called("chat.example", "[0:0::1]", "10.0.0.1"), forHost(host));

        assertThat(answer()).startsWith("HTTP/1.1 101 ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example",
                "evil.example:8600",
                "chat.example.evil.example",
                "evil.chat.example",
                "chat.example.",
                "[::2]",
                "10.0.0.10",
                "%63hat.example"
            })
    void refusesRequestsForAnotherName(String host) throws IOException {
        assertRefused(
                called("chat.example", "[::1]", "10.0.0.1"),
                forHost(host),
                421,
                "this server does not serve the host " + host + ": its setting hosts names those it serves");
        assertThat(answer()).startsWith("HTTP/1.1 421 Misdirected Request\r\n");
    }

    @Test
    void refusesPagesForAnotherNameBeforeAnythingElse() throws IOException {
        Wire wire = loopback.wireOf("POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 9\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII));
        StaticPages pages = StaticPages.NONE.with("/", "text/html", new byte[0]);

        assertThatThrownBy(() -> Handshakes.accept(called("chat.example"), wire, pages, path -> SPOKEN, Loopback.OPEN))
                .hasMessageStartingWith("this server does not serve the host evil.example");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "chat.example:8600", "http://chat.example", "a b", "::1", "[::1]:80", "a/b"})
    void takesNoNameThatIsNone(String name) {
        assertThatThrownBy(() -> HostNames.of(Set.of("chat.example", name)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith("without a port: " + name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://other.example",
                "http://chat.example", // another port
                "http://chat.example:3000",
                "https://chat.example:8600", // another scheme
                "ws://chat.example:8600",
                "http://chat.example:8600/",
                "http://chat.example:4294975896", // the same port in 32 bits
                "http://chat.example.other.example",
                "http://other.chat.example",
                "http://chat.example@other.example",
                "chat.example",
                "null",
                "",
                "http://",
                "not a URI"
            })
    void refusesPagesOfOtherOrigins(String origin) throws IOException {
        assertRefused(with("Origin: " + origin), 403, BAD_ORIGIN);
        assertThat(answer()).startsWith("HTTP/1.1 403 Forbidden\r\n");
    }

    @Test
    void refusesTwoOrigins() throws IOException {
        String request = with("Origin: http://chat.example", "Origin: http://chat.example");

        assertRefused(request, 400, "origin must stand only once");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://b.example:444",
                "https://B.example:444",
                "https://a.example:443",
                "HTTPS://a.example",
                "https://c.example",
                "https://[::1]:5"
            })
    void takesListedOrigins(String origin) throws IOException {
        var handshake = allowing(
                Set.of("https://a.example", "https://b.example:444", "https://C.example:443", "https://[0::1]:5"));

        accept(handshake, with("Origin: " + origin));

        assertThat(answer()).startsWith("HTTP/1.1 101 ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://a.example", // another scheme
                "https://a.example:444", // another port
                "https://b.a.example",
                "http://chat.example:8600", // the server's own host, which is not in the list
                "null"
            })
    void refusesOriginsThatAreNotListed(String origin) throws IOException {
        var handshake = allowing(Set.of("https://a.example"));

        assertRefused(handshake, with("Origin: " + origin), 403, BAD_ORIGIN);
    }

    @ParameterizedTest
    @CsvSource({
        "https://a.example.com,     true",
        "https://a.B.example.COM,   true",
        "https://a.example.com:443, true",
        "https://example.com,       false",
        "https://.example.com,      false",
        "https://aexample.com,      false",
        "https://a.example.com.evil.example, false",
        "http://a.example.com,      false",
        "https://a.example.com:444, false"
    })
    void takesSubdomains(String origin, boolean taken) throws IOException {
        var handshake = allowing(Set.of("https://*.example.com"));
        if (taken) {
            accept(handshake, with("Origin: " + origin));
            assertThat(answer()).startsWith("HTTP/1.1 101 ");
        } else {
            assertRefused(handshake, with("Origin: " + origin), 403, "is not one of the setting allowed-origins");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "chat.example",
                "https://chat.example/",
                "https://chat.example/chat",
                "https:chat.example",
                "//chat.example",
                "https://",
                "https://*",
                "https://*.",
                "https://a.*.example",
                "https://a*.example",
                "*.example",
                "**",
                "https://chat.example:x",
                "https://chat.example:99999",
                "https://user@chat.example",
                "https://chät.example",
                "wss://chat.example",
                "https://chat.example?a",
                "NULL",
                "https://*.*.example"
            })
    void refusesToAllowMalformedOrigins(String origin) {
        assertThatThrownBy(() -> AllowedOrigins.of(Set.of(origin)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("an origin must be a scheme");
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://other.example", "null"})
    void takesAnyOriginUnderStar(String origin) throws IOException {
        accept(allowing(Set.of("*")), with("Origin: " + origin));

        assertThat(answer()).startsWith("HTTP/1.1 101 ");
    }

    @Test
    void takesClientsThatAreNoBrowsers() throws IOException {
        accept(allowing(Set.of("https://a.example")), crlf(REQUEST)); // no Origin

        assertThat(answer()).startsWith("HTTP/1.1 101 ");
    }

    private Optional<String> accept(Handshake handshake, String request) throws IOException {
        return Handshakes.accept(
                        handshake,
                        loopback.wireOf(request.getBytes(StandardCharsets.ISO_8859_1)),
                        StaticPages.NONE,
                        path -> SPOKEN,
                        Loopback.OPEN)
                .orElseThrow()
                .subprotocol();
    }

    private String answer() throws IOException {
        return new String(loopback.received(), StandardCharsets.ISO_8859_1);
    }

    private void assertRefused(String request, int status, String why) {
        assertRefused(HANDSHAKE, request, status, why);
    }

    private void assertRefused(Handshake handshake, String request, int status, String why) {
        assertThatThrownBy(() -> accept(handshake, request))
                .hasMessageContaining(why)
                .isInstanceOfSatisfying(
                        HandshakeException.class,
                        refusal -> assertThat(refusal.status()).isEqualTo(status));
    }

    private static String with(String... lines) {
        return crlf(REQUEST + String.join("\n", lines) + "\n");
    }

    private static String without(String line) {
        return replacing(line + "\n", "");
    }

    private static String replacing(String part, String other) {
        assertThat(REQUEST).contains(part);
        return crlf(REQUEST.replace(part, other));
    }

    private static String ofLength(int length) {
        return with("X: " + "x".repeat(length - with("X: ").length()));
    }

    private static String crlf(String lines) {
        return (lines + "\n").replace("\n", "\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a,b/c", "user@host", "host:80x", "[::1", "[x]", "[1:::2]", "%zz"})
    void refusesAHostThatIsNone(String host) throws IOException {
        assertRefused(
                crlf(REQUEST.replaceFirst("(?m)^Host: .*$", "Host: " + host)),
                400,
                "Host must be a name or an address, and a port where it has one");
    }

    private static String forHost(String host) {
        return replacing("Host: chat.example:8600", "Host: " + host);
    }

    private static Handshake called(String... names) {
        return new Handshake(HostNames.of(Set.of(names)), AllowedOrigins.OWN, false, false, false);
    }

    private static Handshake allowing(Set<String> origins) {
        return new Handshake(HostNames.ANY, AllowedOrigins.of(origins), false, false, false);
    }
}
