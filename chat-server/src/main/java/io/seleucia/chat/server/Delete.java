package io.seleucia.chat.server;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.message.Names;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The command {@code delete}: deletes messages from the data directory of a stopped server. */
final class Delete {
    static final String USAGE = """
            Usage: java -jar chat-server.jar delete (--channel=NAME | --user=NAME) --data-dir=DIR [--name=value …]

            Deletes messages from a data directory, permanently. The server that uses the directory must be stopped. The
            directory is a setting, and can be given like any other setting.

              --channel=NAME
                  all messages of a channel, or of an inbox: @ and the name of its owner
              --user=NAME
                  all messages that a user has sent, to any channel or inbox
            """;

    private static final String CHANNEL = "channel";
    private static final String USER = "user";
    private static final Duration EVER = Duration.ofDays(100 * 365);

    // Keeps everything but the deleted messages: retention is applied by the server.
    private static final Retention ALL = new Retention(1, EVER, EVER, Retention.DEFAULT.keys(), Retention.FOREVER);

    private Delete() {}

    /** Runs the command. Blocks until the messages are deleted. */
    static void run(List<String> arguments, Map<String, String> environment) throws SettingsException, IOException {
        if (arguments.contains("--help")) {
            System.out.print(USAGE);
            return;
        }
        CommandLine line = CommandLine.of(arguments, Set.of(CHANNEL, USER));
        Optional<String> channel = line.name(CHANNEL);
        Optional<String> user = line.name(USER);
        if (channel.isPresent() == user.isPresent()) {
            throw new SettingsException("delete needs either --channel=NAME or --user=NAME");
        }
        Optional<String> flaw = channel.flatMap(Names::flawOfHistory);
        if (flaw.isPresent()) {
            throw new SettingsException("--channel: " + flaw.get());
        }
        Settings settings = Settings.read(line.settings(), environment);
        Path directory = settings.dataDir("delete", "the data directory of a stopped server");
        if (!Files.isDirectory(directory)) {
            throw new IOException("the data directory " + directory + " does not exist");
        }
        try (InMemoryBroker broker = InMemoryBroker.open(ALL, directory, settings.journalFsync())) {
            if (channel.isPresent()) {
                for (String one : Names.channelsOf(channel.get())) {
                    broker.delete(one);
                }
            } else {
                broker.deleteFrom(user.get());
            }
        } catch (FileSystemException e) {
            throw new IOException("can't use the data directory: " + e, e);
        } catch (UnavailableException e) {
            throw new IOException(e.getMessage(), e);
        }
    }
}
