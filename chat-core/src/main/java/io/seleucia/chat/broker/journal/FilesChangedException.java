package io.seleucia.chat.broker.journal;

import java.io.IOException;

/** The journal's files have changed since they were looked up, so the reader must look them up again. */
final class FilesChangedException extends IOException {
    private static final long serialVersionUID = 1;

    FilesChangedException() {
        super("the journal's files have changed while they were read");
    }
}
