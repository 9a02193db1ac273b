package io.seleucia.chat.examples.benchmark.scaling;

import com.google.gson.Gson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * What {@link LoadProcess} starts: one part of a load, by its plan as JSON. It obeys one command in each line of its
 * standard input and answers each with a line, its status as JSON; it lives no longer than that input.
 */
final class LoadProgram {
    private static final String END = "end";

    private LoadProgram() {}

    public static void main(String... args) throws IOException {
        Gson gson = new Gson();
        LinkedBlockingQueue<String> commands = new LinkedBlockingQueue<>();
        Thread.ofPlatform().daemon().name("commands").start(() -> read(commands));
        try (Crowd crowd = new Crowd(gson.fromJson(args[0], Plan.class))) {
            for (String command = ""; !END.equals(command); command = commands.poll()) {
                if (command != null && !command.isEmpty()) {
                    crowd.obey(command);
                    System.out.println(gson.toJson(crowd.status()));
                }
                crowd.step();
            }
        }
        System.exit(0); // whatever else is open
    }

    private static void read(LinkedBlockingQueue<String> commands) {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                commands.add(line);
            }
        } catch (IOException e) {
            System.err.println("the load hears nothing more: " + e.getMessage());
        }
        commands.add(END);
    }
}
