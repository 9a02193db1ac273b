package io.seleucia.chat.server.management;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.ChannelEntry;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Member;
import io.seleucia.chat.message.Names;
import java.time.Instant;
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

    /** A channel with the number of its sessions on this server, in the order of the list and with the names of the API. */
    private record Occupied(String channel, int sessions) {
        private static final Comparator<Occupied> ORDER =
                Comparator.comparingInt(Occupied::sessions).reversed().thenComparing(Occupied::channel);
    }

    private final ChatServer server;
    private final Status status;
    private final RecentLines log;
    private final Samples samples;

    Queries(ChatServer server, Status status, RecentLines log, Samples samples) {
        this.server = server;
        this.log = log;
        this.status = status;
        this.samples = samples;
    }

    Map<String, Api.Route> routes() {
        return Map.of(
                "/api/status", request -> status.json(),
                "/api/channels", this::channels,
                "/api/directory", this::directory,
                "/api/members", this::members,
                "/api/bans", this::bans,
                "/api/samples", request -> samples.after(request.number("after", 0, Long.MAX_VALUE, 0)),
                "/api/log", this::log);
    }

    static int offset(ApiRequest request) throws HttpError {
        return (int) request.number("offset", 0, Integer.MAX_VALUE, 0);
    }

    static int limit(ApiRequest request) throws HttpError {
        return (int) request.number("limit", 0, MAX_PAGE, PAGE);
    }

    /** Returns the text that items of a list must contain, in lower case; empty for all items. */
    static String contains(ApiRequest request) {
        return request.parameter("contains").map(Names::normal).orElse("").toLowerCase(Locale.ROOT);
    }

    /** Returns a page of the channels on this server. Only the entries up to the end of the page are kept and sorted. */
    private JsonElement channels(ApiRequest request) throws HttpError {
        String text = contains(request);
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
        String part = contains(request);
        Broker.Listing listing = server.broker()
                .list(
                        prefix,
                        after,
                        limit(request),
                        channel -> channel.toLowerCase(Locale.ROOT).contains(part));
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

    static JsonObject page(int total, int offset, String name, Stream<?> items) {
        return Json.object("total", total, "offset", offset, name, items.toList());
    }

    private JsonElement bans(ApiRequest request) throws HttpError, UnavailableException {
        String part = contains(request);
        List<Ban> bans = server.bans().stream()
                .filter(ban -> (ban.subject() + "\n" + ban.reason())
                        .toLowerCase(Locale.ROOT)
                        .contains(part))
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

    /** Returns the kept lines of the log after a number, and the number of the newest one, wanted or not. */
    private JsonElement log(ApiRequest request) throws HttpError {
        RecentLines.Severity least;
        try {
            least = RecentLines.Severity.valueOf(
                    request.parameter("level").orElse("debug").toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new HttpError(400, "level must be debug, info, warning or error");
        }
        long newest = log.last(); // first: a line that comes meanwhile is asked for again
        return Json.object(
                "lines",
                log.after(
                        request.number("after", 0, Long.MAX_VALUE, 0),
                        least,
                        request.parameter("contains").orElse("")),
                "newest",
                newest);
    }
}
