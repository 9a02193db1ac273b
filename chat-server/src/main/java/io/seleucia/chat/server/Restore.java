package io.seleucia.chat.server;

import io.seleucia.chat.broker.InMemoryBroker;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The command {@code restore}: marks a data directory as put back from a backup. */
final class Restore {
    static final String USAGE = """
            Usage: java -jar chat-server.jar restore --data-dir=DIR [--name=value …]

            Marks a data directory that was put back from a backup. The next server that starts on it begins new epochs,
            with the messages that are there: clients may know offsets that the copy does not. No server may have the
            directory meanwhile. The directory is a setting, and can be given as all settings can. To repeat the command
            changes nothing.
            """;

    private Restore() {}

    /** Marks the directory, says so, and returns when the mark is on the disk. */
    static void run(List<String> arguments, Map<String, String> environment, PrintStream out)
            throws SettingsException, IOException {
        if (arguments.contains("--help")) {
            out.print(USAGE);
            return;
        }
        Settings settings = Settings.read(arguments, environment);
        if (!settings.isGiven(Setting.DATA_DIR)) {
            throw new SettingsException(
                    "restore needs --data-dir=DIR: a data directory that was put back from a backup");
        }
        Path directory = settings.file(Setting.DATA_DIR);
        try {
            InMemoryBroker.markRestored(directory);
        } catch (FileSystemException e) {
            throw new IOException("can't use the data directory: " + e, e);
        }
        out.println(directory + " is marked as put back from a backup: the next server that starts on it begins new"
                + " epochs, with the messages that are there");
    }
}
