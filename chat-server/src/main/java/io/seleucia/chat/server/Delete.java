package io.seleucia.chat.server;

import io.seleucia.chat.broker.InMemoryBroker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
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

/** The command {@code delete}: takes messages out of the data directory of a server that is stopped. */
final class Delete {
    static final String USAGE = """
            Usage: java -jar chat-server.jar delete (--channel=NAME | --user=NAME) --data-dir=DIR [--name=value …]

            Deletes messages in a data directory, for good. The server that has the directory must be stopped. The
            directory is a setting, and can be given as all settings can.

              --channel=NAME
                  all messages of a channel, or of somebody's inbox: @ and their name
              --user=NAME
                  all messages that somebody has sent, to whatever channel or inbox
            """;

    private static final String CHANNEL = "channel";
    private static final String USER = "user";
    private static final Duration EVER = Duration.ofDays(100 * 365);

    // What the server's settings say of time is its own affair: nothing goes here but what is to be deleted.
    private static final Retention ALL = new Retention(1, EVER, EVER, Retention.DEFAULT.keys(), Retention.FOREVER);

    private Delete() {}

    /** Deletes. Blocks until nothing is left. */
    static void run(List<String> arguments, Map<String, String> environment) throws SettingsException, IOException {
        if (arguments.contains("--help")) {
            System.out.print(USAGE);
            return;
        }
        CommandLine line = CommandLine.of(arguments, Set.of(CHANNEL, USER));
        Optional<String> channel = line.option(CHANNEL).filter(name -> !name.isEmpty());
        Optional<String> user = line.option(USER).filter(name -> !name.isEmpty());
        if (channel.isPresent() == user.isPresent()) {
            throw new SettingsException("delete needs either --channel=NAME or --user=NAME");
        }
        Optional<String> flaw = channel.flatMap(Names::flawOfHistory);
        if (flaw.isPresent()) {
            throw new SettingsException("--channel: " + flaw.get());
        }
        Settings settings = Settings.read(line.settings(), environment);
        if (!settings.isGiven(Setting.DATA_DIR)) {
            throw new SettingsException("delete needs --data-dir=DIR: the data directory of a server that is stopped");
        }
        Path directory = settings.file(Setting.DATA_DIR);
        if (!Files.isDirectory(directory)) {
            throw new IOException("the data directory " + directory + " does not exist");
        }
        try (InMemoryBroker broker = InMemoryBroker.open(ALL, directory, settings.journalFsync())) {
            if (channel.isPresent()) {
                broker.delete(channel.get());
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
