package io.seleucia.chat.transport;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** One request over a wire and its answer, as the connections of a port have them. */
final class Handshakes {
    private static final Duration LONGEST = Duration.ofSeconds(30);

    private Handshakes() {}

    /** Answers the request; empty if it was for a page. */
    static Optional<Handshake.Agreed> accept(
            Handshake handshake,
            Wire wire,
            StaticPages pages,
            Function<String, List<String>> subprotocols,
            Handshake.Gate gate)
            throws IOException {
        HttpRequests requests = new HttpRequests(wire, new Patience(LONGEST), LONGEST);
        try {
            HttpRequest request = requests.next().orElseThrow();
            try {
                handshake.checkHost(request);
                if (!pages.isEmpty() && !request.isUpgrade()) {
                    request.answer(pages.answer(request));
                    return Optional.empty();
                }
                return Optional.of(handshake.accept(request, subprotocols, gate));
            } catch (HandshakeException e) {
                request.refuse(e);
                throw e;
            }
        } finally {
            requests.release();
        }
    }
}
