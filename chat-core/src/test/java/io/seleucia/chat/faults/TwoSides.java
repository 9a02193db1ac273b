package io.seleucia.chat.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.faults.Evidence.History;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A network that can be cut into two sides, the left and the right, each with a chat server and its clients. */
final class TwoSides implements AutoCloseable {
    private static final Duration PING = Duration.ofSeconds(10);
    private static final String LEFT = "left";
    private static final String RIGHT = "right";

    private final Network network;
    private final List<ServerProcess> servers = new ArrayList<>();
    private final List<Listening> members = new ArrayList<>();
    private int left;
    private int right;
    private int published;

    private TwoSides(Network network) {
        this.network = network;
    }

    /** Without servers; where there can be no network, the test is skipped. */
    static TwoSides begin() throws Exception {
        return new TwoSides(Network.begin(LEFT, RIGHT));
    }

    Host leftHost() {
        return network.host(LEFT);
    }

    Host rightHost() {
        return network.host(RIGHT);
    }

    /**
     * Starts the servers.
     *
     * @param store see {@link ServerMain}
     */
    void serve(String store) throws IOException {
        left = serverAt(leftHost(), store);
        right = serverAt(rightHost(), store);
    }

    private int serverAt(Host host, String store) throws IOException {
        ServerProcess server = ServerProcess.begin(host, PING, store);
        servers.add(server);
        return host.door(server.port());
    }

    /** Where the test reaches the server on the left. */
    int left() {
        return left;
    }

    /** Where the test reaches the server on the right. */
    int right() {
        return right;
    }

    /** Nothing comes through between the sides any more. */
    void cut() throws IOException {
        network.cut(LEFT, RIGHT);
    }

    /** Everything comes through again. */
    void heal() throws IOException {
        network.heal();
    }

    /** Somebody at one of the servers, until {@link #leave}. */
    Listening join(int port, String name, String channel) throws Exception {
        members.add(Listening.join(port, name, channel));
        return members.getLast();
    }

    /** The same, at the other server. */
    Listening move(Listening member, int port) throws Exception {
        members.add(member.move(port));
        return members.getLast();
    }

    /** A message that nobody has said before. */
    Publication next(Listening member) {
        return new Publication(member.track().channel(), "message-" + published++, 20);
    }

    /** Has somebody say so much, and gives where it is; it must be taken. */
    List<Position> publish(Listening member, int messages) throws Exception {
        List<Position> positions = new ArrayList<>();
        for (int i = 0; i < messages; i++) {
            positions.add(member.publishUntilAcknowledged(next(member)));
        }
        return positions;
    }

    /** Has somebody refer to an earlier message, and gives where that is; it must be taken. */
    Position refer(Listening member, Position target, Reference.Kind kind) throws Exception {
        String text = kind == Reference.Kind.REACTION ? "+1" : "";
        Publication plain = next(member);
        return member.publishUntilAcknowledged(new Publication(
                plain.channel(),
                plain.key(),
                plain.padding(),
                Optional.of(new Reference(target.offset(), kind)),
                text,
                false));
    }

    /** Ends what a test has begun. */
    void leave() throws IOException {
        members.forEach(Listening::close);
        members.clear();
        heal();
    }

    /** That the history is the same at both servers, as it was published and as it is now, and what it is. */
    History history(String channel) throws IOException {
        History history = HistoryReader.readWithFolds(right, channel);
        assertThat(history.folded().orElseThrow()).isEqualTo(Folded.of(history.log()));
        assertThat(HistoryReader.readWithFolds(left, channel))
                .usingRecursiveComparison()
                .ignoringFields("asked")
                .isEqualTo(history);
        return history;
    }

    /** What the servers have logged. */
    String logs() {
        return ServerProcess.logs(servers);
    }

    @Override
    public void close() throws IOException {
        try {
            ServerProcess.close(servers);
        } finally {
            network.close();
        }
    }
}
