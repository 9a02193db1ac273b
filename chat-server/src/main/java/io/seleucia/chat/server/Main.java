package io.seleucia.chat.server;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.ChatServerBuilder;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.InMemoryBroker;
import io.seleucia.chat.broker.RedisBroker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.server.management.Access;
import io.seleucia.chat.server.management.Management;
import io.seleucia.chat.server.management.RecentLines;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Starts a server with the given settings, and ends it in good order when the process is told to end; or carries out the
 * command that the first argument names.
 */
public final class Main {
    private static final int FAILED = 1;
    private static final int WRONG_SETTINGS = 2;
    private static final Duration REDIS_AT_START = Duration.ofSeconds(2);

    private Main() {}

    /** Serves until the process is told to end. What can't be done is said in one line on standard error. */
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
            ServerLog.copyTo(lines);
        }
        warnOfOpenFiles(settings);
        String host = settings.text(Setting.HOST);
        ChatServerBuilder builder = ChatServer.builder()
                .host(host)
                .port(settings.number(Setting.PORT))
                .tcpChannel(settings.text(Setting.TCP_CHANNEL))
                .limits(settings.limits())
                .compression(settings.compression())
                .hosts(settings.list(Setting.HOSTS))
                .allowedOrigins(settings.list(Setting.ALLOWED_ORIGINS));
        settings.port(Setting.TCP_PORT).ifPresent(builder::tcpPort);
        BrowserClient.addTo(builder);
        String s = secure(builder, settings) ? "s" : "";
        LoginFiles logins = new LoginFiles(settings);
        logins.apply(builder);
        Broker broker = broker(settings);
        ChatServer server;
        try {
            server = builder.broker(broker).start();
        } catch (IOException | RuntimeException | Error e) {
            broker.close();
            throw e;
        }
        management.ifPresent(port -> port.serve(server, lines, logins::flaws));
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("shutdown").unstarted(() -> {
                    server.close(); // meanwhile management says that it drains
                    logins.close();
                    broker.close();
                    Runtime.getRuntime().halt(0); // ended as asked, which the JVM would report as killed by a signal
                }));
        ServerLog.load();
        System.out.println(listening(s + "://" + bracketed(host) + ":", server, management));
        Thread.currentThread().join();
    }

    private static void warnOfOpenFiles(Settings settings) {
        System.Logger log = System.getLogger(Main.class.getName());
        settings.secretFiles()
                .forEach(file -> FileModes.warning(file, true).ifPresent(warning -> log.log(Level.WARNING, warning)));
    }

    /** The line that says that all is there, and where. */
    private static String listening(String at, ChatServer server, Optional<Management> management) {
        String tcp =
                server.tcpPort().isPresent() ? " tcp" + at + server.tcpPort().getAsInt() : "";
        String operator =
                management.map(Management::url).map(url -> " management " + url).orElse("");
        return "listening on ws" + at + server.port() + "/" + tcp + operator;
    }

    /** The operator's port, which is taken first: if it can't be, nobody has come yet. */
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

    /** Whether the settings ask for TLS. */
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

    private static Broker broker(Settings settings) throws IOException, InterruptedException {
        if (settings.isInMemory()) {
            return settings.isGiven(Setting.DATA_DIR) ? journaled(settings) : new InMemoryBroker(settings.retention());
        }
        String prefix = settings.text(Setting.REDIS_PREFIX);
        try {
            if (settings.isOn(Setting.REDIS_REQUIRED)) {
                return RedisBroker.connect(settings.redis(), prefix, settings.retention());
            }
            RedisBroker broker = new RedisBroker(settings.redis(), prefix, settings.retention());
            broker.awaitReachable(REDIS_AT_START); // if it is not, the broker has said so, and goes on trying
            return broker;
        } catch (UnavailableException e) {
            throw new IOException(e.getMessage() + " (and redis-required is set)", e);
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static Broker journaled(Settings settings) throws IOException {
        try {
            return InMemoryBroker.open(settings.retention(), settings.file(Setting.DATA_DIR), settings.journalFsync());
        } catch (FileSystemException e) {
            throw new IOException("can't use the data directory: " + e, e);
        }
    }

    /** An IPv6 address as it stands in a URL. */
    private static String bracketed(String host) {
        return host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
    }

    private static void fail(int status, String why) {
        System.err.println("chat-server: " + why);
        System.exit(status);
    }
}
