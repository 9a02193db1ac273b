package io.seleucia.chat.faults;

import io.seleucia.chat.ChannelListener;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** Follows a channel from within the server process, and notes what it is shown, even if it throws an Error then. */
final class EmbeddedFollower implements ChannelListener {
    private static final long PAUSE_NANOS = 200_000_000L;

    private final ChatServer server;
    private final String channel;
    private final EmbeddedMain.Notes notes;
    private final List<Runnable> early = new ArrayList<>(); // what came before it was known where the channel begins
    private boolean begun; // guards, with the list, by the lock of this object

    EmbeddedFollower(ChatServer server, String channel, EmbeddedMain.Notes notes) {
        this.server = server;
        this.channel = channel;
        this.notes = notes;
    }

    void start() {
        Thread.ofVirtual().name("follow-" + channel).start(this::follow);
    }

    private void follow() {
        while (true) {
            try {
                Broker.Subscription subscription = server.subscribe(channel, this);
                begin(subscription.start());
                return;
            } catch (UnavailableException e) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private synchronized void begin(Position start) {
        notes.say("began", channel, start, "-");
        early.forEach(Runnable::run);
        begun = true;
    }

    private synchronized void note(Runnable note) {
        if (begun) {
            note.run();
        } else {
            early.add(note);
        }
    }

    @Override
    public void message(Message message) {
        note(() ->
                notes.say("shown", channel, message.position(), Said.of(message).id()));
        InjectedErrors.sometimes(8);
    }

    @Override
    public void lost(Position position) {
        note(() -> notes.say("lost", channel, position, "-"));
        InjectedErrors.sometimes(8);
    }
}
