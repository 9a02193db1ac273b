package io.seleucia.chat.server;

import com.google.gson.stream.JsonWriter;
import io.seleucia.chat.broker.ArchiveReader;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Printable;
import java.io.BufferedWriter;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The command {@code export}: writes a channel's messages to standard output, out of the data directory of a server that
 * runs or is stopped.
 */
final class Export {
    static final String USAGE = """
            Usage: java -jar chat-server.jar export --channel=NAME --data-dir=DIR [--name=value …]

            Writes the messages of a channel that are in a data directory, oldest first, to standard output. The server
            that has the directory may run. The directory is a setting, and can be given as all settings can.

              --channel=NAME
                  the channel, or somebody's inbox: @ and their name
              --since=TIME
                  nothing older than that: a day (2026-01-31, from its beginning in UTC), a time
                  (2026-01-31T10:00:00Z), or how long ago (24h)
              --until=TIME
                  only what is older than that
              --format=json
                  a JSON object a line with channel, epoch, offset, time, sender and data; or text: a line for people
            """;

    private static final String CHANNEL = "channel";
    private static final String SINCE = "since";
    private static final String UNTIL = "until";
    private static final String FORMAT = "format";
    private static final DateTimeFormatter MILLIS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private final String channel;
    private final Instant since;
    private final Instant until;
    private final boolean json;
    private final Path directory;

    private Export(CommandLine line, Map<String, String> environment) throws SettingsException {
        channel = line.option(CHANNEL)
                .filter(name -> !name.isEmpty())
                .orElseThrow(() -> new SettingsException(
                        "export needs --channel=NAME: a channel, or somebody's inbox as @ and their name"));
        Instant now = Instant.now();
        since = time(line, SINCE, now).orElse(Instant.EPOCH);
        until = time(line, UNTIL, now).orElse(Instant.ofEpochMilli(Long.MAX_VALUE));
        String format = line.option(FORMAT).orElse("json");
        if (!Set.of("json", "text").contains(format)) {
            throw new SettingsException("--format: '" + format + "' is not allowed; format must be json or text");
        }
        json = format.equals("json");
        Settings settings = Settings.read(line.settings(), environment);
        if (!settings.isGiven(Setting.DATA_DIR)) {
            throw new SettingsException("export needs --data-dir=DIR: the data directory of a server");
        }
        directory = settings.file(Setting.DATA_DIR);
    }

    /** Exports. Blocks until all is written. */
    static void run(List<String> arguments, Map<String, String> environment) throws SettingsException, IOException {
        if (arguments.contains("--help")) {
            System.out.print(USAGE);
            return;
        }
        CommandLine line = CommandLine.of(arguments, Set.of(CHANNEL, SINCE, UNTIL, FORMAT));
        new Export(line, environment).run();
    }

    private void run() throws IOException {
        try (Writer out = new BufferedWriter(
                new OutputStreamWriter(new FileOutputStream(FileDescriptor.out), StandardCharsets.UTF_8))) {
            ArchiveReader.read(directory, channel, since, until, message -> {
                out.write(json ? json(message) : text(message));
                out.write('\n');
            });
        } catch (FileSystemException e) {
            throw new IOException("can't read the data directory: " + e, e);
        }
    }

    private static Optional<Instant> time(CommandLine line, String option, Instant now) throws SettingsException {
        Optional<String> value = line.option(option);
        if (value.isEmpty()) {
            return Optional.empty();
        }
        Optional<Instant> time = time(value.get(), now);
        if (time.isEmpty()) {
            throw new SettingsException("--" + option + ": '" + value.get() + "' is not allowed; " + option
                    + " must be a day such as 2026-01-31, a time such as 2026-01-31T10:00:00Z, or how long ago, such as"
                    + " 24h or 30d");
        }
        return time;
    }

    static Optional<Instant> time(String value, Instant now) {
        Optional<Instant> ago = Setting.duration(value).map(now::minus);
        if (ago.isPresent()) {
            return ago;
        }
        try {
            return Optional.of(
                    value.contains("T")
                            ? OffsetDateTime.parse(value).toInstant()
                            : LocalDate.parse(value)
                                    .atStartOfDay(ZoneOffset.UTC)
                                    .toInstant());
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    static String json(Message message) throws IOException {
        StringWriter line = new StringWriter();
        JsonWriter json = new JsonWriter(line);
        json.beginObject();
        json.name("channel").value(message.channel());
        json.name("epoch").value(message.position().epoch());
        json.name("offset").value(message.position().offset());
        json.name("time").value(message.time());
        json.name("sender").value(message.sender());
        json.name("data");
        switch (message.content()) {
            case Content.Text text -> json.value(text.asText());
            case Content.Json value -> json.jsonValue(oneLine(value.asText()));
        }
        json.endObject();
        return Printable.line(line.toString());
    }

    /** JSON has line breaks and tabs only where it may as well have blanks. */
    private static String oneLine(String json) {
        return json.replace('\n', ' ').replace('\r', ' ').replace('\t', ' ');
    }

    static String text(Message message) {
        return MILLIS.format(Instant.ofEpochMilli(message.time())) + " " + Printable.line(message.sender()) + ": "
                + Printable.line(message.content().asText());
    }
}
