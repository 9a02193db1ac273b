package io.seleucia.chat.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.Concurrent;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.message.FoldedMessage;
import java.io.File;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of the chapter on the life of a message, in docs/java-client.md. */
@Concurrent
class ClientDocumentTest {
    private static final String PROGRAM = """
            import io.seleucia.chat.client.*;
            import io.seleucia.chat.message.*;
            import java.util.*;

            public final class Documented {
                public static void run(ChatClient client) {
            %s
                }
            }
            """;
    private static final Pattern EXAMPLE = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);

    @TempDir
    private Path directory;

    @Test
    void theExamplesOfTheLifeOfAMessageWork() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
                ChatServer server = ChatServer.builder().port(0).broker(broker).start();
                ChatClient client = ChatClient.builder(URI.create("ws://localhost:" + server.port() + "/"))
                        .name("ada")
                        .start()) {
            client.subscribe("lobby").get(60, TimeUnit.SECONDS);
            compiled(PROGRAM.formatted(examples()))
                    .getMethod("run", ChatClient.class)
                    .invoke(null, client);
            client.publish("lobby", "the end").get(60, TimeUnit.SECONDS);

            List<FoldedMessage> lobby = broker.folded("lobby", true, 0, 10).messages();
            assertThat(lobby).hasSize(3);
            assertThat(lobby.getFirst().message().isDeleted()).isTrue();
            assertThat(lobby.getFirst().replies()).isOne();
            assertThat(broker.info("news").orElseThrow().json().orElseThrow().asText())
                    .isEqualTo("{\"topic\":\"what is new\"}");
        }
    }

    /** Each in a block of its own. */
    private static String examples() throws Exception {
        String document = Files.readString(Path.of("..", "docs", "java-client.md"));
        String chapter = document.substring(document.indexOf("\n## The life of a message\n"));
        Matcher example = EXAMPLE.matcher(chapter.substring(0, chapter.indexOf("\n## ", 1)));
        return example.results().map(found -> "{\n" + found.group(1) + "}").collect(Collectors.joining("\n"));
    }

    private Class<?> compiled(String program) throws Exception {
        Path source = Files.writeString(directory.resolve("Documented.java"), program);
        String path = Stream.of("java.class.path", "jdk.module.path")
                .map(System::getProperty)
                .filter(Objects::nonNull)
                .collect(Collectors.joining(File.pathSeparator));
        StringWriter flaws = new StringWriter();
        boolean succeeded;
        try (var files = ToolProvider.getSystemJavaCompiler().getStandardFileManager(null, null, null)) {
            succeeded = ToolProvider.getSystemJavaCompiler()
                    .getTask(
                            new PrintWriter(flaws),
                            files,
                            null,
                            List.of("-proc:none", "-cp", path, "-d", directory.toString()),
                            null,
                            files.getJavaFileObjects(source))
                    .call();
        }
        assertThat(succeeded).as("%s", flaws).isTrue();
        URL[] classes = {directory.toUri().toURL()};
        return new URLClassLoader(classes, ChatClient.class.getClassLoader()).loadClass("Documented");
    }
}
