package io.seleucia.chat.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A request of HTTP, until it is answered. Used by the connection's thread. */
public final class HttpRequest {
    private final Wire wire;
    private HttpHead head;
    private final HttpBody body;
    private final IncomingMemory memory;
    private final Patience patience;
    private final Duration longest;
    private Forwarded forwarded = Forwarded.NOTHING;
    private String fields = ""; // that every answer has
    private boolean answered;
    private boolean last; // of its connection

    /**
     * Creates a request whose body is yet to come.
     *
     * @param memory is charged for the request
     * @param longest the longest time for an answer to be read
     */
    HttpRequest(Wire wire, HttpHead head, IncomingMemory memory, Patience patience, Duration longest)
            throws HandshakeException {
        this.wire = wire;
        this.memory = memory;
        this.longest = longest;
        this.head = head;
        this.body = HttpBody.of(head, wire);
        this.patience = patience;
        this.last = !head.keepsAlive();
    }

    HttpHead head() {
        return head;
    }

    /** Returns the wire that the request has come on, for what follows it. */
    public Wire wire() {
        return wire;
    }

    /** Returns how long the connection may take. */
    public Patience patience() {
        return patience;
    }

    /**
     * Believes what the peer says of the client, because it is a trusted proxy.
     *
     * @return the client; empty if the peer speaks for itself
     * @throws HandshakeException if what it says can't be right
     */
    public Optional<InetSocketAddress> believe(TrustedProxies trusted) throws HandshakeException {
        forwarded = Forwarded.of(head, trusted);
        return forwarded.client();
    }

    /**
     * Removes the base path from the request's path, unless a proxy has.
     *
     * @return whether the path was the base path without a slash at its end, against which a page's addresses fail
     */
    public boolean remove(BasePath base) {
        boolean bare = !base.prefix().isEmpty() && head.path().equals(base.prefix());
        head = head.without(base.prefix());
        return bare;
    }

    /** Returns the scheme that the client has used, as far as it is known. */
    String scheme() {
        return forwarded.scheme().orElse(wire.isSecure() ? "https" : "http");
    }

    /** Returns the host that the client has asked for, as far as it is known. */
    String host() throws HandshakeException {
        String named = head.host();
        return forwarded.host().orElse(named);
    }

    /** Returns the method, such as {@code GET}. */
    public String method() {
        return head.method();
    }

    /** Returns the path as it was sent, without the query. */
    public String path() {
        return head.path();
    }

    /** Returns the parameters of the query, decoded, by name. */
    public Map<String, String> parameters() {
        return head.parameters();
    }

    /** Returns the value of a field, which may stand only once. */
    public Optional<String> field(String name) throws HandshakeException {
        return head.single(name);
    }

    /** Returns the members of a field that is a list. */
    public List<String> list(String name) {
        return head.list(name);
    }

    /** Returns whether the request is for a WebSocket. */
    public boolean isUpgrade() {
        return head.lists("upgrade", "websocket");
    }

    /** Returns whether the peer reads chunks: it speaks HTTP/1.1. */
    public boolean readsChunks() {
        return head.minor() > 0;
    }

    /** Returns whether a body follows. */
    boolean hasBody() {
        return !body.isComplete();
    }

    /**
     * Reads a body of frames, one a line. Blocks until it has come.
     *
     * @param most the longest frame
     * @return the body; empty if a frame is longer, and then the rest is not read
     * @throws HandshakeException if the body is malformed or too long, or there is no memory for it
     */
    public Optional<byte[]> readFrames(int most) throws IOException {
        FrameLines lines = new FrameLines(most, memory);
        try {
            body.read(lines::take);
        } catch (HandshakeException e) {
            last = true;
            throw e;
        }
        last = last || lines.isOversized();
        return lines.isOversized() ? Optional.empty() : Optional.of(lines.bytes());
    }

    /** Has every answer bear further header lines, each with its CR LF. */
    void giveAnswers(String lines) {
        fields += lines;
    }

    /** Returns whether the request has been answered. */
    public boolean isAnswered() {
        return answered;
    }

    /** Returns whether another request may follow the answer. */
    boolean mayBeFollowed() {
        return !last;
    }

    /** Answers the request. Blocks until the kernel has taken that or, if no other request may follow, the peer has. */
    public void answer(HttpResponse response) throws IOException {
        HttpResponse complete = response.withFields(fields);
        boolean withBody = !head.method().equals("HEAD"); // RFC 9110 §9.3.2
        answered = true;
        patience.begin(longest);
        last = last || patience.isStopping() || !body.isComplete(); // a body that was not read is in the way
        if (last) {
            complete.sendLast(wire, withBody);
        } else {
            complete.write(wire, withBody, true);
        }
    }

    /** Refuses the request, and ends the connection. */
    public void refuse(HandshakeException refusal) throws IOException {
        last = true;
        answer(refusal.answer());
    }

    /** Answers with a stream, which takes over the wire. */
    void answerWithStream(HttpResponse head, byte[] first) throws IOException {
        answered = true;
        last = true;
        head.withFields(fields).begin(wire, first);
    }
}
