package io.seleucia.chat.transport;

import java.io.IOException;

/** Signals a refused handshake or request. Outside of this package and the factories, the peer has been told already. */
public final class HandshakeException extends IOException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final HandshakeRefusal reason;

    /**
     * Creates a refusal with the usual reason for its status.
     *
     * @param status the HTTP status
     */
    public HandshakeException(int status, String why) {
        this(status, HandshakeRefusal.of(status), why);
    }

    /** Creates a refusal. */
    public HandshakeException(int status, HandshakeRefusal reason, String why) {
        super(why);
        this.status = status;
        this.reason = reason;
    }

    /** Returns the answer, with the fields that its status asks for. */
    public HttpResponse answer() {
        HttpResponse answer = HttpResponse.text(status, getMessage());
        return switch (status) {
            case 401 ->
                answer.with("WWW-Authenticate", "Basic realm=\"chat\", charset=\"UTF-8\"")
                        .with("WWW-Authenticate", "Bearer realm=\"chat\"");
            case 405 -> answer.with("Allow", "GET");
            case 426 -> answer.with("Upgrade", "websocket").with("Sec-WebSocket-Version", "13");
            case 429, 503 -> answer.with("Retry-After", "10");
            default -> answer;
        };
    }

    /** Returns the HTTP status of the answer. */
    public int status() {
        return status;
    }

    /** Returns the reason, by which refusals are counted. */
    public HandshakeRefusal reason() {
        return reason;
    }
}
