package io.seleucia.chat.examples.benchmark.scaling;

import com.google.gson.Gson;
import com.google.gson.JsonSyntaxException;
import io.seleucia.chat.examples.benchmark.ChildProcess;
import java.io.IOException;
import java.util.List;

/** A {@link LoadProgram} in a process of its own: one process has not file descriptors enough for all clients. */
final class LoadProcess implements AutoCloseable {
    private static final int ANSWER_SECONDS = 60;

    private final Gson gson = new Gson();
    private final ChildProcess process;

    /** Starts one. */
    LoadProcess(Plan plan) throws IOException {
        process = new ChildProcess("a load process", ChildProcess.java(LoadProgram.class, List.of(gson.toJson(plan))));
    }

    /** Tells it something. */
    void tell(String command) throws IOException {
        process.tell(command);
    }

    /** What it answers to the oldest command without an answer. Blocks, for a minute at the most. */
    Status answer() throws IOException {
        try {
            return gson.fromJson(process.answer(ANSWER_SECONDS), Status.class);
        } catch (JsonSyntaxException e) {
            throw new IOException("a load process answers something else: " + e.getMessage(), e);
        }
    }

    /** Ends it. */
    @Override
    public void close() {
        process.close();
    }
}
