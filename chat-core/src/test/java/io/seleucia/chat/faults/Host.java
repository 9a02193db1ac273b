package io.seleucia.chat.faults;

import java.io.IOException;
import java.util.List;

/** Where a test runs a process, and how the process is reached there. */
public interface Host {
    /** This machine, as it is. */
    Host HERE = new Host() {
        @Override
        public String address() {
            return "127.0.0.1";
        }

        @Override
        public List<String> command(List<String> command) {
            return command;
        }

        @Override
        public int door(int port) {
            return port;
        }
    };

    /** By which processes on other hosts reach those on this one. */
    String address();

    /** What starts a command there. */
    List<String> command(List<String> command);

    /** A port on the test's own loopback interface that leads to a port there. */
    int door(int port) throws IOException;
}
