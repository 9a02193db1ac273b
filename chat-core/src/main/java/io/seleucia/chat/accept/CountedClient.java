package io.seleucia.chat.accept;

import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.Network;
import io.seleucia.chat.session.Bans;
import io.seleucia.chat.transport.HandshakeException;
import io.seleucia.chat.transport.HandshakeRefusal;
import io.seleucia.chat.transport.TrustedProxies;
import io.seleucia.chat.transport.Wire;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * The client that a connection counts for: its peer or, if that is a trusted proxy, the client that it names. A connection of
 * a proxy counts for no address until the proxy has spoken, and then for one client after the other. Created by the accepting
 * thread, then used by the connection's; the watchdog may read the address.
 */
public final class CountedClient {
    private static final String TOO_MANY = "too many connections, try again later";

    private final ConnectionLimiter limiter;
    private final TrustedProxies trusted;
    private final Optional<Ban> ban;
    private final boolean admitted;
    private volatile InetSocketAddress peer;
    private volatile InetSocketAddress client;
    private boolean silent; // the peer has said that it names no client
    private boolean counted; // for the address of the client

    /** Admits a connection, or not. */
    CountedClient(ConnectionLimiter limiter, TrustedProxies trusted, InetSocketAddress peer) {
        this.limiter = limiter;
        this.trusted = trusted;
        this.peer = peer;
        this.client = peer;
        InetAddress address = peer.getAddress();
        this.counted = !trusted.include(address);
        this.ban = counted ? limiter.banOf(address) : Optional.empty();
        this.admitted = ban.isEmpty() && (counted ? limiter.admit(address) : limiter.admit());
    }

    /** Returns whether the connection was admitted. */
    boolean isAdmitted() {
        return admitted;
    }

    /** Returns the reason for which the connection was not admitted. */
    HandshakeException refusal() {
        return ban.map(CountedClient::banned).orElseGet(CountedClient::full);
    }

    private static HandshakeException banned(Ban ban) {
        return new HandshakeException(403, HandshakeRefusal.BANNED, Bans.refusal(ban));
    }

    private static HandshakeException full() {
        return new HandshakeException(503, HandshakeRefusal.FULL, TOO_MANY);
    }

    /** Returns the address of the client, as far as it is known. Any thread. */
    InetAddress address() {
        return client.getAddress();
    }

    /** Returns whether the peer is a trusted proxy that may name clients. */
    boolean isProxy() {
        return !silent && trusted.include(peer.getAddress());
    }

    /** Returns the proxies that are trusted. */
    TrustedProxies trusted() {
        return trusted;
    }

    /**
     * Lets another peer take the place of the proxy, which has said so ahead of the connection. It may be a proxy too. If the
     * proxy has named none, it stays the peer but is believed no more: it passes on bytes, and the fields in them are those of
     * an unknown client.
     *
     * @throws HandshakeException if it is banned, or has too many connections
     */
    void replacePeer(Optional<InetSocketAddress> other) throws HandshakeException {
        silent = other.isEmpty();
        peer = other.orElse(peer);
        client = peer;
        if (!isProxy()) {
            count(Optional.empty());
        }
    }

    /**
     * Counts a connection of a proxy for a client from now on. Does nothing for other connections.
     *
     * @param named the client; empty if the proxy has named none, and so speaks for itself
     * @throws HandshakeException if the client is banned, or has too many connections
     */
    void count(Optional<InetSocketAddress> named) throws HandshakeException {
        InetSocketAddress next = named.orElse(peer);
        if (counted && Network.of(next.getAddress()).equals(Network.of(client.getAddress()))) {
            client = next;
            return;
        }
        rest();
        client = next;
        Optional<Ban> banned = limiter.banOf(next.getAddress());
        if (banned.isPresent()) {
            throw banned(banned.get());
        }
        if (!limiter.join(next.getAddress())) {
            throw full();
        }
        counted = true;
    }

    /** Counts the connection of a proxy for no address, while it waits for another request. */
    void rest() {
        if (counted) {
            counted = false;
            limiter.part(client.getAddress());
        }
    }

    /** Has a wire name the client as its peer. */
    void nameOn(Wire wire) {
        wire.standFor(client);
    }

    /** Counts an admitted connection no longer. */
    void leave() {
        if (admitted) {
            rest();
            limiter.leave();
        }
    }
}
