package io.seleucia.chat.server;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.options.ChannelRules;
import io.seleucia.chat.options.CurrentOptions;
import java.io.IOException;
import java.lang.System.Logger;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/**
 * The options of channels in the file that the settings name. A thread checks every few seconds whether it has changed, and
 * puts the new content into force.
 */
final class ChannelsFile implements AutoCloseable {
    private static final Logger LOG = System.getLogger(ChannelsFile.class.getName());
    private static final Duration LOOK = Duration.ofSeconds(2);

    private final Optional<ReloadingFile<ChannelRules>> file;
    private final CurrentOptions options;
    private final CountDownLatch closed = new CountDownLatch(1);

    /**
     * Reads the file, if there is one.
     *
     * @throws IOException if it can't be used; the message says why
     */
    ChannelsFile(Settings settings) throws IOException {
        file = settings.isGiven(Setting.CHANNELS_FILE)
                ? Optional.of(
                        new ReloadingFile<>(settings.file(Setting.CHANNELS_FILE), rules -> false, ChannelsFile::rules))
                : Optional.empty();
        options = new CurrentOptions(file.map(ReloadingFile::value).orElse(ChannelRules.NONE));
    }

    private static ChannelRules rules(Path file) throws IOException {
        try {
            return ChannelRules.parse(new PrivateFile(file).lines());
        } catch (ParseException e) {
            throw new IOException(file + ", line " + e.getErrorOffset() + ": " + e.getMessage(), e);
        }
    }

    /** Returns the options that are in force. */
    CurrentOptions options() {
        return options;
    }

    /** Returns why the previous content is still in force, for an operator, or empty if the file is fine. Any thread. */
    Optional<String> flaw() {
        return file.flatMap(ReloadingFile::flaw);
    }

    /** Starts to check whether the file has changed, until {@link #close}. */
    void start() {
        file.ifPresent(watched -> Thread.ofPlatform()
                .daemon()
                .name("channels-file")
                .start(() -> Loop.every(LOOK, LOG, "reading the changed channels file", closed, () -> look(watched))));
    }

    private void look(ReloadingFile<ChannelRules> watched) {
        if (watched.look()) {
            options.change(watched.value());
        }
    }

    @Override
    public void close() {
        closed.countDown();
    }
}
