package io.seleucia.chat.server;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.Limits;
import io.seleucia.chat.auth.Tokens;
import io.seleucia.chat.broker.RedisBroker;
import io.seleucia.chat.broker.RedisServers;
import io.seleucia.chat.broker.Retention;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Every setting of the server: its name, its default, what is allowed, and what it means. */
enum Setting {
    CONFIG("config", "", Kind.FILE, "a properties file with any of these settings"),
    HOST("host", "localhost", Kind.NAME, "the name or address of the interface to listen on"),
    PORT("port", "8600", Kind.PORT, "the WebSocket port; 0 takes any free one"),
    TCP_PORT("tcp-port", "33333", Kind.PORT_OR_OFF, "the port for TcpChat; 0 takes any free one"),
    TCP_CHANNEL("tcp-channel", "lobby", Kind.CHANNEL, "the channel that clients of the TCP port are in"),
    MANAGEMENT_PORT(
            "management-port",
            "8601",
            Kind.PORT_OR_OFF,
            "the operator's port: health, metrics and a console; 0 takes any free one"),
    MANAGEMENT_TOKEN_FILE(
            "management-token-file",
            "",
            Kind.FILE,
            "a file whose first line lets an operator in, from other machines too; none: this machine only"),
    LOG_FORMAT("log-format", "text", Kind.LOG_FORMAT, "how a line of the log looks"),
    HOSTS(
            "hosts",
            "",
            Kind.HOSTS,
            "names by which clients call the server; * is any; none: localhost where it listens there only, else any"),
    ALLOWED_ORIGINS(
            "allowed-origins", "", Kind.LIST, "origins whose pages may connect; * is any; none: the same origin"),
    COMPRESSION("compression", "on", Kind.COMPRESSION, "whether messages are compressed for clients that offer it"),
    TLS_KEYSTORE("tls-keystore", "", Kind.FILE, "a PKCS12 keystore with the certificate for wss; none: plain ws"),
    TLS_PASSWORD_FILE("tls-password-file", "", Kind.FILE, "a file whose first line is the keystore's password"),
    TLS_CERT("tls-cert", "", Kind.FILE, "instead of a keystore, a PEM file with the certificate and its issuers'"),
    TLS_KEY("tls-key", "", Kind.FILE, "a PEM file with the private key of tls-cert, in PKCS#8, unencrypted"),
    USERS_FILE(
            "users-file", "", Kind.FILE, "a file with the accounts, as the command user makes it; none: no accounts"),
    MIN_PASSWORD_LENGTH("min-password-length", 8, "characters that a new password must have, for the command user"),
    IGNORE_AUTHORIZATION(
            "ignore-authorization",
            "false",
            Kind.SWITCH,
            "ignore the field Authorization of handshakes, for a proxy with logins of its own"),
    TOKEN_KEY_FILE(
            "token-key-file",
            "",
            Kind.FILE,
            "the key of tokens: a file with a public key in PEM form, a JWK or a JWK set, or a secret of 32 characters or"
                    + " more; or a directory of such files"),
    TOKEN_ALGORITHM(
            "token-algorithm", "", Kind.ALGORITHM, "how tokens are signed; none: as the form of token-key-file says"),
    TOKEN_AUDIENCE("token-audience", "", Kind.NAME, "what the claim aud of tokens must name; none: nothing"),
    RULES_FILE("rules-file", "", Kind.FILE, "a file that says who may do what; none: everybody may do everything"),
    GUESTS("guests", "", Kind.SWITCH, "whether one may come in without a login; if not said: where nobody can log in"),
    BROKER("broker", "memory", Kind.BROKER, "what carries the channels"),
    REDIS_URL("redis-url", "redis://localhost:6379", Kind.REDIS, "where Redis is"),
    REDIS_SENTINEL(
            "redis-sentinel",
            "",
            Kind.REDIS_SENTINEL,
            "instead of redis-url, the name of a master and the sentinels that watch it"),
    REDIS_CLUSTER("redis-cluster", "", Kind.REDIS_CLUSTER, "instead of redis-url, some nodes of a Redis Cluster"),
    REDIS_USER("redis-user", "", Kind.TEXT, "whom Redis' ACL knows; none: redis-url's, or Redis' default user"),
    REDIS_PASSWORD_FILE("redis-password-file", "", Kind.FILE, "a file whose first line is Redis' password"),
    REDIS_SENTINEL_USER(
            "redis-sentinel-user", "", Kind.TEXT, "whom the sentinels' own ACL knows; none: their default user"),
    REDIS_SENTINEL_PASSWORD_FILE(
            "redis-sentinel-password-file", "", Kind.FILE, "a file whose first line is the sentinels' password"),
    REDIS_TLS("redis-tls", "false", Kind.SWITCH, "whether Redis is spoken to over TLS, as with rediss:// in redis-url"),
    REDIS_CA_FILE(
            "redis-ca-file", "", Kind.FILE, "a PEM file with those who vouch for Redis' certificate; none: the JDK's"),
    REDIS_CERT_FILE(
            "redis-cert-file",
            "",
            Kind.FILE,
            "a PEM file with the certificate that is shown to Redis, and its issuers'"),
    REDIS_KEY_FILE("redis-key-file", "", Kind.FILE, "a PEM file with the private key of redis-cert-file"),
    REDIS_WAIT_REPLICAS(
            "redis-wait-replicas",
            "0",
            Kind.COUNT,
            "how many replicas of Redis must have a message before it is acknowledged"),
    REDIS_PREFIX("redis-prefix", RedisBroker.DEFAULT_PREFIX, Kind.NAME, "what all keys in Redis begin with"),
    REDIS_REQUIRED("redis-required", "false", Kind.SWITCH, "whether a Redis out of reach stops the start"),
    DATA_DIR(
            "data-dir",
            "",
            Kind.FILE,
            "a directory that keeps what is published, with broker=memory; none: nothing is kept"),
    JOURNAL_FSYNC(
            "journal-fsync",
            "interval",
            Kind.FSYNC,
            "when that is brought to the disk: every second, before it is acknowledged, or when the system likes"),
    HISTORY_SIZE("history-size", Retention.DEFAULT.messages(), "messages kept of each channel"),
    HISTORY_AGE("history-age", Retention.DEFAULT.age(), "how long messages are kept"),
    ARCHIVE_AGE(
            "archive-age",
            "forever",
            Kind.ARCHIVE,
            "how long messages can still be read from data-dir; 0: no longer than history-size and history-age say"),
    MAX_MESSAGE_BYTES(
            "max-message-bytes",
            Integer.toString(Limits.DEFAULT.maxMessageBytes()),
            Kind.MESSAGE_SIZE,
            "the longest message"),
    OUTBOUND_QUEUE_BYTES(
            "outbound-queue-bytes", Limits.DEFAULT.outboundQueueBytes(), "what may wait to be written to one client"),
    MAX_CHANNELS("max-channels", Limits.DEFAULT.maxChannels(), "subscriptions of one session"),
    RATE_MESSAGES("rate-messages", Limits.DEFAULT.rateMessages(), "requests a second from one session"),
    RATE_BURST("rate-burst", Limits.DEFAULT.rateBurst(), "requests at once from one session"),
    RATE_BYTES("rate-bytes", Limits.DEFAULT.rateBytes(), "bytes a second from one connection, which is read no faster"),
    MAX_CONNECTIONS("max-connections", Limits.DEFAULT.maxConnections(), "connections in all"),
    MAX_CONNECTIONS_PER_ADDRESS(
            "max-connections-per-address",
            Limits.DEFAULT.maxConnectionsPerAddress(),
            "connections from one IP address"),
    PING_INTERVAL("ping-interval", Limits.DEFAULT.pingInterval(), "silence after which a peer is pinged"),
    PONG_TIMEOUT("pong-timeout", Limits.DEFAULT.pongTimeout(), "how long it may stay silent after that"),
    HANDSHAKE_TIMEOUT("handshake-timeout", Limits.DEFAULT.handshakeTimeout(), "time for a handshake"),
    LOGIN_TIMEOUT("login-timeout", Limits.DEFAULT.loginTimeout(), "time for a login, where there are no guests"),
    FRAME_TIMEOUT("frame-timeout", Limits.DEFAULT.frameTimeout(), "time from a frame's first byte to its last"),
    WRITE_TIMEOUT("write-timeout", Limits.DEFAULT.writeTimeout(), "time that a write may stall"),
    DRAIN_TIMEOUT("drain-timeout", Limits.DEFAULT.drainTimeout(), "time for all sessions to end at shutdown");

    /** The kinds of values, each with the words for what is allowed. */
    enum Kind {
        FILE("the path of a file"),
        NAME("a text that is not empty"),
        TEXT("a text"),
        LIST("a comma-separated list"),
        HOSTS("a comma-separated list of names or addresses, without ports, or *"),
        PORT("a number from 0 to 65535"),
        PORT_OR_OFF("a number from 0 to 65535, or off"),
        LOG_FORMAT("text or json"),
        CHANNEL("a channel's name: 1 to " + Names.MAX_CHANNEL + " characters, none of them for control, no @ first"),
        BROKER("memory or redis"),
        COMPRESSION("on, off or context"),
        FSYNC("interval, always or never"),
        REDIS("redis://[user:password@]host[:port][/database], or rediss:// for TLS"),
        REDIS_SENTINEL("name@host:port,host:port,…"),
        REDIS_CLUSTER("host:port,host:port,…"),
        SWITCH("true or false"),
        ALGORITHM("HS256, RS256, ES256 or EdDSA"),
        MESSAGE_SIZE("a whole number from 1 to " + Limits.MAX_MESSAGE_BYTES),
        COUNT("a whole number from 0 to " + Integer.MAX_VALUE),
        NUMBER("a whole number from 1 to " + Integer.MAX_VALUE),
        ARCHIVE("a time such as 24h or 365d, 0, or forever"),
        DURATION("a time such as 500ms, 25s, 10m, 24h or 30d, above 0 and at most 36500d");

        private final String allowed;

        Kind(String allowed) {
            this.allowed = allowed;
        }

        /** Whether somebody may have put a password there, which must not be repeated. */
        private boolean mayHoldSecrets() {
            return this == REDIS || this == REDIS_SENTINEL || this == REDIS_CLUSTER;
        }

        private boolean accepts(String value) {
            return switch (this) {
                case LIST, TEXT -> true;
                case HOSTS -> areHosts(value);
                case FILE -> isPath(value);
                case NAME -> !value.isBlank();
                case PORT -> isPort(value);
                case PORT_OR_OFF -> value.equals("off") || isPort(value);
                case CHANNEL -> Names.flawOfChannel(value).isEmpty();
                case LOG_FORMAT -> Set.of("text", "json").contains(value);
                case BROKER -> Set.of("memory", "redis").contains(value);
                case COMPRESSION -> Set.of("on", "off", "context").contains(value);
                case FSYNC -> Set.of("interval", "always", "never").contains(value);
                case REDIS -> redis(value).isPresent();
                case REDIS_SENTINEL -> value.isEmpty() || sentinel(value).isPresent();
                case REDIS_CLUSTER -> value.isEmpty() || cluster(value).isPresent();
                case SWITCH -> Set.of("true", "false").contains(value);
                case ALGORITHM -> algorithm(value).isPresent();
                case MESSAGE_SIZE ->
                    number(value)
                            .filter(size -> size > 0 && size <= Limits.MAX_MESSAGE_BYTES)
                            .isPresent();
                case COUNT -> number(value).isPresent();
                case NUMBER -> number(value).filter(number -> number > 0).isPresent();
                case ARCHIVE -> archive(value).isPresent();
                case DURATION -> duration(value).filter(Duration::isPositive).isPresent();
            };
        }
    }

    private static final Duration LONGEST = Duration.ofDays(36_500); // as in Limits
    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");

    private final String key;
    private final String byDefault;
    private final Kind kind;
    private final String meaning;

    Setting(String key, String byDefault, Kind kind, String meaning) {
        this.key = key;
        this.byDefault = byDefault;
        this.kind = kind;
        this.meaning = meaning;
    }

    Setting(String key, int byDefault, String meaning) {
        this(key, Integer.toString(byDefault), Kind.NUMBER, meaning);
    }

    Setting(String key, Duration byDefault, String meaning) {
        this(
                key,
                byDefault.toSeconds() % 3600 == 0 ? byDefault.toHours() + "h" : byDefault.toSeconds() + "s",
                Kind.DURATION,
                meaning);
    }

    static Optional<Setting> byKey(String key) {
        return Arrays.stream(values())
                .filter(setting -> setting.key.equals(key))
                .findFirst();
    }

    /** Its name in a properties file and, after two dashes, as a flag. */
    String key() {
        return key;
    }

    /** Its name in the environment. */
    String variable() {
        return "CHAT_" + key.toUpperCase(Locale.ROOT).replace('-', '_');
    }

    String byDefault() {
        return byDefault;
    }

    boolean isSwitch() {
        return kind == Kind.SWITCH;
    }

    /** A line for a person who must mend a value that stands somewhere. */
    Optional<String> flaw(String value, String where) {
        return kind.accepts(value)
                ? Optional.empty()
                : Optional.of(where + ": '" + (kind.mayHoldSecrets() ? "…" : value) + "' is not allowed; " + key
                        + " must be " + kind.allowed);
    }

    /** Two lines for {@code --help}. */
    String help() {
        return "  --" + key + (byDefault.isEmpty() ? "" : "=" + byDefault) + "\n      " + meaning + " (" + kind.allowed
                + ")\n";
    }

    private static boolean isPort(String value) {
        return number(value).filter(port -> port <= 65535).isPresent();
    }

    private static boolean isPath(String value) {
        try {
            Path.of(value);
            return true;
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

    /** The members of a comma-separated list. */
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
