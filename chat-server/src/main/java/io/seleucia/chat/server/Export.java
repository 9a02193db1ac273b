package io.seleucia.chat.server;

import com.google.gson.stream.JsonWriter;
import io.seleucia.chat.broker.memory.ArchiveReader;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Printable;
import io.seleucia.chat.protocol.json.Json;
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
 * The command {@code export}: writes a channel's messages from a data directory to standard output. The server may be
 * running.
 */
final class Export {
    static final String USAGE = """
            Usage: java -jar chat-server.jar export --channel=NAME --data-dir=DIR [--name=value …]

            Writes the messages of a channel in a data directory to standard output, oldest first. The server that uses
            the directory may be running. The directory is a setting, and can be given like any other setting.

              --channel=NAME
                  the channel, or an inbox: @ and the name of its owner
              --since=TIME
                  only messages since then: a day (2026-01-31, from its beginning in UTC), a time
                  (2026-01-31T10:00:00Z), or an age (24h)
              --until=TIME
                  only messages before then
              --format=json
                  one JSON object per line with channel, epoch, offset, time, sender and data; or text, for reading
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
        channel = line.name(CHANNEL)
                .orElseThrow(() -> new SettingsException(
                        "export needs --channel=NAME: a channel, or an inbox as @ and the name of its owner"));
        Instant now = Instant.now();
        since = time(line, SINCE, now).orElse(Instant.EPOCH);
        until = time(line, UNTIL, now).orElse(Instant.ofEpochMilli(Long.MAX_VALUE));
        String format = line.option(FORMAT).orElse("json");
        if (!Set.of("json", "text").contains(format)) {
            throw new SettingsException("--format: '" + format + "' is not allowed; format must be json or text");
        }
        json = format.equals("json");
        directory = Settings.read(line.settings(), environment).dataDir("export", "the data directory of a server");
    }

    /** Runs the command. Blocks until everything is written. */
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
            for (String one : Names.channelsOf(channel)) { // of an inbox: the guest's, then the account's
                ArchiveReader.read(directory, one, since, until, message -> {
                    out.write(json ? json(message) : text(message));
                    out.write('\n');
                });
            }
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
        if (message.guest()) {
            json.name("guest").value(true);
        }
        Json.writeHeaders(json, message.attributes());
        if (!message.attributes().to().isEmpty()) {
            json.name("to").value(message.attributes().to());
        }
        Json.writeReference(json, message.attributes());
        switch (message.content()) {
            case Content.Text text -> json.name("data").value(text.asText());
            case Content.Json value -> json.name("data").jsonValue(oneLine(value.asText()));
            case Content.None none -> {}
        }
        json.endObject();
        return Printable.line(line.toString());
    }

    /** Replaces line breaks and tabs by blanks: in JSON they stand only between tokens. */
    private static String oneLine(String json) {
        return json.replace('\n', ' ').replace('\r', ' ').replace('\t', ' ');
    }

    static String text(Message message) {
        return MILLIS.format(Instant.ofEpochMilli(message.time())) + " " + Printable.line(message.sender()) + ": "
                + what(message) + Printable.line(message.content().asText());
    }

    /** Returns what precedes the text: what the message is to another, as "(edit 41) ", and whether it is deleted. */
    private static String what(Message message) {
        String reference = message.attributes()
                .ref()
                .map(ref -> "(" + (ref.remove() ? "no " : "") + ref.kind().word() + " " + ref.offset() + ") ")
                .orElse("");
        return message.isDeleted() ? reference + "(deleted)" : reference;
    }
}
