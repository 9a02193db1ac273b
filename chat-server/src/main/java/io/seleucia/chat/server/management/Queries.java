package io.seleucia.chat.server.management;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.SessionSnapshot;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Bulkhead;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.ChannelEntry;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Member;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Answers an operator's queries: lists, page by page, histories, the status and the log. Called by the threads of the
 * management port; blocks where the broker does.
 */
final class Queries {
    private static final int MAX_PAGE = 1_000;
    private static final int PAGE = 100;
    private static final int PAGE_CHARS = 512 * 1024; // of messages as JSON
    private static final int HISTORY_BATCH = 8; // messages read at a time
    private static final Duration HISTORY_PATIENCE = Duration.ofSeconds(50); // less than the deadline of a response

    private static final Map<String, SessionSnapshot.Order> ORDERS = Map.of(
            "client", SessionSnapshot.Order.CLIENT,
            "since", SessionSnapshot.Order.NEWEST,
            "queued", SessionSnapshot.Order.QUEUED_BYTES);

    /** A channel with the number of its sessions on this server, in the order of the list and with the names of the API. */
    private record Occupied(String channel, int sessions) {
        private static final Comparator<Occupied> ORDER =
                Comparator.comparingInt(Occupied::sessions).reversed().thenComparing(Occupied::channel);
    }

    private final ChatServer server;
    private final Status status;
    private final RecentLines log;
    // A page takes several times its size while it is built.
    private final Bulkhead<HttpError> readingHistory =
            new Bulkhead<>(2, HISTORY_PATIENCE, "read histories", HttpError::busy);

    Queries(ChatServer server, Health health, RecentLines log) {
        this.server = server;
        this.log = log;
        this.status = new Status(server, health);
    }

    Map<String, Api.Route> routes() {
        return Map.of(
                "/api/status", request -> status.json(),
                "/api/sessions", this::sessions,
                "/api/channels", this::channels,
                "/api/directory", this::directory,
                "/api/members", this::members,
                "/api/history", this::history,
                "/api/bans", this::bans,
                "/api/log", this::log);
    }

    private static int offset(ApiRequest request) throws HttpError {
        return (int) request.number("offset", 0, Integer.MAX_VALUE, 0);
    }

    private static int limit(ApiRequest request) throws HttpError {
        return (int) request.number("limit", 0, MAX_PAGE, PAGE);
    }

    private JsonElement sessions(ApiRequest request) throws HttpError {
        SessionSnapshot.Order order = ORDERS.get(request.parameter("sort").orElse("client"));
        if (order == null) {
            throw new HttpError(400, "sort must be client, since or queued");
        }
        String client = request.parameter("client").orElse("");
        String channel = request.parameter("channel").orElse("");
        int offset = offset(request);
        int limit = limit(request);
        SessionSnapshot.Page found = server.sessions(client, channel, order, offset, limit);
        return page(found.total(), offset, "sessions", found.page().stream().map(Queries::json));
    }

    private static JsonObject json(SessionSnapshot session) {
        return Json.object(
                "session", session.id(),
                "client", session.client(),
                "protocol", session.protocol(),
                "address", session.address(),
                "since", session.since().toString(),
                "channels", session.channels(),
                "queuedBytes", session.queuedBytes());
    }

    /** Returns a page of the channels on this server. Only the entries up to the end of the page are kept and sorted. */
    private JsonElement channels(ApiRequest request) throws HttpError {
        String text = request.parameter("contains").orElse("").toLowerCase(Locale.ROOT);
        int offset = offset(request);
        int limit = limit(request);
        PriorityQueue<Occupied> first = new PriorityQueue<>(Occupied.ORDER.reversed()); // the last of them at the head
        AtomicInteger total = new AtomicInteger();
        server.forEachChannel((channel, sessions) -> {
            if (channel.toLowerCase(Locale.ROOT).contains(text)) {
                total.incrementAndGet();
                first.add(new Occupied(channel, sessions));
                if (first.size() > (long) offset + limit) {
                    first.remove();
                }
            }
        });
        Stream<Occupied> page = first.stream().sorted(Occupied.ORDER).skip(offset);
        return page(total.get(), offset, "channels", page);
    }

    /** Returns a page of the channels on all servers that have clients or messages. */
    private JsonElement directory(ApiRequest request) throws HttpError, UnavailableException {
        String prefix = request.parameter("prefix").map(Names::normal).orElse("");
        String after = request.parameter("after").map(Names::normal).orElse("");
        Broker.Listing listing = server.broker().list(prefix, after, limit(request), channel -> true);
        List<ChannelEntry> page = listing.page();
        Optional<String> next = listing.next()
                .filter(name -> page.isEmpty() || !page.getLast().channel().equals(name));
        return Json.object(
                "channels", page.stream().map(Queries::json).toList(),
                "more", listing.more() ? true : null,
                "next", next.orElse(null));
    }

    private static JsonObject json(ChannelEntry entry) {
        JsonObject json = Json.object(
                "channel", entry.channel(),
                "clients", entry.clients(),
                "time", entry.time() > 0 ? Instant.ofEpochMilli(entry.time()).toString() : null);
        entry.info()
                .flatMap(ChannelInfo::json)
                .ifPresent(info -> json.add("info", JsonParser.parseString(info.asText())));
        return json;
    }

    private static JsonObject page(int total, int offset, String name, Stream<?> items) {
        return Json.object("total", total, "offset", offset, name, items.toList());
    }

    private JsonElement bans(ApiRequest request) throws HttpError, UnavailableException {
        List<Ban> bans = server.bans().stream()
                .sorted(Comparator.comparing(Ban::kind).thenComparing(Ban::subject))
                .toList();
        int offset = offset(request);
        Stream<JsonObject> page = bans.stream()
                .skip(offset)
                .limit(limit(request))
                .map(ban -> Json.object(
                        ban.kind().wireName(),
                        ban.subject(),
                        "until",
                        ban.until().toString(),
                        "reason",
                        ban.reason()));
        return page(bans.size(), offset, "bans", page);
    }

    /** Returns a page of the clients in a channel on all servers, from an offset on or after a client. */
    private JsonElement members(ApiRequest request) throws HttpError, UnavailableException {
        String channel = Api.channel(request.needed("channel"));
        int offset = offset(request);
        int limit = limit(request);
        String after = request.parameter("after").map(Names::normal).orElse("");
        for (long left = offset; left > 0; ) {
            List<Member> skipped = server.broker()
                    .members(channel, after, (int) Math.min(left, MAX_PAGE))
                    .page();
            if (skipped.isEmpty()) {
                break;
            }
            after = skipped.getLast().client();
            left -= skipped.size();
        }
        Broker.Members members = server.broker().members(channel, after, limit);
        Stream<JsonObject> page = members.page().stream()
                .map(member -> Json.object(
                        "client", member.client(),
                        "sessions", member.sessions(),
                        "guest", member.guest() ? true : null));
        return page(members.total(), offset, "members", page);
    }

    private JsonElement history(ApiRequest request) throws HttpError, UnavailableException {
        String channel = Api.channel(request.needed("channel"));
        long before = request.number("before", 1, Long.MAX_VALUE, Long.MAX_VALUE);
        int limit = limit(request);
        readingHistory.enter();
        try {
            return history(channel, before, limit);
        } finally {
            readingHistory.leave();
        }
    }

    /**
     * Returns the newest messages before an offset. Reads a few at a time until there are enough, or the page is full. A
     * page has at least one message; {@code before} says where the next page begins, if there may be one.
     */
    private JsonObject history(String channel, long before, int limit) throws UnavailableException {
        List<JsonElement> newestFirst = new ArrayList<>();
        Broker.Page part = server.broker().historyBefore(channel, before, Math.min(HISTORY_BATCH, limit));
        Position newest = part.position();
        long next = before;
        long size = 0;
        while (size < PAGE_CHARS && !part.messages().isEmpty()) {
            for (Message message : part.messages().reversed()) {
                JsonElement written = json(message);
                size += written.toString().length();
                if (size < PAGE_CHARS || newestFirst.isEmpty()) {
                    newestFirst.add(written);
                    next = message.position().offset();
                }
            }
            part = server.broker().historyBefore(channel, next, Math.min(HISTORY_BATCH, limit - newestFirst.size()));
        }
        return Json.object(
                "epoch", newest.epoch(),
                "offset", newest.offset(),
                "channel", channel,
                "messages", newestFirst.reversed(),
                "before", !newestFirst.isEmpty() && next > 1 ? next : null);
    }

    private static JsonObject json(Message message) {
        Attributes attributes = message.attributes();
        JsonObject json = Json.object(
                "offset", message.position().offset(),
                "time", Instant.ofEpochMilli(message.time()).toString(),
                "sender", message.sender(),
                "guest", message.guest() ? true : null,
                "headers", attributes.headers().isEmpty() ? null : attributes.headers(),
                "ref", attributes.ref().map(Queries::json).orElse(null),
                "deleted", attributes.deleted().map(Queries::json).orElse(null));
        switch (message.content()) {
            case Content.Text text -> json.addProperty("text", text.asText());
            case Content.Json data -> json.add("data", JsonParser.parseString(data.asText()));
            case Content.None none -> {}
        }
        return json;
    }

    private static JsonObject json(Reference ref) {
        return Json.object(
                "offset", ref.offset(),
                "kind", ref.kind().word(),
                "remove", ref.remove() ? true : null);
    }

    private static JsonObject json(Attributes.Deleted deleted) {
        return Json.object(
                "by", deleted.by(),
                "time", Instant.ofEpochMilli(deleted.time()).toString());
    }

    private JsonElement log(ApiRequest request) throws HttpError {
        return Json.object("lines", log.after(request.number("after", 0, Long.MAX_VALUE, 0)));
    }
}
