package io.seleucia.chat.faults;

import io.seleucia.chat.ChatServerBuilder;
import io.seleucia.chat.RawWebSocket;
import io.seleucia.chat.ServerListener;
import io.seleucia.chat.SessionSnapshot;
import io.seleucia.chat.WebSocketHandler;
import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.Payload;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** Plug-ins of a server process that throw Errors: for victims, by name or protocol, and nowhere where others are served. */
final class InjectedErrors {
    /** Set to {@code true} in processes that have them. */
    static final String PROPERTY = "faults.errors";

    /** How the names of those begin whose requests fail. */
    static final String VICTIM = "victim";

    /** Where a handler fails. */
    static final String PATH = "/accursed";

    /** What all of them say. */
    static final String MESSAGE = "injected";

    private static final boolean INJECTED = Boolean.getBoolean(PROPERTY);

    private InjectedErrors() {}

    /** Throws an Error in one of so many cases, in a process that has them. */
    static void sometimes(int oneIn) {
        if (INJECTED) {
            always(oneIn);
        }
    }

    /** The same in any process. */
    static void always(int oneIn) {
        if (ThreadLocalRandom.current().nextInt(oneIn) == 0) {
            throw ThreadLocalRandom.current().nextBoolean()
                    ? new AssertionError(MESSAGE)
                    : new StackOverflowError(MESSAGE);
        }
    }

    /** Adds them to a server, if the process was told so. */
    static ChatServerBuilder in(ChatServerBuilder server) {
        return INJECTED
                ? server.protocol(new AccursedProtocol())
                        .authenticator(new FailingAuthenticator())
                        .guests(true)
                        .authorizer((user, action, channel, content) -> {
                            hit(user.name());
                            return action != Authorizer.Action.MODERATE;
                        })
                        .listener(new FailingListener())
                        .webSocket(PATH, new FailingHandler())
                : server;
    }

    private static void hit(String name) {
        if (name.startsWith(VICTIM)) {
            sometimes(6);
        }
    }

    private static final class FailingAuthenticator implements Authenticator {
        @Override
        public Optional<User> authenticate(Credentials credentials, String address) {
            sometimes(1);
            return Optional.empty();
        }

        @Override
        public Optional<Boolean> hasAccount(String name) {
            return Optional.of(false);
        }
    }

    private static final class FailingListener implements ServerListener {
        @Override
        public void connected(SessionSnapshot session) {
            sometimes(4);
        }

        @Override
        public void disconnected(SessionSnapshot session, CloseCode code) {
            sometimes(4);
        }

        @Override
        public void arrived(String client) {
            sometimes(4);
        }

        @Override
        public void departed(String client) {
            sometimes(4);
        }

        @Override
        public void occupied(String channel) {
            sometimes(4);
        }

        @Override
        public void vacated(String channel) {
            sometimes(4);
        }

        @Override
        public Content publishing(SessionSnapshot from, String channel, Content content) {
            hit(from.client());
            return content;
        }
    }

    private static final class FailingHandler implements WebSocketHandler {
        @Override
        public void opened(RawWebSocket socket) {
            sometimes(4);
        }

        @Override
        public void message(RawWebSocket socket, Payload message) {
            sometimes(4);
            socket.send(message);
        }

        @Override
        public void closed(RawWebSocket socket) {
            sometimes(4);
        }
    }
}
