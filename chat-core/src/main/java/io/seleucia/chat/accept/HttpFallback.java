package io.seleucia.chat.accept;

import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.protocol.ChannelEvents;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.session.Session;
import io.seleucia.chat.session.SessionContext;
import io.seleucia.chat.text.Utf8;
import io.seleucia.chat.transport.BasePath;
import io.seleucia.chat.transport.HandshakeException;
import io.seleucia.chat.transport.HandshakeRefusal;
import io.seleucia.chat.transport.HttpRequest;
import io.seleucia.chat.transport.HttpResponse;
import io.seleucia.chat.transport.HttpStream;
import io.seleucia.chat.transport.StreamFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.util.List;
import java.util.Optional;

/**
 * Sessions over HTTP, for networks that let no WebSocket through, and readers of single channels. Runs in the threads of
 * connections.
 */
public final class HttpFallback implements AutoCloseable {
    private static final String BASE = "/http/";
    private static final String SEND = BASE + "send/";
    private static final String CHANNEL = BASE + "channel/";
    private static final String PINGS = "pings"; // the parameter of a client that answers them
    private static final String EVENTS = "text/event-stream";
    private static final String LINES = "application/x-ndjson";

    private final List<Protocol> protocols;
    private final BasePath base;
    private final SessionContext context;
    private final HttpPosts posts;

    /**
     * Creates the fallback of one port.
     *
     * @param protocols those that are spoken; their names are in the paths
     * @param base the path below which clients find this
     */
    public HttpFallback(List<Protocol> protocols, BasePath base, SessionContext context) {
        this.base = base;
        this.protocols = List.copyOf(protocols);
        this.context = context;
        this.posts = new HttpPosts(context);
    }

    /** Returns whether a request is for this. */
    static boolean concerns(HttpRequest request) {
        return request.path().startsWith(BASE) && !request.isUpgrade();
    }

    /** Returns whether a client of a path can't log in after its request. */
    static boolean needsLogin(String path) {
        return path.startsWith(CHANNEL);
    }

    /**
     * Answers a request. May block for long.
     *
     * @return the connection to run, if the answer is a stream
     * @throws HandshakeException if the request is refused; the client is yet to be told
     */
    Optional<ServedConnection> answer(HttpRequest request, HandshakeAuthenticator authenticator) throws IOException {
        String path = request.path();
        if (request.method().equals("OPTIONS")) {
            request.answer(HttpResponse.empty(204)
                    .with("Access-Control-Allow-Methods", "GET, POST")
                    .with("Access-Control-Allow-Headers", "Content-Type, Authorization, Last-Event-ID")
                    .with("Access-Control-Max-Age", "7200"));
            return Optional.empty();
        }
        if (path.startsWith(SEND)) {
            posts.answer(request, path.substring(SEND.length()));
            return Optional.empty();
        }
        if (!request.method().equals("GET")) {
            throw new HandshakeException(405, "the method must be GET");
        }
        return Optional.of(
                path.startsWith(CHANNEL)
                        ? reader(request, decoded(path.substring(CHANNEL.length())), authenticator)
                        : session(request, decoded(path.substring(BASE.length())), authenticator));
    }

    private ServedConnection session(HttpRequest request, String name, HandshakeAuthenticator authenticator)
            throws IOException {
        Protocol protocol = protocols.stream()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new HandshakeException(404, "no such protocol is spoken here"));
        boolean lines = takesLines(request);
        check(request, authenticator);
        StreamFormat format =
                lines ? StreamFormat.LINES : protocol.hasLineEnds() ? StreamFormat.QUOTED_EVENTS : StreamFormat.EVENTS;
        boolean answersPings = request.parameters().getOrDefault(PINGS, "").equals("true");
        HttpStream stream =
                new HttpStream(request, format, context.connections().limits().messageBytes(), answersPings);
        String key = posts.open(stream);
        return serve(request, stream, protocol, authenticator, Optional.of(opening(key)));
    }

    private String opening(String key) {
        return "{\"session\":\"" + key + "\",\"send\":\"" + base.prefix() + SEND + key + "\"}";
    }

    private ServedConnection reader(HttpRequest request, String name, HandshakeAuthenticator authenticator)
            throws IOException {
        Optional<String> flaw = Names.flawOfChannel(name);
        if (flaw.isPresent()) {
            throw new HandshakeException(400, flaw.get());
        }
        if (takesLines(request)) {
            throw unacceptable(EVENTS);
        }
        Optional<String> id = request.field("last-event-id").filter(text -> !text.isEmpty());
        Optional<Position> since = id.flatMap(ChannelEvents::position);
        if (id.isPresent() && since.isEmpty()) {
            throw new HandshakeException(400, "Last-Event-ID must be an epoch, a colon and an offset");
        }
        check(request, authenticator);
        String channel = Names.normal(name);
        if (!context.rights().mayRead(authenticator.login(), channel, since.isPresent())) {
            throw new HandshakeException(403, HandshakeRefusal.FORBIDDEN, "not allowed in this channel");
        }
        HttpStream stream = new HttpStream(
                request,
                StreamFormat.BARE_EVENTS,
                context.connections().limits().messageBytes(),
                false);
        return serve(request, stream, new ChannelEvents(channel, since), authenticator, Optional.empty());
    }

    private static void check(HttpRequest request, HandshakeAuthenticator authenticator) throws HandshakeException {
        authenticator.check(request.path(), request.field("authorization"), request.parameters());
    }

    private ServedConnection serve(
            HttpRequest request,
            HttpStream stream,
            Protocol protocol,
            HandshakeAuthenticator authenticator,
            Optional<String> opening)
            throws IOException {
        boolean open = false;
        try {
            stream.open(request, opening);
            ServedConnection served = new ServedConnection(stream, context.connections());
            served.serve(new Session(
                    served,
                    protocol,
                    authenticator.withoutSecret(request.parameters()),
                    authenticator.login(),
                    context));
            open = true;
            return served;
        } finally {
            if (!open) {
                stream.release();
            }
        }
    }

    /** Returns whether the client wants lines of JSON, and not events. */
    private static boolean takesLines(HttpRequest request) throws HandshakeException {
        List<String> accepted = request.list("accept");
        for (String range : accepted) {
            String type = range.split(";", 2)[0].strip();
            if (type.equalsIgnoreCase(EVENTS) || type.equals("*/*") || type.equalsIgnoreCase("text/*")) {
                return false;
            }
            if (type.equalsIgnoreCase(LINES)) {
                return true;
            }
        }
        if (accepted.isEmpty()) {
            return false;
        }
        throw unacceptable(EVENTS + " or " + LINES);
    }

    private static HandshakeException unacceptable(String types) {
        return new HandshakeException(406, "Accept must have " + types);
    }

    /** Returns a part of a path without escapes. */
    private static String decoded(String part) throws HandshakeException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(part.length());
        for (int i = 0; i < part.length(); i++) {
            char c = part.charAt(i);
            if (c == '%') { // followed by two digits, as every path
                bytes.write(Integer.parseInt(part.substring(i + 1, i + 3), 16));
                i += 2;
            } else {
                bytes.write(c);
            }
        }
        try {
            return Utf8.decode(bytes.toByteArray());
        } catch (CharacterCodingException e) {
            throw new HandshakeException(400, "the path must be UTF-8");
        }
    }

    /** Takes no more POSTs from other servers. */
    @Override
    public void close() {
        posts.close();
    }
}
