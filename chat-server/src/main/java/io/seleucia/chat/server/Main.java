package io.seleucia.chat.server;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.ChatServerBuilder;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.broker.redis.RedisBroker;
import io.seleucia.chat.options.CurrentOptions;
import io.seleucia.chat.server.management.Access;
import io.seleucia.chat.server.management.Management;
import io.seleucia.chat.server.management.RecentLines;
import io.seleucia.chat.server.management.Users;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * The server program. Starts a server with the given settings and shuts it down gracefully when the process is told to
 * end, or runs the command that the first argument names.
 */
public final class Main {
    private static final int FAILED = 1;
    private static final int WRONG_SETTINGS = 2;
    private static final Duration REDIS_AT_START = Duration.ofSeconds(2);

    private Main() {}

    /** Serves until the process is told to end. Errors are one line on standard error. */
    public static void main(String[] arguments) throws InterruptedException {
        ServerLog.start();
        OutOfMemory.endsTheProcess();
        List<String> flags = List.of(arguments);
        String command = flags.isEmpty() || flags.getFirst().startsWith("--") ? "" : flags.getFirst();
        try {
            switch (command) {
                case "export" -> Export.run(flags.subList(1, flags.size()), System.getenv());
                case "delete" -> Delete.run(flags.subList(1, flags.size()), System.getenv());
                case "restore" -> Restore.run(flags.subList(1, flags.size()), System.getenv(), System.out);
                case "user" -> UserCommand.run(flags.subList(1, flags.size()), System.getenv(), System.out);
                default -> begin(flags);
            }
        } catch (SettingsException e) {
            fail(WRONG_SETTINGS, e.getMessage());
        } catch (IOException e) {
            fail(FAILED, e.getMessage());
        }
    }

    private static void begin(List<String> flags) throws SettingsException, IOException, InterruptedException {
        if (flags.contains("--help")) {
            System.out.print(Settings.help());
        } else if (flags.contains("--version")) {
            System.out.println(ChatServer.NAME.replace('/', ' '));
        } else {
            serve(Settings.read(flags, System.getenv()));
        }
    }

    private static void serve(Settings settings) throws SettingsException, IOException, InterruptedException {
        ServerLog.format(settings.text(Setting.LOG_FORMAT).equals("json"));
        Optional<Management> management = management(settings);
        RecentLines lines = new RecentLines(new LogFormat(false));
        if (management.isPresent()) {
            ServerLog.addHandler(lines);
        }
        warnOfOpenFiles(settings);
        String host = settings.text(Setting.HOST);
        ChatServerBuilder builder = ChatServer.builder()
                .host(host)
                .port(settings.number(Setting.PORT))
                .tcpChannel(settings.text(Setting.TCP_CHANNEL))
                .limits(settings.limits())
                .compression(settings.compression())
                .httpFallback(settings.isOn(Setting.HTTP_FALLBACK))
                .guestNames(settings.guestNames())
                .guestNameHold(settings.guestNameHold())
                .basePath(settings.text(Setting.BASE_PATH))
                .hosts(settings.list(Setting.HOSTS))
                .trustedProxies(settings.list(Setting.TRUSTED_PROXIES))
                .allowedOrigins(settings.list(Setting.ALLOWED_ORIGINS));
        settings.port(Setting.TCP_PORT).ifPresent(builder::tcpPort);
        BrowserClient.addTo(builder);
        String s = secure(builder, settings) ? "s" : "";
        ChannelsFile channels = new ChannelsFile(settings);
        LoginFiles logins = new LoginFiles(settings);
        logins.apply(builder);
        Broker broker = broker(settings, channels.options());
        ChatServer server;
        try {
            server = builder.broker(broker).channelOptions(channels.options()).start();
        } catch (IOException | RuntimeException | Error e) {
            broker.close();
            throw e;
        }
        logins.whenRulesChange(server::reviewRights);
        channels.start();
        management.ifPresent(port -> port.serve(server, lines, () -> flaws(logins, channels), users(settings, logins)));
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("shutdown").unstarted(() -> {
                    server.close(); // meanwhile management says that it drains
                    logins.close();
                    channels.close();
                    broker.close();
                    Runtime.getRuntime().halt(0); // a normal exit status, where the JVM would report the signal
                }));
        ServerLog.loadClasses();
        System.out.println(listening(s + "://" + bracketed(host) + ":", server, management));
        Thread.currentThread().join();
    }

    /** Returns which files can't be used any more and why, for an operator. */
    private static List<String> flaws(LoginFiles logins, ChannelsFile channels) {
        return Stream.concat(logins.flaws().stream(), channels.flaw().stream()).toList();
    }

    private static Optional<Users> users(Settings settings, LoginFiles logins) {
        if (!settings.isGiven(Setting.USERS_FILE)) {
            return Optional.empty();
        }
        UsersFile file = new UsersFile(
                settings.file(Setting.USERS_FILE),
                new NewPasswords(settings.number(Setting.MIN_PASSWORD_LENGTH)),
                settings.reservedNames());
        return Optional.of(new OperatorUsers(file, logins::readAccounts));
    }

    private static void warnOfOpenFiles(Settings settings) {
        System.Logger log = System.getLogger(Main.class.getName());
        settings.secretFiles()
                .forEach(file -> FileModes.warning(file, true).ifPresent(warning -> log.log(Level.WARNING, warning)));
    }

    /** Returns the line that says that the server listens, and on which ports. */
    private static String listening(String at, ChatServer server, Optional<Management> management) {
        String tcp =
                server.tcpPort().isPresent() ? " tcp" + at + server.tcpPort().getAsInt() : "";
        String operator =
                management.map(Management::url).map(url -> " management " + url).orElse("");
        return "listening on ws" + at + server.port() + "/" + tcp + operator;
    }

    /** Binds the management port, before any other: if that fails, no client has connected yet. */
    private static Optional<Management> management(Settings settings) throws IOException {
        OptionalInt port = settings.port(Setting.MANAGEMENT_PORT);
        if (port.isEmpty()) {
            return Optional.empty();
        }
        Access access = settings.isGiven(Setting.MANAGEMENT_TOKEN_FILE)
                ? Access.withToken(settings.file(Setting.MANAGEMENT_TOKEN_FILE), settings.text(Setting.HOST))
                : Access.local();
        return Optional.of(new Management(access, port.getAsInt()));
    }

    /** Configures TLS. Returns whether the settings ask for it. */
    private static boolean secure(ChatServerBuilder builder, Settings settings) throws IOException {
        if (settings.isGiven(Setting.TLS_KEYSTORE)) {
            builder.tlsKeystore(settings.file(Setting.TLS_KEYSTORE), settings.file(Setting.TLS_PASSWORD_FILE));
            return true;
        }
        if (settings.isGiven(Setting.TLS_CERT)) {
            builder.tlsCert(settings.file(Setting.TLS_CERT), settings.file(Setting.TLS_KEY));
            return true;
        }
        return false;
    }

    private static Broker broker(Settings settings, CurrentOptions options) throws IOException, InterruptedException {
        if (settings.isInMemory()) {
            return settings.isGiven(Setting.DATA_DIR)
                    ? journaled(settings, options)
                    : new InMemoryBroker(settings.retention(), settings.memory(), options);
        }
        String prefix = settings.text(Setting.REDIS_PREFIX);
        try {
            if (settings.isOn(Setting.REDIS_REQUIRED)) {
                return RedisBroker.connect(settings.redis(), prefix, settings.retention(), settings.memory(), options);
            }
            RedisBroker broker =
                    new RedisBroker(settings.redis(), prefix, settings.retention(), settings.memory(), options);
            broker.awaitReachable(REDIS_AT_START); // if not, the broker has logged it, and keeps trying
            return broker;
        } catch (UnavailableException e) {
            throw new IOException(e.getMessage() + " (and redis-required is set)", e);
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static Broker journaled(Settings settings, CurrentOptions options) throws IOException {
        try {
            return InMemoryBroker.open(
                    settings.retention(),
                    settings.file(Setting.DATA_DIR),
                    settings.journalFsync(),
                    settings.memory(),
                    options);
        } catch (FileSystemException e) {
            throw new IOException("can't use the data directory: " + e, e);
        }
    }

    /** Returns a host as it is written in a URL: IPv6 addresses in brackets. */
    private static String bracketed(String host) {
        return host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
    }

    private static void fail(int status, String why) {
        System.err.println("chat-server: " + why);
        System.exit(status);
    }
}
