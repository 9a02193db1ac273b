package io.seleucia.chat.broker;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * The revocations of a broker with a journal, in a file of their own beside it, where neither deletions nor the retention
 * of messages reach them: a line for each, only ever added at the end, and all written anew before the first that a
 * process adds. A line that is not as it was written is passed over. One thread at a time.
 */
final class RevocationFile implements AutoCloseable {
    private static final Logger LOG = System.getLogger(RevocationFile.class.getName());
    private static final Pattern LINE = Pattern.compile("([0-9a-f]{8}) ((-?\\d{1,19}) (.+))");

    private final JournalFile file;
    private long length;

    private RevocationFile(JournalFile file, long length) {
        this.file = file;
        this.length = length;
    }

    /**
     * Reads what is in the directory's file.
     *
     * @throws IOException if it can't be read: a server that began without would let in again who was revoked
     */
    static Map<String, Long> read(JournalDirectory directory) throws IOException {
        Map<String, Long> byUser = new LinkedHashMap<>();
        if (Files.notExists(directory.revocations())) {
            return byUser;
        }
        String text = new String(Files.readAllBytes(directory.revocations()), StandardCharsets.UTF_8);
        long damaged = 0;
        for (String line : text.split("\n", -1)) {
            Matcher matcher = LINE.matcher(line);
            if (matcher.matches() && checksum(matcher.group(2)).equals(matcher.group(1))) {
                byUser.merge(matcher.group(4), Long.valueOf(matcher.group(3)), Math::max);
            } else if (!line.isEmpty()) {
                damaged++;
            }
        }
        if (damaged > 0) {
            LOG.log(
                    Level.WARNING,
                    damaged + " lines of " + directory.revocations() + " are damaged: revoke again those whom you have"
                            + " revoked and whose tokens live still");
        }
        return byUser;
    }

    /** Writes these revocations in the place of what was in the directory's file, and is open to add others. */
    static RevocationFile begin(JournalDirectory directory, Map<String, Long> byUser) throws IOException {
        Path path = directory.revocations();
        StringBuilder lines = new StringBuilder();
        byUser.forEach((user, time) -> lines.append(line(user, time)));
        byte[] bytes = lines.toString().getBytes(StandardCharsets.UTF_8);
        JournalFile fresh = JournalFile.create(JournalDirectory.unfinished(path));
        try (fresh) {
            fresh.write(ByteBuffer.wrap(bytes), 0);
            fresh.force();
        }
        directory.replace(path);
        return new RevocationFile(JournalFile.open(path), bytes.length);
    }

    /** Adds one; it is on the disk when this returns. What a failed call has written is written over by the next. */
    void add(String user, long time) throws IOException {
        byte[] line = line(user, time).getBytes(StandardCharsets.UTF_8);
        file.setLength(length);
        file.write(ByteBuffer.wrap(line), length);
        file.force();
        length += line.length;
    }

    long length() {
        return length;
    }

    private static String line(String user, long time) {
        String content = time + " " + user;
        return checksum(content) + " " + content + "\n";
    }

    private static String checksum(String text) {
        CRC32C checksum = new CRC32C();
        checksum.update(text.getBytes(StandardCharsets.UTF_8));
        return String.format("%08x", checksum.getValue());
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
