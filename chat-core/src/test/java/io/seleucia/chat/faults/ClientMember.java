package io.seleucia.chat.faults;

import io.seleucia.chat.client.ChatClient;
import io.seleucia.chat.client.ChatException;
import io.seleucia.chat.client.ChatListener;
import io.seleucia.chat.client.HistoryRange;
import io.seleucia.chat.client.Loss;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A member that is a program with a {@link ChatClient}: what a raw one does for itself is the client's affair. Between it
 * and each server is a proxy of its own. One thread talks; the client's calls the listener.
 */
final class ClientMember implements Member, ChatListener {
    private static final int PACE_MILLIS = 60;
    private static final int MAX_UNACKNOWLEDGED = 40;
    private static final Duration PUBLISH_TIMEOUT = Duration.ofMinutes(3);
    private static final Command.Interest MARKS = new Command.Interest(false, true, true);
    private static final int INBOUND_BYTES = 4_096; // so that it has to stop reading now and then

    private final String name;
    private final String inbox;
    private final List<String> channels;
    private final List<FaultyProxy> proxies = new ArrayList<>();
    private final ChatClient client;
    private final Random random; // the life's own, as is what it says
    private final Talk talk;
    private final Scene scene;
    private final CountDownLatch leaving = new CountDownLatch(1);
    private final Thread life;

    private final ReentrantLock lock = new ReentrantLock(); // guards all below
    private final Condition unstalled = lock.newCondition();
    private final Map<String, Position> begins = new HashMap<>(); // by channel; so is the next, the inbox included
    private final Map<String, List<Track.Shown>> shown = new HashMap<>();
    private final Outbox outbox;
    private final Marks marks;
    private final List<String> surprises = new ArrayList<>();
    private boolean talking;
    private final Set<String> away = new HashSet<>(); // left, and not yet back
    private boolean connected;
    private int stalls;
    private long changed = System.nanoTime(); // when one of the last three did

    ClientMember(String name, List<String> channels, Scene scene, long seed) throws IOException {
        this.name = name;
        this.inbox = "@" + name;
        this.channels = channels;
        this.random = new Random(seed);
        this.talk = new Talk(name, channels, scene, random);
        this.scene = scene;
        this.outbox = new Outbox(name);
        this.marks = new Marks(name);
        for (int port : scene.ports()) {
            proxies.add(new FaultyProxy(port));
        }
        client = ChatClient.builder(proxies.stream()
                        .map(proxy -> URI.create("ws://127.0.0.1:" + proxy.port() + "/"))
                        .toArray(URI[]::new))
                .name(name)
                .listener(this)
                .publishTimeout(PUBLISH_TIMEOUT)
                .inboundBytes(INBOUND_BYTES)
                .connectTimeout(Duration.ofSeconds(3))
                .backoff(Duration.ofMillis(100), Duration.ofSeconds(1))
                .start();
        for (String channel : channels) {
            client.subscribe(channel, Optional.empty(), MARKS).thenAccept(position -> began(channel, position));
        }
        client.historyAfter(inbox, 0, 1).thenAccept(page -> began(inbox, page.position()));
        life = Thread.ofVirtual().name("member-" + name).start(this::live);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public List<String> channels() {
        return channels;
    }

    /** As far as its listener was told: while that is stalled, nothing is known. */
    @Override
    public OptionalLong thereSince() {
        lock.lock();
        try {
            boolean there = connected
                    && stalls == 0
                    && away.isEmpty()
                    && begins.keySet().containsAll(channels);
            return there ? OptionalLong.of(changed) : OptionalLong.empty();
        } finally {
            lock.unlock();
        }
    }

    private void began(String channel, Position position) {
        locked(() -> begins.put(channel, position));
    }

    private void locked(Runnable change) {
        lock.lock();
        try {
            change.run();
        } finally {
            lock.unlock();
        }
    }

    private void live() {
        try {
            while (!leaving.await(1 + random.nextInt(2 * PACE_MILLIS), TimeUnit.MILLISECONDS)) {
                locked(() -> {
                    if (talking) {
                        saySomething();
                    }
                });
            }
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts a member", e);
        }
    }

    private void saySomething() {
        int messages = talk.messages();
        for (int i = 0; i < messages && outbox.unacknowledged() < MAX_UNACKNOWLEDGED; i++) {
            Publication publication = talk.next();
            if (!away.contains(publication.channel())) {
                outbox.add(publication);
                publish(publication);
            }
        }
        if (talk.reads()) {
            read(talk.channel());
        }
        if (talk.leaves()) {
            leave(talk.channel());
        }
    }

    private void publish(Publication publication) {
        Submission.of(client, publication)
                .whenComplete((submission, failure) -> locked(() -> {
                    Optional<ErrorCode> code = Submission.code(failure);
                    if (failure == null) {
                        outbox.acknowledged(publication, submission.place(), submission.own());
                        lookAt(publication);
                    } else if (code.equals(Optional.of(ErrorCode.NO_SUCH_USER)) && leaving.getCount() > 0) {
                        outbox.refused(publication);
                        publish(publication); // whom it is for will come back, and nothing was published
                    } else if (publication.ref().isPresent()
                            && code.isPresent()
                            && scene.refusals().contains(code.get().wireName())) {
                        outbox.refusedForGood(publication, code.get().wireName());
                    } else {
                        surprises.add(publication + ": " + failure);
                    }
                }));
    }

    /** Reads a message that is deleted, as it is now. */
    private void lookAt(Publication publication) {
        String channel = publication.shownIn(name);
        boolean deletion = publication.ref().map(Reference::kind).equals(Optional.of(Reference.Kind.DELETE));
        if (!deletion || scene.forgetful() || away.contains(channel)) {
            return;
        }
        long offset = publication.ref().orElseThrow().offset();
        client.folded(channel, HistoryRange.after(offset - 1, 1))
                .thenAccept(page -> locked(() -> page.messages().stream()
                        .map(folded -> folded.message())
                        .filter(message -> message.position().offset() == offset
                                && !message.content().equals(Content.NONE))
                        .forEach(message -> surprises.add(name + " was shown what was deleted: " + message))));
    }

    private void read(String channel) {
        if (!away.contains(channel) && begins.containsKey(channel)) {
            long wanted = talk.readTo(last(channel).offset());
            long asked = System.nanoTime();
            client.read(channel, wanted)
                    .whenComplete((mark, failure) -> locked(() -> {
                        if (failure == null) {
                            marks.set(channel, wanted, mark.offset(), asked);
                        } else if (leaving.getCount() > 0) {
                            surprises.add("read " + channel + ": " + failure);
                        }
                    }));
        }
    }

    /** Leaves a channel, and comes back from where it was. */
    private void leave(String channel) {
        if (away.add(channel)) {
            changed = System.nanoTime();
            client.unsubscribe(channel)
                    .thenCompose(position -> client.subscribe(channel, Optional.of(position), MARKS))
                    .whenComplete((position, failure) -> locked(() -> {
                        away.remove(channel);
                        changed = System.nanoTime();
                        if (failure != null) {
                            surprises.add(channel + ": " + failure);
                        }
                    }));
        }
    }

    @Override
    public void message(Message message) {
        show(message);
    }

    @Override
    public void direct(Message message) {
        show(message);
    }

    @Override
    public void sent(Message message) {
        show(message);
    }

    @Override
    public void edited(Message message) {
        show(message);
    }

    @Override
    public void deleted(Message message) {
        show(message);
    }

    @Override
    public void reaction(Message message) {
        show(message);
    }

    private void show(Message message) {
        locked(() -> {
            while (stalls > 0) {
                unstalled.awaitUninterruptibly();
            }
            Said said = Said.of(message);
            shown(message.channel()).add(new Track.Shown.Message(message.position(), said));
            talk.targets().shown(message.position(), said);
        });
        fail();
    }

    private void fail() {
        if (scene.errors()) {
            InjectedErrors.always(8);
        }
    }

    private List<Track.Shown> shown(String channel) {
        return shown.computeIfAbsent(channel, nothing -> new ArrayList<>());
    }

    @Override
    public void lost(Loss loss) {
        locked(() -> {
            shown(loss.channel()).add(new Track.Shown.Lost(loss.until()));
            talk.targets().lost(loss.channel());
        });
        fail();
    }

    @Override
    public void connected(URI server) {
        become(true);
        fail();
    }

    private void become(boolean connected) {
        locked(() -> {
            this.connected = connected;
            changed = System.nanoTime();
        });
    }

    @Override
    public void disconnected(String reason, Duration retry) {
        become(false);
        fail();
    }

    @Override
    public void removed(String channel, ChatException reason) {
        locked(() -> surprises.add("removed from " + channel + ": " + reason));
    }

    @Override
    public void ended(ChatException reason) {
        locked(() -> surprises.add("ended: " + reason));
    }

    @Override
    public void cut(Duration away) {
        proxies.forEach(away.isZero() ? FaultyProxy::pass : FaultyProxy::blackHole);
        proxies.forEach(FaultyProxy::cut);
        if (!away.isZero()) {
            CompletableFuture.delayedExecutor(away.toMillis(), TimeUnit.MILLISECONDS)
                    .execute(() -> proxies.forEach(FaultyProxy::pass));
        }
    }

    @Override
    public void deafen() {
        proxies.forEach(FaultyProxy::deafen);
    }

    /** Its listener does not come back for a while. */
    @Override
    public Runnable stall() {
        locked(() -> stalls++);
        return () -> locked(() -> {
            stalls--;
            changed = System.nanoTime();
            unstalled.signalAll();
        });
    }

    @Override
    public void talk(boolean talking) {
        locked(() -> this.talking = talking);
    }

    @Override
    public boolean isAt(Map<String, Position> ends) {
        lock.lock();
        try {
            return connected
                    && away.isEmpty()
                    && outbox.unacknowledged() == 0
                    && begins.keySet().containsAll(channels)
                    && begins.containsKey(inbox)
                    && begins.keySet().stream()
                            .allMatch(channel -> last(channel).equals(ends.getOrDefault(channel, last(channel))));
        } finally {
            lock.unlock();
        }
    }

    private Position last(String channel) {
        List<Track.Shown> all = shown(channel);
        return all.isEmpty() ? begins.get(channel) : all.getLast().position();
    }

    /** What follows on it is asked after all has been read; the listener may still be at it. */
    @Override
    public CompletableFuture<?> pong() {
        return client.channels();
    }

    @Override
    public boolean keepsOrder() {
        return true;
    }

    @Override
    public Collection<Track> tracks() {
        List<Track> tracks = new ArrayList<>();
        begins.forEach((channel, begin) -> {
            Track track = new Track(name, channel, begin);
            shown(channel).forEach(track::add);
            tracks.add(track);
        });
        return tracks;
    }

    @Override
    public Outbox outbox() {
        return outbox;
    }

    @Override
    public Marks marks() {
        return marks;
    }

    @Override
    public List<String> surprises() {
        return surprises;
    }

    /** How it stands, for whoever waits in vain. */
    @Override
    public String toString() {
        lock.lock();
        try {
            return name + (connected ? " connected, " : " not connected, ") + outbox.unacknowledged()
                    + " unacknowledged, away from " + away + ", at "
                    + begins.keySet().stream()
                            .sorted()
                            .map(channel -> channel + " " + last(channel).offset())
                            .toList();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        leaving.countDown();
        try {
            life.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        client.close();
        for (FaultyProxy proxy : proxies) {
            try {
                proxy.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
