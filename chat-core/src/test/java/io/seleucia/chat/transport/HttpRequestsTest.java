package io.seleucia.chat.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests with bodies as they stand on the wire, one after the other, and those that another program could read otherwise. */
class HttpRequestsTest {
    private static final Duration LONGEST = Duration.ofSeconds(30);
    private static final int MAX_FRAME = 100;
    private static final String NEXT = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

    private final MemoryBudget memory = MemoryBudget.ofBytes(1 << 20);

    @AutoClose
    private final Loopback loopback = new Loopback();

    private HttpRequests requests(String bytes) throws IOException {
        return new HttpRequests(
                loopback.wireOf(bytes.getBytes(StandardCharsets.ISO_8859_1), memory), new Patience(LONGEST), LONGEST);
    }

    private static String post(String fields, String body) {
        return "POST /x HTTP/1.1\r\nHost: a\r\n" + fields.replace("\n", "\r\n") + "\r\n" + body;
    }

    /** Reads the body of the first request, answers, and returns the path of the second. */
    private static String bodyAndNext(HttpRequests requests) throws IOException {
        HttpRequest first = requests.next().orElseThrow();
        String body = new String(first.readFrames(MAX_FRAME).orElseThrow(), StandardCharsets.ISO_8859_1);
        first.answer(HttpResponse.empty(204));
        return body + requests.next().map(HttpRequest::path).orElse(" and no more");
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "",
            value = {
                "'Content-Length: 5\n', 'hello'",
                "'content-length: 005\n', 'hello'",
                "'Transfer-Encoding: chunked\n', '5\r\nhello\r\n0\r\n\r\n'",
                "'transfer-encoding: Chunked\n', '1\r\nh\r\n004\r\nello\r\n000\r\n\r\n'"
            })
    void readsBodyAndTheRequestBehindIt(String fields, String body) throws IOException {
        String sent = post(unescaped(fields), unescaped(body));
        assertThat(bodyAndNext(requests(sent + NEXT))).isEqualTo("hello/next");
    }

    private static String unescaped(String text) {
        return text.replace("\\n", "\n").replace("\\r", "\r");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 5\nTransfer-Encoding: chunked\n",
                "Content-Length: 5\nContent-Length: 5\n",
                "Content-Length: 5\nContent-Length: 6\n",
                "Content-Length: 5, 5\n",
                "Content-Length: +5\n",
                "Content-Length: -1\n",
                "Content-Length: 0x5\n",
                "Content-Length:\n",
                "Content-Length: 99999999999999999999\n",
                "Content-Length : 5\n",
                " Content-Length: 5\n",
                "X: y\n Content-Length: 5\n",
                "X: y\n\tobsolete: folding\n",
            })
    void refusesLengthsThatCanBeReadInTwoWays(String fields) throws IOException {
        assertRefused(post(fields, "hello" + NEXT), 400);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Transfer-Encoding: chunked, chunked\n",
                "Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n",
                "Transfer-Encoding: identity\n",
                "Transfer-Encoding: xchunked\n",
                "Transfer-Encoding: gzip, chunked\n",
                "Transfer-Encoding: chunked;q=1\n",
                "Transfer-Encoding:\n"
            })
    void refusesCodingsThatItDoesNotRead(String fields) throws IOException {
        assertRefused(post(fields, "5\r\nhello\r\n0\r\n\r\n" + NEXT), 501);
    }

    @Test
    void refusesCodingsOfHttp10() throws IOException {
        assertRefused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
    }

    @Test
    void refusesOtherExpectations() throws IOException {
        assertRefused(post("Expect: miracles\nContent-Length: 5\n", "hello"), 417);
    }

    private void assertRefused(String sent, int status) throws IOException {
        HttpRequests requests = requests(sent);
        assertThatThrownBy(requests::next)
                .isInstanceOfSatisfying(
                        HandshakeException.class,
                        refused -> assertThat(refused.status()).isEqualTo(status));
        assertThat(new String(loopback.received(), StandardCharsets.ISO_8859_1))
                .startsWith("HTTP/1.1 " + status + " ")
                .contains("\r\nConnection: close\r\n")
                .containsOnlyOnce("HTTP/1.1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "5\nhello\r\n0\r\n\r\n",
                "5\rhello\r\n0\r\n\r\n",
                " 5\r\nhello\r\n0\r\n\r\n",
                "5 \r\nhello\r\n0\r\n\r\n",
                "5;a=b\r\nhello\r\n0\r\n\r\n",
                "0x5\r\nhello\r\n0\r\n\r\n",
                "-5\r\nhello\r\n0\r\n\r\n",
                "\r\n",
                "5\r\nhello0\r\n\r\n",
                "5\r\nhello!\r\n0\r\n\r\n",
                "5\r\nhello\n0\r\n\r\n",
                "0\r\nTrailer: x\r\n\r\n",
                "00000005\r\nhello\r\n0\r\n\r\n",
                "ffffffffffffffff\r\n"
            })
    void refusesChunksThatCanBeReadInTwoWays(String body) throws IOException {
        HttpRequest request = requests(post("Transfer-Encoding: chunked\n", body + NEXT))
                .next()
                .orElseThrow();

        assertThatThrownBy(() -> request.readFrames(MAX_FRAME))
                .isInstanceOfSatisfying(
                        HandshakeException.class,
                        refused -> assertThat(refused.status()).isEqualTo(400));
        assertThat(request.mayBeFollowed()).isFalse();
    }

    @Test
    void readsNoRequestBehindABodyThatNobodyHasRead() throws IOException {
        HttpRequests requests = requests(post("Content-Length: " + NEXT.length() + "\n", NEXT));
        requests.next().orElseThrow().answer(HttpResponse.text(404, "no"));

        assertThat(requests.next()).isEmpty();
    }

    @Test
    void answersPipelinedRequestsInTheirOrder() throws IOException {
        HttpRequests requests = requests(NEXT.replace("next", "1") + NEXT.replace("next", "2") + NEXT);
        for (String path : new String[] {"/1", "/2", "/next"}) {
            HttpRequest request = requests.next().orElseThrow();
            assertThat(request.path()).isEqualTo(path);
            request.answer(HttpResponse.text(200, path));
        }
        assertThat(requests.next()).isEmpty();
        assertThat(new String(loopback.received(), StandardCharsets.ISO_8859_1))
                .containsSubsequence("/1\n", "/2\n", "/next\n")
                .doesNotContain("Connection: close");
    }

    @Test
    void sendsForABodyThatIsHeldBack() throws IOException {
        HttpRequest request = requests(post("Expect: 100-continue\nContent-Length: 3\n", ""))
                .next()
                .orElseThrow();

        assertThatThrownBy(() -> request.readFrames(MAX_FRAME)).isInstanceOf(java.io.EOFException.class);
        assertThat(new String(loopback.received(), StandardCharsets.ISO_8859_1))
                .isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
    }

    @Test
    void boundsEachFrameAndAllTogether() throws IOException {
        String longest = "x".repeat(MAX_FRAME) + "\n";
        assertThat(frames(longest + longest))
                .hasValueSatisfying(body -> assertThat(body).hasSize(2 * longest.length()));
        assertThat(frames("y\nx" + longest)).isEmpty();
        assertThatThrownBy(() -> frames("\n".repeat(70_000)))
                .isInstanceOfSatisfying(
                        HandshakeException.class,
                        refused -> assertThat(refused.status()).isEqualTo(413));
    }

    private java.util.Optional<byte[]> frames(String body) throws IOException {
        try (Loopback own = new Loopback()) {
            byte[] sent = post("Content-Length: " + body.length() + "\n", body).getBytes(StandardCharsets.US_ASCII);
            HttpRequests requests = new HttpRequests(own.wireOf(sent, memory), new Patience(LONGEST), LONGEST);
            try {
                return requests.next().orElseThrow().readFrames(MAX_FRAME);
            } finally {
                requests.release();
            }
        }
    }

    @Test
    void chargesABodyUntilTheNextRequest() throws IOException {
        HttpRequests requests = requests(post("Content-Length: 60000\n", "\n".repeat(60_000)));
        HttpRequest request = requests.next().orElseThrow();
        request.readFrames(MAX_FRAME);

        assertThat(memory.used(Part.INCOMING)).isGreaterThanOrEqualTo(60_000);
        request.answer(HttpResponse.empty(204));
        assertThat(requests.next()).isEmpty();
        assertThat(memory.used(Part.INCOMING)).isLessThanOrEqualTo(8 * 1024); // a buffer for reading
    }
}
