package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.channel.Channel;
import io.seleucia.chat.channel.Channels;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.message.ResumeSecret;
import io.seleucia.chat.message.Sender;
import java.lang.System.Logger;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * The identity of a session's client: its login, its name and its inbox. The inbound loop connects, logs in and renames;
 * methods that say so can be called by any thread.
 */
final class ClientIdentity {
    private static final Logger LOG = System.getLogger(ClientIdentity.class.getName());

    private static final int AUTHOR = 12; // characters, each of four random bits

    private final LocalSession session;
    private final Replies replies;
    private final SessionContext context;
    private final Logins logins;
    private final Channels channels;
    private volatile Optional<Login> login; // written by the inbound loop, as are the next four
    private volatile String client = "";
    private volatile String skeleton = ""; // of a guest's name, once it has one
    private volatile String id = ""; // comes with the client id
    private volatile long namedAt; // when it got its name, in milliseconds since 1970-01-01T00:00Z
    private boolean connected; // and so can be found by its name
    private Optional<Channel.Membership> inbox = Optional.empty();
    private Optional<NameHolds.Hold> hold = Optional.empty(); // of its name, if that is reserved for a guest
    private Attributes plain = Attributes.NONE; // of messages without any, which all share this
    private String authorOf = ""; // the name that the client had when they were made
    private Optional<ResumeSecret> resume = Optional.empty(); // for that name, if the client can show one
    private Optional<ResumeSecret> shown = Optional.empty(); // by the client, also for a name that is not reserved

    ClientIdentity(LocalSession session, SessionContext context, Optional<Login> login) {
        this.session = session;
        this.replies = session.replies();
        this.context = context;
        this.logins = context.logins();
        this.channels = context.channels();
        this.login = login;
        this.namedAt = session.since();
    }

    /** Returns the login, if there is one. Any thread. */
    Optional<Login> login() {
        return login;
    }

    /** Returns whether the client may do more than log in. */
    boolean isIn() {
        return login.isPresent() || logins.guests();
    }

    /** Takes the name of the login of the handshake, if there is one. */
    void begin() {
        login.ifPresent(held -> become(held.user().name()));
    }

    /** Leaves the inbox and the name. A step that fails is reported, and the others are taken. */
    void leave() {
        inbox.ifPresent(member -> channels.leave(session, member));
        if (connected) {
            Loop.attempt(LOG, "leaving an inbox", () -> channels.broker().leave(inboxChannel(), sender()));
            context.observer().named(session, client, "");
        }
        endHold();
    }

    /** Takes the first client id that a request claims. A request that claims another later fails. */
    boolean identify(Request request) throws UnavailableException {
        if (request.client().isEmpty()) {
            return true;
        }
        String claim = request.client().get();
        if (client.isEmpty()) {
            if (!mayBear(request, claim) || !claim(request, NameHolds.Hold.ofProtocol(claim, session.protocol()))) {
                return false;
            }
            become(claim);
        }
        if (!client.equals(claim)) {
            replies.fail(request, ErrorCode.WRONG_CLIENT, "this connection has another client id");
            return false;
        }
        return true;
    }

    /**
     * Reserves the name of a guest, if names are reserved. The request fails if the name is another's, or if the source has
     * reserved too many new names.
     */
    private boolean claim(Request request, NameHolds.Hold wanted) throws UnavailableException {
        if (context.holds().isEmpty() || wanted.name().equals(session.address())) {
            return true;
        }
        endHold(); // of an earlier claim whose request failed
        NameHolds holds = context.holds().get();
        Broker.Hold held = holds.claim(session.served(), wanted);
        if (held == Broker.Hold.BEGUN && !session.allowance().source().take(Quota.NEW_NAMES, System.nanoTime())) {
            holds.withdraw(session.served(), wanted);
            session.allowance().refuse(request, Quota.NEW_NAMES);
            return false;
        }
        if (held == Broker.Hold.REFUSED) {
            replies.fail(
                    request,
                    ErrorCode.NAME_TAKEN,
                    "name taken: another guest is called " + wanted.name() + ": take another name");
            return false;
        }
        hold = Optional.of(wanted);
        return true;
    }

    private void endHold() {
        hold.ifPresent(ending -> Loop.attempt(
                LOG,
                "ending the hold of a name",
                () -> context.holds().orElseThrow().end(session.served(), ending)));
        hold = Optional.empty();
    }

    /** Takes the first name of the session. */
    private void become(String name) {
        id = UUID.randomUUID().toString();
        client = name;
        skeleton = skeletonOf(name);
        try {
            name(name);
            channels.broker().join(inboxChannel(), sender());
            connected = true; // from here on the inbox is left again
        } finally {
            client = connected ? name : "";
        }
        context.observer().named(session, "", name);
    }

    /** Returns whether the client may bear a name that a request claims without proof; if not, the request fails. */
    private boolean mayBear(Request request, String name) {
        if (isBanned(request, name)) {
            return false;
        }
        // TcpChat calls clients by their addresses until they have names.
        boolean address =
                name.equals(session.address()) && logins.hasAccount(name).isEmpty();
        if (address || logins.isForGuests(name)) {
            return true;
        }
        replies.fail(
                request,
                ErrorCode.NAME_TAKEN,
                "name taken: a guest can't be called " + name
                        + (logins.exist() ? ": log in, or take another name" : ": take another name"));
        return false;
    }

    /** Returns whether a guest's name is banned; if so, the request fails. */
    private boolean isBanned(Request request, String name) {
        Optional<Ban> ban = login.isPresent() ? Optional.empty() : logins.bans().ofGuest(Names.skeleton(name));
        ban.ifPresent(found -> replies.fail(request, ErrorCode.FORBIDDEN, Bans.refusal(found)));
        return ban.isPresent();
    }

    private boolean mayBecome(String name) {
        return login.isEmpty() && logins.isForGuests(name);
    }

    /** Connects: logs in if the request has credentials, takes a name, and opens the inbox. */
    void connect(Request request, Command.Connect connect) throws UnavailableException {
        boolean named = !client.isEmpty() && login.isEmpty();
        if (inbox.isPresent() || named) {
            replies.fail(
                    request, ErrorCode.BAD_REQUEST, "connect must come once, and before anything that needs a name");
        } else if (connect.credentials().isEmpty()
                || logIn(request, connect.credentials().get())) {
            connectAs(request, connect);
        }
    }

    /** Logs in, or renews the login with other credentials. Blocks. If it fails, answers the request and returns false. */
    private boolean logIn(Request request, Credentials credentials) {
        try {
            Login found = logins.login(credentials, session.address());
            String name = found.user().name();
            if (login.isPresent() && !login.get().user().name().equals(name)) {
                throw new LoginException(ErrorCode.WRONG_CLIENT, "this connection has another client id");
            }
            login = Optional.of(found); // the next check finds a revocation from meanwhile
            session.allowance().enter(login);
            session.review(); // the new login may have fewer rights
            if (client.isEmpty()) {
                become(name);
            }
            return true;
        } catch (LoginException e) {
            replies.fail(request, e.code(), e.getMessage());
            if (e.code() == ErrorCode.FORBIDDEN) { // banned: the code tells the program not to come back by itself
                session.served().end(CloseCode.DISCONNECTED, false);
            }
            return false;
        }
    }

    private void connectAs(Request request, Command.Connect connect) throws UnavailableException {
        if (!isIn()) {
            replies.fail(request, ErrorCode.UNAUTHORIZED, "connect with user and password, or with a token");
        } else if (login.isPresent()) {
            if (!connect.client().orElse(client).equals(client)) {
                replies.fail(request, ErrorCode.WRONG_CLIENT, "this connection has another client id");
            } else {
                openInbox(request, connect);
            }
        } else if (connect.client().isEmpty()) {
            replies.fail(request, ErrorCode.BAD_REQUEST, "client is missing");
        } else if (mayBear(request, connect.client().get())) {
            connectAsGuest(request, connect, connect.client().get());
        }
    }

    private void connectAsGuest(Request request, Command.Connect connect, String name) throws UnavailableException {
        ResumeSecret secret = connect.resume().orElseGet(ResumeSecret::random);
        NameHolds.Hold wanted = NameHolds.Hold.of(name, secret);
        try {
            if (claim(request, wanted)) {
                resume = hold.isPresent() ? Optional.of(secret) : Optional.empty();
                shown = connect.resume();
                becomeGuest(request, connect, name);
            }
        } finally {
            if (inbox.isEmpty()) {
                resume = Optional.empty();
            }
            if (inbox.isEmpty() && connect.resume().isEmpty()) { // the client was told no secret
                hold = Optional.empty();
                context.holds()
                        .ifPresent(holds -> Loop.attempt(
                                LOG,
                                "withdrawing the claim of a name",
                                () -> holds.withdraw(session.served(), wanted)));
            }
        }
    }

    private void becomeGuest(Request request, Command.Connect connect, String name) throws UnavailableException {
        try {
            become(name);
            openInbox(request, connect);
        } finally {
            if (inbox.isEmpty() && connected) {
                channels.broker().leave(inboxChannel(), sender());
                context.observer().named(session, client, "");
                connected = false;
                client = "";
            }
        }
    }

    private void openInbox(Request request, Command.Connect connect) throws UnavailableException {
        Channel.Membership member = channels.join(
                session,
                inboxChannel(),
                connect.inbox(),
                Command.Interest.MESSAGES,
                (recovery, info, read) -> replies.reply(
                        request,
                        connected(recovery.recovered().isPresent() ? Optional.of(recovery) : Optional.empty())),
                () -> true); // a client may always read its own inbox
        try {
            inbox = Optional.of(member);
        } catch (Throwable e) {
            channels.leave(session, member);
            throw e;
        }
    }

    void refresh(Request request, Command.Refresh refresh) {
        if (login.flatMap(login -> login.user().expires()).isEmpty()) {
            replies.fail(request, ErrorCode.UNAUTHORIZED, "this session was not logged in with a token");
        } else if (logIn(request, refresh.token())) {
            Instant expires = login.orElseThrow().user().expires().orElse(Instant.MAX);
            replies.reply(request, new Event.Refreshed(Math.max(0, Instant.now().until(expires, ChronoUnit.SECONDS))));
        }
    }

    private Event.Connected connected(Optional<Event.Recovery> recovery) {
        return new Event.Connected(
                id,
                client,
                context.server(),
                Math.toIntExact(
                        Math.max(1, context.connections().limits().ping().toSeconds())),
                context.connections().limits().messageBytes(),
                recovery,
                resume);
    }

    /**
     * Takes another name, if no other client bears it.
     *
     * @param renamed is given the client with its new name, before the former is released
     */
    void nickname(Request request, String name, Consumer<Sender> renamed) throws UnavailableException {
        if (!isCalled(name) && isBanned(request, name)) {
            return;
        }
        if (!isCalled(name) && !rename(name, renamed)) {
            replies.fail(request, ErrorCode.NAME_TAKEN, "Nickname already taken.");
        } else {
            replies.reply(request, connected(Optional.empty()));
        }
    }

    private boolean rename(String name, Consumer<Sender> renamed) throws UnavailableException {
        if (!mayBecome(name)) {
            return false;
        }
        NameHolds.Hold wanted = NameHolds.Hold.ofSession(name);
        Optional<NameHolds> holds = context.holds();
        boolean done = false;
        try {
            if ((holds.isEmpty() || holds.get().claim(session.served(), wanted) != Broker.Hold.REFUSED)
                    && channels.claim(new Sender(name, isGuest()))) {
                become(name, holds.map(reserved -> wanted), renamed);
                done = true;
            }
            return done;
        } finally {
            if (!done) {
                holds.ifPresent(reserved -> reserved.withdraw(session.served(), wanted));
            }
        }
    }

    /** Replaces the name with one that is claimed for this session already. */
    private void become(String name, Optional<NameHolds.Hold> reserved, Consumer<Sender> renamed) {
        endHold();
        hold = reserved;
        resume = Optional.empty();
        shown = Optional.empty();
        Broker broker = channels.broker();
        Sender former = sender();
        renamed.accept(new Sender(name, former.guest()));
        if (connected) {
            broker.leave(Names.inboxOf(former.name()), former);
        }
        context.observer().named(session, connected ? former.name() : "", name);
        connected = true;
        client = name;
        skeleton = skeletonOf(name);
        name(name);
    }

    /** Returns the skeleton of a guest's name; empty for an address, by which TcpChat calls a client first. */
    private String skeletonOf(String name) {
        return login.isPresent() || name.equals(session.address()) ? "" : Names.skeleton(name);
    }

    /** Returns whether the client is a guest whose name has become an account's, or looks like one's. Any thread. */
    boolean bearsNameOfAccount() {
        String looks = skeleton;
        return !looks.isEmpty() && logins.isAccounts(looks);
    }

    /** Returns whether the client is a guest whose name is banned. Any thread. */
    boolean isBannedGuest() {
        String looks = skeleton;
        return !looks.isEmpty() && logins.bans().ofGuest(looks).isPresent();
    }

    /** Returns the name of the client; empty if it has none yet. Any thread. */
    String name() {
        return client;
    }

    /** Returns when the client got its name, in milliseconds since 1970-01-01T00:00Z. Any thread. */
    long namedAt() {
        return namedAt;
    }

    /** Returns the random id of the session, which marks its own signals. Any thread. */
    String id() {
        return id;
    }

    /** Returns whether this is the client's name. Any thread. */
    boolean isCalled(String name) {
        return client.equals(name);
    }

    /** Adds to the attributes of a message what tells this client from others without a login and of its name. */
    Attributes attributes(Attributes given) {
        if (login.isPresent()) {
            return given;
        }
        String name = client();
        if (!name.equals(authorOf)) {
            String owner = resume.or(() -> shown).map(ResumeSecret::digest).orElse(id);
            plain = Attributes.NONE.withAuthor(owner.substring(owner.length() - AUTHOR));
            authorOf = name;
        }
        return given == Attributes.NONE ? plain : given.withAuthor(plain.author());
    }

    Sender sender() {
        return new Sender(client(), isGuest());
    }

    /** Returns whether a channel is the client's open inbox. */
    boolean hasInbox(String channel) {
        return inbox.filter(own -> own.channel().name().equals(channel)).isPresent();
    }

    /** Returns whether the client has an inbox: that of its account, or one that it has connected to as a guest. */
    boolean hasInbox() {
        return login.isPresent() || inbox.isPresent();
    }

    /** Returns the broker's channel of the client's inbox. */
    String inboxChannel() {
        return login.isPresent() ? Names.accountInboxOf(client) : Names.inboxOf(client);
    }

    private boolean isGuest() {
        return login.isEmpty() && logins.exist();
    }

    /** Returns the name of the client, and gives it a random one if it has none. */
    String client() {
        if (client.isEmpty()) {
            id = "guest-" + UUID.randomUUID();
            client = id;
        }
        return client;
    }

    private void name(String name) {
        namedAt = System.currentTimeMillis();
        session.served().name(name);
    }
}
