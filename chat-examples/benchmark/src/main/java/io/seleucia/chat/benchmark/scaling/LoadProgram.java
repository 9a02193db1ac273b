package io.seleucia.chat.benchmark.scaling;

import com.google.gson.Gson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * One part of a load, as {@link Fleet} starts it with a plan as JSON. Each line of standard input is a command, and is
 * answered with a line, the status as JSON. The program ends with its standard input.
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
        System.exit(0);
    }

    private static void read(LinkedBlockingQueue<String> commands) {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                commands.add(line);
            }
        } catch (IOException e) {
            System.err.println("the load can't read commands: " + e.getMessage());
        }
        commands.add(END);
    }
}
