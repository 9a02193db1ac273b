package io.seleucia.chat.server;

import io.seleucia.chat.ChatServer.Compression;
import io.seleucia.chat.GuestNames;
import io.seleucia.chat.Limits;
import io.seleucia.chat.Quotas;
import io.seleucia.chat.auth.Tokens;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.redis.RedisServers;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.ReservedNames;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The settings of one start. Flags override environment variables, which override the properties file, which overrides
 * the defaults. Every value is checked, even if another one overrides it.
 */
final class Settings {
    private static final String PREFIX = "CHAT_";

    private final Map<Setting, String> values;

    private Settings(Map<Setting, String> values) {
        this.values = values;
    }

    /**
     * Reads all sources.
     *
     * @param arguments {@code --name=value} or {@code --name value}; a switch may stand alone
     * @param environment variables; those that begin with {@code CHAT_} are settings
     * @throws SettingsException at the first setting that is unknown or malformed, or needs another one that is missing
     */
    static Settings read(List<String> arguments, Map<String, String> environment) throws SettingsException {
        Map<Setting, String> flags = flags(arguments);
        Map<Setting, String> variables = variables(environment);
        String file = flags.getOrDefault(Setting.CONFIG, variables.getOrDefault(Setting.CONFIG, ""));

        Map<Setting, String> values = new EnumMap<>(Setting.class);
        for (Setting setting : Setting.values()) {
            values.put(setting, setting.byDefault());
        }
        if (!file.isEmpty()) {
            values.putAll(properties(Path.of(file)));
        }
        values.putAll(variables);
        values.putAll(flags);
        Settings settings = new Settings(values);
        if (settings.isGiven(Setting.TLS_KEYSTORE) && settings.isGiven(Setting.TLS_CERT)) {
            throw new SettingsException("tls-keystore and tls-cert exclude each other: give only one of them");
        }
        settings.needEachOther(Setting.TLS_KEYSTORE, Setting.TLS_PASSWORD_FILE);
        settings.needEachOther(Setting.TLS_CERT, Setting.TLS_KEY);
        settings.checkRedis();
        settings.needs(Setting.TOKEN_AUDIENCE, Setting.TOKEN_KEY_FILE);
        settings.needs(Setting.TOKEN_ALGORITHM, Setting.TOKEN_KEY_FILE);
        if (!settings.guests() && !settings.hasLogins()) {
            throw new SettingsException(
                    "guests=false needs users-file or token-key-file: otherwise no client could connect");
        }
        if (settings.isGiven(Setting.DATA_DIR) && !settings.isInMemory()) {
            throw new SettingsException(
                    "data-dir is for broker=memory; with broker=redis, Redis keeps what is published");
        }
        return settings;
    }

    private void checkRedis() throws SettingsException {
        if (isGiven(Setting.REDIS_SENTINEL) && isGiven(Setting.REDIS_CLUSTER)) {
            throw new SettingsException("redis-sentinel and redis-cluster exclude each other: give only one of them");
        }
        needs(Setting.REDIS_SENTINEL_USER, Setting.REDIS_SENTINEL);
        needs(Setting.REDIS_SENTINEL_PASSWORD_FILE, Setting.REDIS_SENTINEL);
        needEachOther(Setting.REDIS_CERT_FILE, Setting.REDIS_KEY_FILE);
        if (isGiven(Setting.REDIS_CLUSTER) && text(Setting.REDIS_PREFIX).matches(".*[{}].*")) {
            throw new SettingsException("redis-prefix can't contain braces with redis-cluster, where they group keys");
        }
    }

    private void needEachOther(Setting one, Setting other) throws SettingsException {
        needs(one, other);
        needs(other, one);
    }

    private void needs(Setting one, Setting other) throws SettingsException {
        if (isGiven(one) && !isGiven(other)) {
            throw new SettingsException(one.key() + " needs " + other.key());
        }
    }

    private static Map<Setting, String> flags(List<String> arguments) throws SettingsException {
        Map<Setting, String> flags = new EnumMap<>(Setting.class);
        for (CommandLine.Flag flag : CommandLine.flags(
                arguments,
                name -> Setting.byKey(name).filter(known -> !known.isSwitch()).isPresent())) {
            Setting setting = Setting.byKey(flag.name())
                    .orElseThrow(() ->
                            new SettingsException("'" + flag.word() + "' is not a setting; --help lists them all"));
            boolean alone = setting.isSwitch() && flag.value().isEmpty();
            put(flags, setting, alone ? "true" : flag.needed(), flag.word());
        }
        return flags;
    }

    private static Map<Setting, String> variables(Map<String, String> environment) throws SettingsException {
        Map<Setting, String> variables = new EnumMap<>(Setting.class);
        for (var variable : new TreeMap<>(environment).entrySet()) {
            if (variable.getKey().startsWith(PREFIX)) {
                Setting setting = Arrays.stream(Setting.values())
                        .filter(known -> known.variable().equals(variable.getKey()))
                        .findFirst()
                        .orElseThrow(() -> new SettingsException("the environment variable " + variable.getKey()
                                + " is not a setting; --help lists them all"));
                put(variables, setting, variable.getValue(), "the environment variable " + variable.getKey());
            }
        }
        return variables;
    }

    private static Map<Setting, String> properties(Path file) throws SettingsException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (NoSuchFileException e) {
            throw new SettingsException("the settings file " + file + " does not exist");
        } catch (MalformedInputException | IllegalArgumentException e) {
            throw new SettingsException("the settings file " + file + " is not a UTF-8 properties file");
        } catch (IOException e) {
            throw new SettingsException("the settings file " + file + " can't be read: " + e.getMessage());
        }
        Map<Setting, String> values = new EnumMap<>(Setting.class);
        for (String key : new TreeSet<>(properties.stringPropertyNames())) {
            Setting setting = Setting.byKey(key)
                    .filter(known -> known != Setting.CONFIG)
                    .orElseThrow(() -> new SettingsException(
                            "'" + key + "' in " + file + " is not a setting; --help lists them all"));
            put(values, setting, properties.getProperty(key).strip(), key + " in " + file);
        }
        return values;
    }

    private static void put(Map<Setting, String> values, Setting setting, String value, String where)
            throws SettingsException {
        Optional<String> flaw = setting.flaw(value, where);
        if (flaw.isPresent()) {
            throw new SettingsException(flaw.get());
        }
        values.put(setting, value);
    }

    static String help() {
        return Arrays.stream(Setting.values()).map(Setting::help).collect(Collectors.joining("", """
                        Usage: java -jar chat-server.jar [--name=value …]
                               java -jar chat-server.jar user add|passwd|remove NAME --users-file=FILE
                               java -jar chat-server.jar user list --users-file=FILE
                               java -jar chat-server.jar export --channel=NAME --data-dir=DIR
                               java -jar chat-server.jar delete (--channel=NAME | --user=NAME) --data-dir=DIR
                               java -jar chat-server.jar restore --data-dir=DIR

                        Without a command, starts the server. "export --help", "delete --help", "restore --help" and
                        "user --help" explain the commands.

                        Each setting is a flag, a line name=value in the file given by --config, or an environment
                        variable: --redis-url is also CHAT_REDIS_URL. Flags override environment variables, which
                        override the file. --help prints this text, --version the version.

                        """, ""));
    }

    String text(Setting setting) {
        return values.get(setting);
    }

    boolean isGiven(Setting setting) {
        return !text(setting).isEmpty();
    }

    Path file(Setting setting) {
        return Path.of(text(setting));
    }

    /** Returns the data directory that a command works on. */
    Path dataDir(String command, String which) throws SettingsException {
        if (!isGiven(Setting.DATA_DIR)) {
            throw new SettingsException(command + " needs --data-dir=DIR: " + which);
        }
        return file(Setting.DATA_DIR);
    }

    boolean isOn(Setting setting) {
        return Boolean.parseBoolean(text(setting));
    }

    private boolean hasLogins() {
        return isGiven(Setting.USERS_FILE) || isGiven(Setting.TOKEN_KEY_FILE);
    }

    /** Returns whether clients may connect without a login. */
    boolean guests() {
        return isGiven(Setting.GUESTS) ? isOn(Setting.GUESTS) : !hasLogins();
    }

    GuestNames guestNames() {
        return text(Setting.GUEST_NAMES).equals("shared") ? GuestNames.SHARED : GuestNames.RESERVED;
    }

    Duration guestNameHold() {
        return duration(Setting.GUEST_NAME_HOLD);
    }

    /** Returns the time for which devices stay signed in; empty if they do not. */
    Optional<Duration> staySignedIn() {
        return Setting.duration(text(Setting.STAY_SIGNED_IN));
    }

    ReservedNames reservedNames() {
        return ReservedNames.of(list(Setting.RESERVED_NAMES));
    }

    int number(Setting setting) {
        return Setting.number(text(setting)).orElseThrow();
    }

    /** Returns a port, or empty if it is off. */
    OptionalInt port(Setting setting) {
        return text(setting).equals("off") ? OptionalInt.empty() : OptionalInt.of(number(setting));
    }

    List<String> list(Setting setting) {
        return Setting.members(text(setting));
    }

    RedisServers redis() {
        RedisServers servers = Setting.sentinel(text(Setting.REDIS_SENTINEL))
                .or(() -> Setting.cluster(text(Setting.REDIS_CLUSTER)))
                .orElseGet(() ->
                        RedisServers.at(Setting.redis(text(Setting.REDIS_URL)).orElseThrow()))
                .withWaitReplicas(number(Setting.REDIS_WAIT_REPLICAS));
        servers = isOn(Setting.REDIS_TLS) ? servers.withTls() : servers;
        servers = isGiven(Setting.REDIS_CERT_FILE)
                ? servers.withIdentity(file(Setting.REDIS_CERT_FILE), file(Setting.REDIS_KEY_FILE))
                : servers;
        servers = with(servers, Setting.REDIS_CA_FILE, RedisServers::withAuthorities, Path::of);
        servers = with(servers, Setting.REDIS_USER, RedisServers::withUser, user -> user);
        servers = with(servers, Setting.REDIS_PASSWORD_FILE, RedisServers::withPasswordFile, Path::of);
        servers = with(servers, Setting.REDIS_SENTINEL_USER, RedisServers::withSentinelUser, user -> user);
        return with(servers, Setting.REDIS_SENTINEL_PASSWORD_FILE, RedisServers::withSentinelPasswordFile, Path::of);
    }

    private <T> RedisServers with(
            RedisServers servers,
            Setting setting,
            BiFunction<RedisServers, T, RedisServers> with,
            Function<String, T> as) {
        return isGiven(setting) ? with.apply(servers, as.apply(text(setting))) : servers;
    }

    Compression compression() {
        return switch (text(Setting.COMPRESSION)) {
            case "on" -> Compression.ON;
            case "off" -> Compression.OFF;
            default -> Compression.CONTEXT_TAKEOVER;
        };
    }

    boolean isInMemory() {
        return text(Setting.BROKER).equals("memory");
    }

    Fsync journalFsync() {
        return Fsync.valueOf(text(Setting.JOURNAL_FSYNC).toUpperCase(Locale.ROOT));
    }

    MemoryBudget memory() {
        return MemoryBudget.ofHeap(number(Setting.MEMORY_SHARE) / 100.0);
    }

    Retention retention() {
        return Retention.DEFAULT
                .withMessages(number(Setting.HISTORY_SIZE))
                .withAge(duration(Setting.HISTORY_AGE))
                .withArchive(Setting.archive(text(Setting.ARCHIVE_AGE)).orElseThrow());
    }

    /** Returns how tokens must be signed, or empty if the form of the key decides. */
    Optional<Tokens.Algorithm> tokenAlgorithm() {
        return Setting.algorithm(text(Setting.TOKEN_ALGORITHM));
    }

    /** Returns the files with secrets, except those of logins, which are reloaded. */
    List<Path> secretFiles() {
        return Stream.of(
                        Setting.MANAGEMENT_TOKEN_FILE,
                        Setting.TLS_KEYSTORE,
                        Setting.TLS_PASSWORD_FILE,
                        Setting.TLS_KEY,
                        Setting.REDIS_PASSWORD_FILE,
                        Setting.REDIS_SENTINEL_PASSWORD_FILE,
                        Setting.REDIS_KEY_FILE)
                .filter(this::isGiven)
                .map(this::file)
                .toList();
    }

    Limits limits() {
        return new Limits(
                number(Setting.MAX_MESSAGE_BYTES),
                number(Setting.OUTBOUND_QUEUE_BYTES),
                number(Setting.MAX_CHANNELS),
                number(Setting.RATE_MESSAGES),
                number(Setting.RATE_BURST),
                number(Setting.RATE_BYTES),
                number(Setting.MAX_CONNECTIONS),
                number(Setting.MAX_CONNECTIONS_PER_ADDRESS),
                number(Setting.MAX_CHANNELS_TOTAL),
                new Quotas(
                        number(Setting.CLIENT_RATE_MESSAGES),
                        number(Setting.CLIENT_RATE_BYTES),
                        number(Setting.CLIENT_DAILY_BYTES),
                        number(Setting.CLIENT_MAX_CHANNELS),
                        number(Setting.CLIENT_NEW_CHANNELS),
                        number(Setting.CLIENT_CHANNEL_MESSAGES),
                        number(Setting.CLIENT_UNKNOWN_NAMES),
                        number(Setting.CLIENT_QUEUED_BYTES)),
                duration(Setting.PING_INTERVAL),
                duration(Setting.PONG_TIMEOUT),
                duration(Setting.HANDSHAKE_TIMEOUT),
                duration(Setting.LOGIN_TIMEOUT),
                duration(Setting.FRAME_TIMEOUT),
                duration(Setting.WRITE_TIMEOUT),
                duration(Setting.DRAIN_TIMEOUT));
    }

    private Duration duration(Setting setting) {
        return Setting.duration(text(setting)).orElseThrow();
    }
}
