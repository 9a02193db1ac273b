package io.seleucia.chat.server;

import io.seleucia.chat.broker.memory.InMemoryBroker;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The command {@code restore}: marks a data directory as restored from a backup. */
final class Restore {
    static final String USAGE = """
            Usage: java -jar chat-server.jar restore --data-dir=DIR [--name=value …]

            Marks a data directory that was restored from a backup. The next server that starts on it begins new epochs
            and keeps the messages: clients may know offsets that the backup does not have. No server may use the
            directory meanwhile. The directory is a setting, and can be given like any other setting. Repeating the
            command has no effect.
            """;

    private Restore() {}

    /** Runs the command. Blocks until the mark is on the disk. */
    static void run(List<String> arguments, Map<String, String> environment, PrintStream out)
            throws SettingsException, IOException {
        if (arguments.contains("--help")) {
            out.print(USAGE);
            return;
        }
        Path directory = Settings.read(arguments, environment)
                .dataDir("restore", "a data directory that was restored from a backup");
        try {
            InMemoryBroker.markRestored(directory);
        } catch (FileSystemException e) {
            throw new IOException("can't use the data directory: " + e, e);
        }
        out.println(directory + " is marked as restored from a backup: the next server that starts on it begins new"
                + " epochs, with the messages that are there");
    }
}
