package io.seleucia.chat.server;

import io.seleucia.chat.ChatServer.Compression;
import io.seleucia.chat.Limits;
import io.seleucia.chat.auth.Tokens;
import io.seleucia.chat.broker.InMemoryBroker.Fsync;
import io.seleucia.chat.broker.RedisServers;
import io.seleucia.chat.broker.Retention;
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
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The settings of one start: in rising order defaults, a properties file, the environment, flags. Every value is
 * checked wherever it stands, even where a stronger one hides it.
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
     * @throws SettingsException at the first setting that is unknown or malformed, or misses another
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
        settings.needs(Setting.TLS_KEYSTORE, Setting.TLS_PASSWORD_FILE);
        settings.needs(Setting.TLS_PASSWORD_FILE, Setting.TLS_KEYSTORE);
        settings.needs(Setting.TLS_CERT, Setting.TLS_KEY);
        settings.needs(Setting.TLS_KEY, Setting.TLS_CERT);
        settings.checkRedis();
        settings.needs(Setting.TOKEN_AUDIENCE, Setting.TOKEN_KEY_FILE);
        settings.needs(Setting.TOKEN_ALGORITHM, Setting.TOKEN_KEY_FILE);
        if (!settings.guests() && !settings.hasLogins()) {
            throw new SettingsException("guests=false needs users-file or token-key-file: else nobody could come in");
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
        needs(Setting.REDIS_CERT_FILE, Setting.REDIS_KEY_FILE);
        needs(Setting.REDIS_KEY_FILE, Setting.REDIS_CERT_FILE);
        if (isGiven(Setting.REDIS_CLUSTER) && text(Setting.REDIS_PREFIX).matches(".*[{}].*")) {
            throw new SettingsException(
                    "redis-prefix can't have braces with redis-cluster, where they say what belongs" + " together");
        }
    }

    private void needs(Setting one, Setting other) throws SettingsException {
        if (isGiven(one) && !isGiven(other)) {
            throw new SettingsException(one.key() + " needs " + other.key());
        }
    }

    private static Map<Setting, String> flags(List<String> arguments) throws SettingsException {
        Map<Setting, String> flags = new EnumMap<>(Setting.class);
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            int equals = argument.indexOf('=');
            String flag = equals < 0 ? argument : argument.substring(0, equals);
            Setting setting = (flag.startsWith("--") ? Setting.byKey(flag.substring(2)) : Optional.<Setting>empty())
                    .orElseThrow(() -> new SettingsException("'" + flag + "' is not a setting; --help lists them all"));
            boolean valueFollows =
                    i + 1 < arguments.size() && !arguments.get(i + 1).startsWith("--");
            String value;
            if (equals >= 0) {
                value = argument.substring(equals + 1);
            } else if (setting.isSwitch()) {
                value = "true";
            } else if (valueFollows) {
                value = arguments.get(++i);
            } else {
                throw new SettingsException(flag + " needs a value");
            }
            put(flags, setting, value, flag);
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

                        Without a command it serves. "export --help", "delete --help", "restore --help" and "user --help"
                        say what these do.

                        Each setting is a flag, a line name=value in the file of --config, or a variable in the
                        environment: --redis-url is also CHAT_REDIS_URL. Flags outdo the environment, which outdoes
                        the file. --help shows this, --version the version.

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

    boolean isOn(Setting setting) {
        return Boolean.parseBoolean(text(setting));
    }

    private boolean hasLogins() {
        return isGiven(Setting.USERS_FILE) || isGiven(Setting.TOKEN_KEY_FILE);
    }

    /** Whether one may come in without a login. */
    boolean guests() {
        return isGiven(Setting.GUESTS) ? isOn(Setting.GUESTS) : !hasLogins();
    }

    int number(Setting setting) {
        return Setting.number(text(setting)).orElseThrow();
    }

    /** A port, unless it is off. */
    OptionalInt port(Setting setting) {
        return text(setting).equals("off") ? OptionalInt.empty() : OptionalInt.of(number(setting));
    }

    List<String> list(Setting setting) {
        return Setting.members(text(setting));
    }

    /** Where Redis is, and how to get in. */
    RedisServers redis() {
        RedisServers servers = Setting.sentinel(text(Setting.REDIS_SENTINEL))
                .or(() -> Setting.cluster(text(Setting.REDIS_CLUSTER)))
                .orElseGet(() ->
                        RedisServers.at(Setting.redis(text(Setting.REDIS_URL)).orElseThrow()))
                .withWaitReplicas(number(Setting.REDIS_WAIT_REPLICAS));
        servers = isOn(Setting.REDIS_TLS) ? servers.withTls() : servers;
        servers = isGiven(Setting.REDIS_CA_FILE) ? servers.withAuthorities(file(Setting.REDIS_CA_FILE)) : servers;
        servers = isGiven(Setting.REDIS_CERT_FILE)
                ? servers.withIdentity(file(Setting.REDIS_CERT_FILE), file(Setting.REDIS_KEY_FILE))
                : servers;
        servers = isGiven(Setting.REDIS_USER) ? servers.withUser(text(Setting.REDIS_USER)) : servers;
        servers = isGiven(Setting.REDIS_PASSWORD_FILE)
                ? servers.withPasswordFile(file(Setting.REDIS_PASSWORD_FILE))
                : servers;
        servers = isGiven(Setting.REDIS_SENTINEL_USER)
                ? servers.withSentinelUser(text(Setting.REDIS_SENTINEL_USER))
                : servers;
        return isGiven(Setting.REDIS_SENTINEL_PASSWORD_FILE)
                ? servers.withSentinelPasswordFile(file(Setting.REDIS_SENTINEL_PASSWORD_FILE))
                : servers;
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

    Retention retention() {
        return Retention.DEFAULT
                .withMessages(number(Setting.HISTORY_SIZE))
                .withAge(duration(Setting.HISTORY_AGE))
                .withArchive(Setting.archive(text(Setting.ARCHIVE_AGE)).orElseThrow());
    }

    /** How tokens must be signed; empty if the form of the key says it. */
    Optional<Tokens.Algorithm> tokenAlgorithm() {
        return Setting.algorithm(text(Setting.TOKEN_ALGORITHM));
    }

    /** The files with secrets besides those of logins, which are watched. */
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
