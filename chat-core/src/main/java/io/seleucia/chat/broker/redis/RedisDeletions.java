package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.ReferenceException;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Sender;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.params.ZRangeParams;
import redis.clients.jedis.resps.ScanResult;
import redis.clients.jedis.resps.StreamEntry;

/** Deletions by operators. All methods block. */
final class RedisDeletions {
    private static final LuaScript EMPTY = LuaScript.of("position.lua", "empty.lua");
    private static final LuaScript ERASE = LuaScript.of("position.lua", "entries.lua", "folds.lua", "erase.lua");
    private static final Sender OPERATOR = Sender.of("operator");
    private static final int SCANNED_KEYS = 500; // by one command
    private static final int SCANNED_MESSAGES = 100; // by one command

    private final Commands commands;
    private final RedisKeys keys;
    private final ChannelRetention retentions;
    private final BatchPublisher publisher;

    RedisDeletions(Commands commands, RedisKeys keys, ChannelRetention retentions, BatchPublisher publisher) {
        this.commands = commands;
        this.keys = keys;
        this.retentions = retentions;
        this.publisher = publisher;
    }

    /** Deletes all messages of a channel, and tells all servers, as one step. */
    void delete(String channel) throws UnavailableException {
        commands.run(
                EMPTY,
                true, // replicas confirm a deletion as they do a message
                List.of(keys.log(channel), keys.meta(channel), keys.folds(channel), keys.gone(channel)),
                Commands.texts(
                        keys.live(channel), commands.topology().publishing().name()));
    }

    /**
     * Deletes a sender's messages from all histories, and publishes the deletion of each. May block for long. Starts again if
     * channels move.
     */
    void deleteFrom(String sender) throws UnavailableException {
        RedisTopology topology = commands.topology();
        Object version;
        do {
            version = topology.version();
            for (RedisNode node : topology.all()) {
                deleteFrom(sender, node);
            }
        } while (topology.version() != version);
    }

    private void deleteFrom(String sender, RedisNode node) throws UnavailableException {
        ScanParams logs = new ScanParams().match(keys.allLogs()).count(SCANNED_KEYS);
        String cursor = ScanParams.SCAN_POINTER_START;
        do {
            String at = cursor;
            ScanResult<String> found = Commands.sendTo(node, pipeline -> pipeline.scan(at, logs, "stream"));
            for (String log : found.getResult()) {
                Optional<String> channel = keys.channelOfLog(log);
                if (channel.isPresent()) {
                    deleteFrom(sender, channel.get(), log);
                    dropTombstones(sender, channel.get());
                }
            }
            cursor = found.getCursor();
        } while (!cursor.equals(ScanParams.SCAN_POINTER_START));
    }

    private void deleteFrom(String sender, String channel, String log) throws UnavailableException {
        String from = "-";
        List<StreamEntry> entries;
        do {
            String begin = from;
            entries = commands.run(log, pipeline -> pipeline.xrange(log, begin, "+", SCANNED_MESSAGES));
            List<Found> found = entries.stream()
                    .map(entry -> Found.of(channel, entry))
                    .filter(one -> one.message.sender().equals(sender)
                            && !one.message.position().equals(Position.NONE)) // else not written by a chat server
                    .toList();
            erase(channel, log, leftAfterDeletions(channel, found));
            from = entries.isEmpty() ? from : "(" + entries.getLast().getID();
        } while (entries.size() == SCANNED_MESSAGES);
    }

    /** Removes the tombstones of a sender's messages, those that the sender has deleted as well. */
    private void dropTombstones(String sender, String channel) throws UnavailableException {
        String gone = keys.gone(channel);
        long from = 0;
        List<String> tombstones;
        do {
            ZRangeParams some = ZRangeParams.zrangeByScoreParams(from, Double.POSITIVE_INFINITY)
                    .limit(0, SCANNED_MESSAGES);
            tombstones = commands.run(gone, pipeline -> pipeline.zrange(gone, some));
            for (String tombstone : tombstones) {
                Message message = MessageCodec.decode(channel, tombstone);
                long offset = message.position().offset();
                if (message.sender().equals(sender)) {
                    commands.run(gone, pipeline -> pipeline.zremrangeByScore(gone, offset, offset));
                }
                from = offset + 1;
            }
        } while (tombstones.size() == SCANNED_MESSAGES);
    }

    /** An entry of a log. */
    private record Found(StreamEntryID id, Message message) {
        static Found of(String channel, StreamEntry entry) {
            String message = entry.getFields().getOrDefault("message", "");
            return new Found(entry.getID(), MessageCodec.decode(channel, message));
        }

        boolean isAnnotation() {
            return message.attributes().isAnnotation();
        }
    }

    /**
     * Publishes deletions of messages, so that clients remove them. Returns annotations, and messages that can't be referred to:
     * those of an earlier epoch, or too old.
     */
    private List<Found> leftAfterDeletions(String channel, List<Found> all) throws UnavailableException {
        List<Found> left = new ArrayList<>();
        List<Broker.PendingReceipt> pending = new ArrayList<>();
        List<Found> deleted = new ArrayList<>();
        for (Found one : all) {
            if (one.isAnnotation()) {
                left.add(one);
            } else {
                deleted.add(one);
                pending.add(publisher.submit(
                        channel, OPERATOR, deletion(one.message.position().offset())));
            }
        }
        for (int i = 0; i < deleted.size(); i++) {
            try {
                pending.get(i).await();
            } catch (ReferenceException e) {
                left.add(deleted.get(i));
            }
        }
        return left;
    }

    private static Draft deletion(long offset) {
        Attributes attributes = Attributes.NONE.withRef(new Reference(offset, Reference.Kind.DELETE));
        return new Draft(Content.NONE, attributes, "", true);
    }

    /** Removes messages, and what they have made of others. */
    private void erase(String channel, String log, List<Found> messages) throws UnavailableException {
        if (messages.isEmpty()) {
            return;
        }
        if (messages.stream().noneMatch(Found::isAnnotation)) { // and so without a key that may be missing
            StreamEntryID[] ids = messages.stream().map(Found::id).toArray(StreamEntryID[]::new);
            commands.run(log, pipeline -> pipeline.xdel(log, ids));
            return;
        }
        List<String> arguments = new ArrayList<>(Commands.texts(
                retentions.of(channel).age().toMillis(),
                keys.live(channel),
                commands.topology().publishing().name()));
        for (Found one : messages) {
            Message message = one.message;
            boolean reaction = message.attributes()
                    .ref()
                    .filter(ref -> ref.kind() == Reference.Kind.REACTION)
                    .isPresent();
            arguments.add(one.id.toString());
            arguments.add(new Sender(message.sender(), message.guest()).key());
            arguments.add(reaction ? message.content().asText() : "");
        }
        commands.run(ERASE, true, List.of(log, keys.folds(channel), keys.meta(channel)), arguments);
    }
}
