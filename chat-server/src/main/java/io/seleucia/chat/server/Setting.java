package io.seleucia.chat.server;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.ChatServerBuilder;
import io.seleucia.chat.Limits;
import io.seleucia.chat.Quotas;
import io.seleucia.chat.auth.Tokens;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.redis.RedisBroker;
import io.seleucia.chat.broker.redis.RedisServers;
import io.seleucia.chat.message.Names;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The settings of the server, each with its default, kind and meaning. The name of a setting is that of its constant in
 * lower case, with dashes.
 */
enum Setting {
    CONFIG("", Kind.FILE, "a properties file with any of these settings"),
    HOST("localhost", Kind.NAME, "the name or address of the interface to listen on"),
    PORT("8600", Kind.PORT, "the WebSocket port; 0 takes any free one"),
    TCP_PORT("33333", Kind.PORT_OR_OFF, "the port for TcpChat; 0 takes any free one"),
    TCP_CHANNEL("lobby", Kind.CHANNEL, "the channel that clients of the TCP port are in"),
    MANAGEMENT_PORT(
            "8601", Kind.PORT_OR_OFF, "the management port: health, metrics, API and console; 0 takes any free one"),
    MANAGEMENT_TOKEN_FILE(
            "",
            Kind.FILE,
            "a file whose first line is the management token, which allows access from other machines; none: this machine only"),
    LOG_FORMAT("text", Kind.LOG_FORMAT, "the format of log lines"),
    HOSTS(
            "",
            Kind.HOSTS,
            "host names that clients may use for the server; * is any; none: localhost if it listens only there, else any"),
    ALLOWED_ORIGINS(
            "",
            Kind.ORIGINS,
            "origins whose pages may connect; * is any, https://*.example.com all subdomains; none: the same origin"),
    TRUSTED_PROXIES(
            "",
            Kind.PROXIES,
            "proxies that are believed when they say for which client they speak: addresses, networks such as 10.0.0.0/8,"
                    + " and unix; none: all peers are clients"),
    BASE_PATH("", Kind.BASE_PATH, "the path below which a proxy publishes the server, such as /chat; none: the root"),
    HTTP_FALLBACK("true", Kind.SWITCH, "let clients connect over HTTP where WebSockets do not get through"),
    COMPRESSION("on", Kind.COMPRESSION, "whether messages are compressed for clients that offer it"),
    TLS_KEYSTORE("", Kind.FILE, "a PKCS12 keystore with the certificate for wss; none: plain ws"),
    TLS_PASSWORD_FILE("", Kind.FILE, "a file whose first line is the keystore's password"),
    TLS_CERT("", Kind.FILE, "instead of a keystore, a PEM file with the certificate and its issuers'"),
    TLS_KEY("", Kind.FILE, "a PEM file with the private key of tls-cert, in PKCS#8, unencrypted"),
    USERS_FILE("", Kind.FILE, "a file with the accounts, as the command user writes it; none: no accounts"),
    MIN_PASSWORD_LENGTH(8, "minimum length of new passwords in characters, for the command user"),
    STAY_SIGNED_IN(
            "30d",
            Kind.LIFETIME,
            "time for which a device of an account stays signed in that asks for it; off: until its page is closed"),
    IGNORE_AUTHORIZATION(
            "false", Kind.SWITCH, "ignore the Authorization header of handshakes, for a proxy with its own logins"),
    TOKEN_KEY_FILE(
            "",
            Kind.FILE,
            "the key of tokens: a file with a public key in PEM form, a JWK or a JWK set, or a secret of 32 characters or"
                    + " more; or a directory of such files"),
    TOKEN_ALGORITHM(
            "", Kind.ALGORITHM, "the signature algorithm of tokens; none: follows from the form of token-key-file"),
    TOKEN_AUDIENCE("", Kind.NAME, "the audience (aud) that tokens must name; none: any"),
    RULES_FILE("", Kind.FILE, "a file with access rules; none: all clients may do everything"),
    CHANNELS_FILE("", Kind.FILE, "a file with options of channels; none: all channels are alike"),
    GUESTS("", Kind.SWITCH, "allow clients without a login; default: true unless logins are configured"),
    RESERVED_NAMES(
            "",
            Kind.NAMES,
            "names that guests and new users can't have, nor names that look like them, in addition to operator, server and redis"),
    GUEST_NAMES("reserved", Kind.GUEST_NAMES, "whether a guest's name is reserved for it, or any guest may take it"),
    GUEST_NAME_HOLD(
            ChatServerBuilder.DEFAULT_GUEST_NAME_HOLD,
            "time for which a guest's name stays reserved after its last session has ended"),
    BROKER("memory", Kind.BROKER, "where channels and histories are kept"),
    REDIS_URL("redis://localhost:6379", Kind.REDIS, "the URL of Redis"),
    REDIS_SENTINEL(
            "", Kind.REDIS_SENTINEL, "instead of redis-url, the name of a master and the sentinels that watch it"),
    REDIS_CLUSTER("", Kind.REDIS_CLUSTER, "instead of redis-url, some nodes of a Redis Cluster"),
    REDIS_USER("", Kind.TEXT, "the user in Redis' ACL; none: that of redis-url, or Redis' default user"),
    REDIS_PASSWORD_FILE("", Kind.FILE, "a file whose first line is Redis' password"),
    REDIS_SENTINEL_USER("", Kind.TEXT, "the user in the sentinels' ACL; none: their default user"),
    REDIS_SENTINEL_PASSWORD_FILE("", Kind.FILE, "a file whose first line is the sentinels' password"),
    REDIS_TLS("false", Kind.SWITCH, "connect to Redis over TLS, as with rediss:// in redis-url"),
    REDIS_CA_FILE("", Kind.FILE, "a PEM file with the certificate authorities for Redis' certificate; none: the JDK's"),
    REDIS_CERT_FILE("", Kind.FILE, "a PEM file with the client certificate for Redis, and its issuers'"),
    REDIS_KEY_FILE("", Kind.FILE, "a PEM file with the private key of redis-cert-file"),
    REDIS_WAIT_REPLICAS("0", Kind.COUNT, "how many replicas of Redis must have a message before it is acknowledged"),
    REDIS_PREFIX(RedisBroker.DEFAULT_PREFIX, Kind.NAME, "the prefix of all keys in Redis"),
    REDIS_REQUIRED("false", Kind.SWITCH, "refuse to start if Redis is unreachable"),
    DATA_DIR("", Kind.FILE, "the directory that keeps messages on disk, with broker=memory; none: memory only"),
    JOURNAL_FSYNC(
            "interval",
            Kind.FSYNC,
            "when messages are synced to disk: every second, before they are acknowledged, or when the system decides"),
    HISTORY_SIZE(Retention.DEFAULT.messages(), "messages kept in each channel's history"),
    HISTORY_AGE(Retention.DEFAULT.age(), "how long messages are kept"),
    ARCHIVE_AGE(
            "forever",
            Kind.ARCHIVE,
            "how long messages can still be read from data-dir; 0: no longer than history-size and history-age say"),
    MEMORY_SHARE(
            "50",
            Kind.PERCENT,
            "percent of the heap for everything that the server keeps for clients; see docs/operations.md"),
    MAX_MESSAGE_BYTES(Limits.DEFAULT.maxMessageBytes(), Kind.MESSAGE_SIZE, "the longest message"),
    OUTBOUND_QUEUE_BYTES(Limits.DEFAULT.outboundQueueBytes(), "bytes that may be queued for one client"),
    MAX_CHANNELS(Limits.DEFAULT.maxChannels(), "subscriptions of one session"),
    RATE_MESSAGES(Limits.DEFAULT.rateMessages(), "requests a second from one session"),
    RATE_BURST(Limits.DEFAULT.rateBurst(), "requests in a burst from one session"),
    RATE_BYTES(Limits.DEFAULT.rateBytes(), "bytes a second read from one connection"),
    MAX_CONNECTIONS(Limits.DEFAULT.maxConnections(), "connections in all"),
    MAX_CONNECTIONS_PER_ADDRESS(Limits.DEFAULT.maxConnectionsPerAddress(), "connections from one IP address"),
    MAX_CHANNELS_TOTAL(Limits.DEFAULT.maxChannelsTotal(), "channels that may exist"),
    CLIENT_RATE_MESSAGES(
            Quotas.DEFAULT.rateMessages(),
            Kind.COUNT,
            "requests a second from one account or address, on all its connections; 0: no limit"),
    CLIENT_RATE_BYTES(
            Quotas.DEFAULT.rateBytes(),
            Kind.COUNT,
            "bytes a second that one account or address publishes; 0: no limit"),
    CLIENT_DAILY_BYTES(
            Quotas.DEFAULT.dailyBytes(), Kind.COUNT, "bytes a day that one account or address publishes; 0: no limit"),
    CLIENT_MAX_CHANNELS(
            Quotas.DEFAULT.maxChannels(), Kind.COUNT, "subscriptions of one account or address; 0: no limit"),
    CLIENT_NEW_CHANNELS(
            Quotas.DEFAULT.newChannels(),
            Kind.COUNT,
            "channels a minute that one account or address creates; 0: no limit"),
    CLIENT_CHANNEL_MESSAGES(
            Quotas.DEFAULT.channelMessages(),
            Kind.COUNT,
            "messages a minute from one account or address to one channel; 0: no limit"),
    CLIENT_UNKNOWN_NAMES(
            Quotas.DEFAULT.unknownNames(),
            Kind.COUNT,
            "direct messages a minute from one account or address to names that no client has had; 0: no limit"),
    CLIENT_QUEUED_BYTES(
            Quotas.DEFAULT.queuedBytes(),
            Kind.COUNT,
            "bytes that may be queued for one account or address; 0: no limit"),
    PING_INTERVAL(Limits.DEFAULT.pingInterval(), "silence after which a peer is pinged"),
    PONG_TIMEOUT(Limits.DEFAULT.pongTimeout(), "time after a ping within which the peer must be heard"),
    HANDSHAKE_TIMEOUT(Limits.DEFAULT.handshakeTimeout(), "time for a handshake"),
    LOGIN_TIMEOUT(Limits.DEFAULT.loginTimeout(), "time for a login, if guests are not allowed"),
    FRAME_TIMEOUT(Limits.DEFAULT.frameTimeout(), "time from a frame's first byte to its last"),
    WRITE_TIMEOUT(Limits.DEFAULT.writeTimeout(), "time that a write may stall"),
    DRAIN_TIMEOUT(Limits.DEFAULT.drainTimeout(), "time for sessions to end at shutdown");

    /** The kinds of values, each with the words for what is allowed and a check. */
    enum Kind {
        FILE("the path of a file", Setting::isPath),
        NAME("a text that is not empty", value -> !value.isBlank()),
        TEXT("a text", value -> true),
        ORIGINS(
                "a comma-separated list of origins such as https://chat.example, without paths, or *",
                Setting::areOrigins),
        NAMES(
                "a comma-separated list of client ids",
                value -> members(value).stream().map(Names::flawOfClient).allMatch(Optional::isEmpty)),
        HOSTS("a comma-separated list of names or addresses, without ports, or *", Setting::areHosts),
        BASE_PATH("a path such as /chat, of letters, digits, - . _ ~ and slashes", Setting::isBasePath),
        PROXIES("a comma-separated list of addresses, networks such as 10.0.0.0/8, and unix", Setting::areProxies),
        PORT("a number from 0 to 65535", Setting::isPort),
        PORT_OR_OFF("a number from 0 to 65535, or off", value -> value.equals("off") || isPort(value)),
        LOG_FORMAT("text or json", Set.of("text", "json")::contains),
        CHANNEL(
                "a channel's name: 1 to " + Names.MAX_CHANNEL + " characters, none of them for control, no @ first",
                value -> Names.flawOfChannel(value).isEmpty()),
        BROKER("memory or redis", Set.of("memory", "redis")::contains),
        COMPRESSION("on, off or context", Set.of("on", "off", "context")::contains),
        GUEST_NAMES("reserved or shared", Set.of("reserved", "shared")::contains),
        FSYNC("interval, always or never", Set.of("interval", "always", "never")::contains),
        REDIS(
                "redis://[user:password@]host[:port][/database], or rediss:// for TLS",
                value -> redis(value).isPresent()),
        REDIS_SENTINEL(
                "name@host:port,host:port,…",
                value -> value.isEmpty() || sentinel(value).isPresent()),
        REDIS_CLUSTER(
                "host:port,host:port,…",
                value -> value.isEmpty() || cluster(value).isPresent()),
        SWITCH("true or false", Set.of("true", "false")::contains),
        ALGORITHM("HS256, RS256, ES256 or EdDSA", value -> algorithm(value).isPresent()),
        MESSAGE_SIZE(
                "a whole number from 1 to " + Limits.MAX_MESSAGE_BYTES,
                value -> isNumber(value, 1, Limits.MAX_MESSAGE_BYTES)),
        COUNT("a whole number from 0 to " + Integer.MAX_VALUE, value -> isNumber(value, 0, Integer.MAX_VALUE)),
        PERCENT("a number of percent from 1 to 90", value -> isNumber(value, 1, 90)), // leaves the server the rest
        NUMBER("a whole number from 1 to " + Integer.MAX_VALUE, value -> isNumber(value, 1, Integer.MAX_VALUE)),
        ARCHIVE(
                "a time such as 24h or 365d, 0, or forever",
                value -> archive(value).isPresent()),
        LIFETIME(
                "off, or a time such as 12h or 30d, of at most " + DeviceTokens.LONGEST.toDays() + "d",
                value -> value.equals("off")
                        || duration(value)
                                .filter(Duration::isPositive)
                                .filter(time -> time.compareTo(DeviceTokens.LONGEST) <= 0)
                                .isPresent()),
        DURATION(
                "a time such as 500ms, 25s, 10m, 24h or 30d, above 0 and at most 36500d",
                value -> duration(value).filter(Duration::isPositive).isPresent());

        private final String allowed;
        private final Predicate<String> accepts;

        Kind(String allowed, Predicate<String> accepts) {
            this.allowed = allowed;
            this.accepts = accepts;
        }

        /** Returns whether a value may contain a password, which must not be repeated in messages. */
        private boolean mayHoldSecrets() {
            return this == REDIS || this == REDIS_SENTINEL || this == REDIS_CLUSTER;
        }
    }

    private static final Duration LONGEST = Duration.ofDays(36_500); // as in Limits
    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");

    private final String byDefault;
    private final Kind kind;
    private final String meaning;

    Setting(String byDefault, Kind kind, String meaning) {
        this.byDefault = byDefault;
        this.kind = kind;
        this.meaning = meaning;
    }

    Setting(int byDefault, String meaning) {
        this(byDefault, Kind.NUMBER, meaning);
    }

    Setting(int byDefault, Kind kind, String meaning) {
        this(Integer.toString(byDefault), kind, meaning);
    }

    Setting(Duration byDefault, String meaning) {
        this(
                byDefault.toSeconds() % 3600 == 0 ? byDefault.toHours() + "h" : byDefault.toSeconds() + "s",
                Kind.DURATION,
                meaning);
    }

    static Optional<Setting> byKey(String key) {
        return Arrays.stream(values())
                .filter(setting -> setting.key().equals(key))
                .findFirst();
    }

    /** Returns its name in a properties file and, after two dashes, as a flag. */
    String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Returns the name of its environment variable. */
    String variable() {
        return "CHAT_" + name();
    }

    String byDefault() {
        return byDefault;
    }

    boolean isSwitch() {
        return kind == Kind.SWITCH;
    }

    /** Returns why a value is not allowed, for the person who must fix it, or empty if it is allowed. */
    Optional<String> flaw(String value, String where) {
        return kind.accepts.test(value)
                ? Optional.empty()
                : Optional.of(where + ": '" + (kind.mayHoldSecrets() ? "…" : value) + "' is not allowed; " + key()
                        + " must be " + kind.allowed);
    }

    /** Returns two lines for {@code --help}. */
    String help() {
        return "  --" + key() + (byDefault.isEmpty() ? "" : "=" + byDefault) + "\n      " + meaning + " ("
                + kind.allowed + ")\n";
    }

    private static boolean isPort(String value) {
        return isNumber(value, 0, 65535);
    }

    private static boolean isNumber(String value, int least, int most) {
        return number(value).filter(number -> number >= least && number <= most).isPresent();
    }

    private static boolean isPath(String value) {
        try {
            return Path.of(value) != null;
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private static boolean areHosts(String value) {
        try {
            ChatServer.builder().hosts(members(value));
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isBasePath(String value) {
        try {
            ChatServer.builder().basePath(value);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean areOrigins(String value) {
        try {
            ChatServer.builder().allowedOrigins(members(value));
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean areProxies(String value) {
        try {
            ChatServer.builder().trustedProxies(members(value));
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Returns the members of a comma-separated list. */
    static List<String> members(String value) {
        return Arrays.stream(value.split(","))
                .map(String::strip)
                .filter(member -> !member.isEmpty())
                .toList();
    }

    static Optional<Integer> number(String value) {
        try {
            return value.matches("\\d{1,10}") ? Optional.of(Integer.valueOf(value)) : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    static Optional<Duration> duration(String value) {
        Matcher matcher = DURATION.matcher(value);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long n = Long.parseLong(matcher.group(1));
        Duration duration = switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(n);
            case "s" -> Duration.ofSeconds(n);
            case "m" -> Duration.ofMinutes(n);
            case "h" -> Duration.ofHours(n);
            default -> Duration.ofDays(n);
        };
        return Optional.of(duration).filter(it -> it.compareTo(LONGEST) <= 0);
    }

    static Optional<RedisServers> sentinel(String value) {
        int at = value.indexOf('@');
        if (at < 1 || at != value.lastIndexOf('@')) {
            return Optional.empty();
        }
        return servers(value.substring(at + 1), nodes -> RedisServers.sentinel(value.substring(0, at), nodes));
    }

    static Optional<RedisServers> cluster(String value) {
        return servers(value, RedisServers::cluster);
    }

    private static Optional<RedisServers> servers(String value, Function<List<String>, RedisServers> kind) {
        try {
            return Optional.of(kind.apply(
                    Arrays.stream(value.split(",")).map(String::strip).toList()));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    static Optional<Tokens.Algorithm> algorithm(String value) {
        return Arrays.stream(Tokens.Algorithm.values())
                .filter(algorithm -> algorithm.jwtName().equals(value))
                .findFirst();
    }

    static Optional<Duration> archive(String value) {
        return switch (value) {
            case "0" -> Optional.of(Duration.ZERO);
            case "forever" -> Optional.of(Retention.FOREVER);
            default -> duration(value);
        };
    }

    static Optional<URI> redis(String value) {
        try {
            URI uri = new URI(value);
            boolean scheme = "redis".equals(uri.getScheme()) || "rediss".equals(uri.getScheme());
            boolean path = uri.getPath() == null || uri.getPath().matches("/?|/\\d{1,5}");
            return scheme && path && uri.getHost() != null && uri.getQuery() == null && uri.getFragment() == null
                    ? Optional.of(uri)
                    : Optional.empty();
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }
}
