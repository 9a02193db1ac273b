package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Bulkhead;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/** Reads messages as they are now, each page in one step in Redis. Blocks, for less than two seconds a step. */
final class RedisFolds {
    private static final LuaScript FOLDED = LuaScript.of("position.lua", "entries.lua", "folds.lua", "folded.lua");
    private static final int MAX_ENTRIES = 500; // that one step looks at
    private static final String TEXT = "t "; // begins a member with the text of reactions
    private static final int FIELDS = 3; // a message, its fold, its newest edit

    private final Commands commands;
    private final RedisKeys keys;
    private final ChannelRetention retentions;
    private final RedisHistory history;
    private final Bulkhead<UnavailableException> pages;

    RedisFolds(Commands commands, RedisKeys keys, ChannelRetention retentions, RedisHistory history) {
        this.commands = commands;
        this.keys = keys;
        this.retentions = retentions;
        this.history = history;
        this.pages = history.pages();
    }

    /** The result of a step: a page, and the offset from which to go on, or {@code ""} if nothing follows. */
    private record Step(Broker.FoldedPage page, String next) {}

    /**
     * Reads the oldest messages after an offset, or the newest before it; oldest first. A page that would be empty because all
     * entries that a step has looked at are annotations is read by further steps.
     */
    Broker.FoldedPage page(String channel, Function<String, Position> shown, boolean forward, long offset, int limit)
            throws UnavailableException {
        boolean some = forward || offset > 1; // Redis refuses a range that ends before the first id
        long from = Math.max(forward ? 0 : 1, offset);
        pages.enter();
        try {
            Step step = step(channel, shown.apply(channel), forward, Long.toString(from), some ? limit : 0);
            while (step.page.messages().isEmpty() && !step.next.isEmpty()) {
                step = step(channel, shown.apply(channel), forward, step.next, limit);
            }
            return step.page;
        } finally {
            pages.leave();
        }
    }

    private Step step(String channel, Position shown, boolean forward, String from, int limit)
            throws UnavailableException {
        List<String> names = List.of(keys.log(channel), keys.meta(channel), keys.folds(channel), keys.gone(channel));
        Retention retention = retentions.of(channel);
        List<String> arguments = Commands.texts(
                history.freshEpoch(),
                shown.epoch(),
                shown.offset(),
                retention.positions().toMillis(),
                RedisHistory.unpublishedMillis(retention),
                retention.age().toMillis(),
                retention.messages(),
                forward ? "after" : "before",
                from,
                limit,
                RedisHistory.MAX_PAGE_BYTES,
                MAX_ENTRIES);
        List<?> reply = (List<?>) commands.run(FOLDED, false, names, arguments);
        Position now = RedisHistory.position(reply);
        List<FoldedMessage> messages = messages(channel, now, (List<?>) reply.get(2));
        if (!forward) {
            Collections.reverse(messages);
        }
        return new Step(new Broker.FoldedPage(now, messages), (String) reply.get(3));
    }

    private static List<FoldedMessage> messages(String channel, Position now, List<?> fields) {
        List<FoldedMessage> messages = new ArrayList<>(fields.size() / FIELDS);
        for (int i = 0; i < fields.size(); i += FIELDS) {
            Message message = MessageCodec.decode(channel, (String) fields.get(i));
            if (!message.position().equals(Position.NONE)) { // else not written by a chat server
                List<?> fold = (List<?>) fields.get(i + 1);
                String edit = (String) fields.get(i + 2);
                messages.add(folded(channel, RedisHistory.inEpoch(now, message), fold, edit));
            }
        }
        return messages;
    }

    /**
     * Decodes a message.
     *
     * @param fold the number of replies, and the reactions as scripts write them; nothing if nothing refers to the message
     * @param edit the newest edit, {@code ""} if there is none
     */
    private static FoldedMessage folded(String channel, Message message, List<?> fold, String edit) {
        if (fold.isEmpty()) {
            return new FoldedMessage(message);
        }
        int replies = Integer.parseInt((String) fold.getFirst());
        List<FoldedMessage.Reaction> reactions = reactions(fold.subList(1, fold.size()));
        if (edit.isEmpty()) {
            return new FoldedMessage(message, Optional.empty(), reactions, replies);
        }
        Message newest = MessageCodec.decode(channel, edit);
        return new FoldedMessage(
                message.withContent(newest.content()),
                Optional.of(new FoldedMessage.Edit(newest.position().offset(), newest.time())),
                reactions,
                replies);
    }

    /** Returns reactions: texts by the first use of each, and clients by their reaction. */
    private static List<FoldedMessage.Reaction> reactions(List<?> members) {
        Map<Long, String> texts = new TreeMap<>(); // by offset, as the next
        Map<String, Map<Long, String>> clients = new HashMap<>(); // by text
        for (Object one : members) {
            String member = (String) one;
            String[] parts = member.substring(2).split("\t");
            if (member.startsWith(TEXT)) {
                texts.put(Long.parseLong(parts[1]), parts[0]);
            } else {
                clients.computeIfAbsent(parts[1], text -> new TreeMap<>()).put(Long.parseLong(parts[2]), parts[0]);
            }
        }
        return texts.values().stream()
                .map(text -> reaction(text, clients.getOrDefault(text, Map.of())))
                .toList();
    }

    private static FoldedMessage.Reaction reaction(String text, Map<Long, String> clients) {
        List<String> named = clients.values().stream()
                .limit(FoldedMessage.MAX_NAMED)
                .map(client -> Sender.ofKey(MessageCodec.decodeText(client)).name())
                .toList();
        return new FoldedMessage.Reaction(MessageCodec.decodeText(text), clients.size(), named);
    }
}
