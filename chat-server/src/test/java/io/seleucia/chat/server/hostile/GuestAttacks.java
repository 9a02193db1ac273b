package io.seleucia.chat.server.hostile;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** What guests can do to a server that lets everyone in, each until the time of its swarm is over. */
final class GuestAttacks {
    private static final int LARGE = 60_000; // characters of a message

    /** One attack. */
    @FunctionalInterface
    interface Attack {
        void run(Swarm swarm) throws Exception;
    }

    private GuestAttacks() {}

    private static String request(int id, String type, String channel, String more) {
        return "{\"id\":%d,\"type\":\"%s\",\"channel\":\"%s\"%s}".formatted(id, type, channel, more);
    }

    private static String publish(int id, String channel, int characters) {
        return request(id, "publish", channel, ",\"data\":\"" + "x".repeat(characters) + "\"");
    }

    /** Fills a channel with large messages, a few from each address. */
    private static void fill(Swarm swarm, String channel) {
        swarm.each(16, i -> {
            Peer loud = swarm.member(i, "loud-" + i, channel).discard();
            for (int n = 0; n < 8; n++) {
                loud.send(publish(3 + n, channel, LARGE));
            }
        });
    }

    /** Guests ask for pages of a long history, again and again, and read none. */
    static void historyPagesThatAreNotRead(Swarm swarm) {
        fill(swarm, "wall");
        swarm.each(300, i -> {
            Peer peer = swarm.member(i, "page-" + i, "wall");
            for (int id = 3; !swarm.isOver(); id++) {
                peer.send(request(id, "history", "wall", ",\"limit\":1000"));
                TimeUnit.MILLISECONDS.sleep(100);
            }
        });
    }

    /** Guests come back to a channel with a long history, again and again, and read none of what they have missed. */
    static void recoveriesThatAreNotRead(Swarm swarm) {
        fill(swarm, "wall");
        swarm.each(300, i -> {
            Peer peer = swarm.guest(i, "back-" + i);
            peer.send(request(2, "subscribe", "wall", ""));
            JsonObject position = JsonParser.parseString(peer.read()).getAsJsonObject();
            String since = ",\"since\":{\"epoch\":%s,\"offset\":0}".formatted(position.get("epoch"));
            for (int id = 3; !swarm.isOver(); id += 2) {
                peer.send(request(id, "unsubscribe", "wall", ""));
                peer.send(request(id + 1, "subscribe", "wall", since));
                TimeUnit.MILLISECONDS.sleep(100);
            }
        });
    }

    /** Guests publish in one channel after the other, each of which nobody has named before. */
    static void channelNames(Swarm swarm) {
        swarm.each(300, i -> {
            Peer peer = swarm.guest(i, "namer-" + i).discard();
            for (int n = 0; !swarm.isOver(); n++) {
                String channel = "c-" + i + "-" + n + "-" + "n".repeat(100);
                peer.send(request(3 * n + 2, "subscribe", channel, ""));
                peer.send(publish(3 * n + 3, channel, 10));
                peer.send(request(3 * n + 4, "unsubscribe", channel, ""));
                TimeUnit.MILLISECONDS.sleep(120);
            }
        });
    }

    /** Guests publish with one idempotency key after the other. */
    static void idempotencyKeys(Swarm swarm) {
        swarm.each(300, i -> {
            Peer peer = swarm.member(i, "keys-" + i, "keys-" + i).discard();
            for (int n = 0; !swarm.isOver(); n++) {
                String key = ",\"data\":1,\"key\":\"" + n + "k".repeat(50) + "\"";
                peer.send(request(3 + n, "publish", "keys-" + i, key));
                TimeUnit.MILLISECONDS.sleep(60);
            }
        });
    }

    /** Guests publish eight large messages in each of 512 channels. */
    static void largeMessagesInManyChannels(Swarm swarm) throws Exception {
        swarm.each(16, i -> {
            Peer peer = swarm.guest(i, "wide-" + i).discard();
            for (int c = 0; c < 32; c++) {
                String channel = "wide-" + i + "-" + c;
                peer.send(request(2 + 10 * c, "subscribe", channel, ""));
                for (int n = 0; n < 8 && !swarm.isOver(); n++) {
                    peer.send(publish(3 + 10 * c + n, channel, LARGE));
                    TimeUnit.MILLISECONDS.sleep(10);
                }
            }
        });
        swarm.stay();
    }

    /** Guests send the most part of a large frame, and no more. */
    static void halfMessages(Swarm swarm) throws Exception {
        byte[] most = new byte[LARGE];
        swarm.each(900, i -> swarm.guest(i, "half-" + i).frame(Peer.TEXT, 65_536, most));
        swarm.stay();
    }

    /** Guests send fragment after fragment of messages that never end. */
    static void messagesThatNeverEnd(Swarm swarm) {
        swarm.each(300, i -> {
            Peer peer = swarm.guest(i, "endless-" + i);
            peer.frame(Peer.FIRST_FRAGMENT, 30_000, new byte[30_000]);
            while (!swarm.isOver()) {
                peer.frame(Peer.NEXT_FRAGMENT, 10, new byte[10]);
                TimeUnit.MILLISECONDS.sleep(20);
            }
        });
    }

    /** Members do not read while others in the channel publish as fast as they can. */
    static void slowReaders(Swarm swarm) throws Exception {
        swarm.each(200, i -> swarm.member(i, "slow-" + i, "wall"));
        swarm.eachAgain(2, i -> {
            Peer loud = swarm.member(i, "loud-" + i, "wall").discard();
            for (int id = 3; !swarm.isOver(); id++) {
                loud.send(publish(id, "wall", LARGE));
                TimeUnit.MILLISECONDS.sleep(20);
            }
        });
    }

    /** One address connects again and again, with whole, half and no handshakes. */
    static void handshakes(Swarm swarm) {
        swarm.eachAgain(16, i -> {
            try (Peer peer = Peer.connect("127.0.1.1", swarm.server().port(), 4_096)) {
                switch (i % 4) {
                    case 0 -> peer.halfHandshake();
                    case 1 -> {}
                    default -> peer.handshake();
                }
                TimeUnit.MILLISECONDS.sleep(2);
            }
        });
    }

    /** Clients connect to the management port and say nothing. */
    static void idleManagement(Swarm swarm) throws Exception {
        swarm.each(400, i -> swarm.connect(i, swarm.server().managementPort()));
        swarm.stay();
    }

    /** Clients ask the management port for long histories and do not read them. */
    static void historiesOfTheApi(Swarm swarm) throws Exception {
        fill(swarm, "wall");
        swarm.each(
                40, i -> swarm.connect(i, swarm.server().managementPort()).get("/api/history?channel=wall&limit=1000"));
        swarm.stay();
    }

    /** Members of a large channel ask who is there, again and again, and do not read it. */
    static void presenceOfALargeChannel(Swarm swarm) {
        swarm.each(600, i -> {
            Peer peer = swarm.member(i, "n".repeat(50) + i, "crowd");
            for (int id = 3; i % 10 == 0 && !swarm.isOver(); id++) {
                peer.send(request(id, "presence", "crowd", ""));
                TimeUnit.MILLISECONDS.sleep(20);
            }
        });
    }

    /** Guests say something to clients that do not exist. */
    static void directMessagesToNobody(Swarm swarm) {
        swarm.each(100, i -> {
            Peer peer = swarm.guest(i, "direct-" + i).discard();
            for (int n = 0; !swarm.isOver(); n++) {
                String to = "nobody-" + i + "-" + n + "-" + "n".repeat(40);
                peer.send("{\"id\":%d,\"type\":\"direct\",\"to\":\"%s\",\"data\":1}".formatted(2 + n, to));
                TimeUnit.MILLISECONDS.sleep(20);
            }
        });
    }

    /** All of those that need no Redis, by what they are called in the report. */
    static Map<String, Attack> all() {
        return new TreeMap<>(Map.ofEntries(
                Map.entry("history pages that are not read", GuestAttacks::historyPagesThatAreNotRead),
                Map.entry("recoveries that are not read", GuestAttacks::recoveriesThatAreNotRead),
                Map.entry("channel names", GuestAttacks::channelNames),
                Map.entry("idempotency keys", GuestAttacks::idempotencyKeys),
                Map.entry("large messages in many channels", GuestAttacks::largeMessagesInManyChannels),
                Map.entry("half messages", GuestAttacks::halfMessages),
                Map.entry("messages that never end", GuestAttacks::messagesThatNeverEnd),
                Map.entry("slow readers", GuestAttacks::slowReaders),
                Map.entry("handshakes", GuestAttacks::handshakes),
                Map.entry("idle management connections", GuestAttacks::idleManagement),
                Map.entry("histories of the API", GuestAttacks::historiesOfTheApi),
                Map.entry("presence of a large channel", GuestAttacks::presenceOfALargeChannel)));
    }
}
