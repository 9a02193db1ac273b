package io.seleucia.chat.faults;

import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** The newest messages that a member was shown, to which it may refer. It does the same thing once. Not thread-safe. */
final class Targets {
    private static final int KEPT = 40; // of a channel
    private static final int NEWEST_OF_ALL = 3;
    private static final int TRESPASS_ONE_IN = 25;
    private static final List<String> REACTIONS = List.of("+1", "👍", "\\\"");

    private final String member;
    private final Random random;
    private final Map<String, Deque<Target>> newest = new HashMap<>(); // by channel
    private final Set<Object> done = new HashSet<>();

    private record Target(Position position, Said said) {}

    private record Deed(String channel, Position target, Reference ref, String text) {}

    Targets(String member, Random random) {
        this.member = member;
        this.random = random;
    }

    /** The member was shown something. */
    void shown(Position position, Said said) {
        Deque<Target> all = newest.computeIfAbsent(said.channel(), channel -> new ArrayDeque<>());
        if (said.is(Reference.Kind.DELETE)) {
            all.removeIf(
                    target -> target.said.offset() == said.ref().orElseThrow().offset());
        } else if (!said.isAnnotation() && said.text().isPresent()) {
            all.add(new Target(position, said));
        }
        if (all.size() > KEPT) {
            all.removeFirst();
        }
    }

    /** What was shown there may be gone. */
    void lost(String channel) {
        newest.remove(channel);
    }

    /** Returns a reference to a message of a channel, or of the own inbox, if there is one for which it can be thought of. */
    Optional<Publication> refer(String channel, String key) {
        List<Target> all = new ArrayList<>(newest.getOrDefault(channel, new ArrayDeque<>()));
        if (random.nextBoolean()) {
            all.removeIf(target -> !target.said.sender().equals(member));
        }
        if (all.isEmpty()) {
            return Optional.empty();
        }
        if (random.nextBoolean()) { // of which others, or itself in this moment, say something too
            all.subList(0, Math.max(0, all.size() - NEWEST_OF_ALL)).clear();
        }
        Target target = Strokes.oneOf(all, random);
        boolean own = target.said.sender().equals(member);
        boolean trespass = !own && random.nextInt(TRESPASS_ONE_IN) == 0;
        Reference.Kind kind = kind(own || trespass);
        boolean reaction = kind == Reference.Kind.REACTION;
        Reference ref = new Reference(target.said.offset(), kind, reaction && random.nextInt(3) == 0);
        String text = reaction ? Strokes.oneOf(REACTIONS, random) : "";
        boolean once = reaction || kind == Reference.Kind.DELETE;
        if (once && !done.add(new Deed(channel, target.position, ref, text))) {
            return Optional.empty();
        }
        boolean changes = kind == Reference.Kind.EDIT || kind == Reference.Kind.DELETE;
        String where = channel.startsWith("@") ? "@" + target.said.partner() : channel;
        return Optional.of(new Publication(where, key, 20, Optional.of(ref), text, trespass && changes));
    }

    private Reference.Kind kind(boolean mayChange) {
        int dice = random.nextInt(10);
        if (mayChange && dice < 6) {
            return dice < 4 ? Reference.Kind.EDIT : Reference.Kind.DELETE;
        }
        return dice % 3 == 0 ? Reference.Kind.REPLY : Reference.Kind.REACTION;
    }
}
