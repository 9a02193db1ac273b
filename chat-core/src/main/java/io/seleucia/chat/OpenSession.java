package io.seleucia.chat;

import io.seleucia.chat.session.Loops;
import io.seleucia.chat.session.Session;
import java.time.Instant;
import java.util.List;

/**
 * A session as it was at the moment of asking.
 *
 * @param id its name in logs and thread dumps, unique in this process: {@code ws-17}
 * @param client what its client is called; empty while it has no name
 * @param protocol the name of the protocol that it speaks
 * @param address the client's address and port
 * @param since when it began
 * @param channels what it is subscribed to, sorted
 * @param queuedBytes what waits to be written to it
 */
public record OpenSession(
        String id,
        String client,
        String protocol,
        String address,
        Instant since,
        List<String> channels,
        long queuedBytes) {
    static OpenSession of(Session session) {
        Loops loops = session.loops();
        return new OpenSession(
                loops.connection().name(),
                session.client(),
                session.protocol(),
                session.address(),
                Instant.ofEpochMilli(session.since()),
                session.subscribed(),
                loops.queuedBytes());
    }
}
