package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The words of the page, which are in one file for each language and nowhere else. */
class BrowserTextsTest {
    private static final Pattern COMMENTS = Pattern.compile("/\\*.*?\\*/|(?<![:\"'`])//[^\n]*", Pattern.DOTALL);
    private static final Pattern LITERAL =
            Pattern.compile("'(?:[^'\\\\\n]|\\\\.)*'|\"(?:[^\"\\\\\n]|\\\\.)*\"|`(?:[^`\\\\]|\\\\.)*`");
    private static final Pattern SENTENCE =
            Pattern.compile("\\p{Lu}\\p{Ll}+ \\p{Ll}|\\p{Ll}{2,}(?:[.!?…]$|, )|^\\p{Lu}\\p{Ll}+$");
    /** Where a literal would be seen or read out. */
    private static final Pattern SHOWN = Pattern.compile("(?:setText\\([^,;]+,\\s*|"
            + "\\.(?:textContent|title|ariaLabel|placeholder|innerText)\\s*=\\s*|"
            + "element\\(\"\\w+\", \"[^\"]*\", )[\"`]([^\"`]*)[\"`]");

    private static final Pattern KEY = Pattern.compile("[\"'`]([a-z]+(?:\\.[a-z]+)+)[\"'`]");
    private static final Pattern PLACE = Pattern.compile("\\{(\\w+)}");
    private static final Set<String> NAMES = Set.of(
            "Seleucia",
            "seleucia.",
            "Alt",
            "Control",
            "Enter",
            "Escape",
            "Home",
            "End",
            "Tab",
            "Backspace",
            "Delete",
            "Files"); // of the project, of keys, and of what is dropped

    @Test
    void haveTheSameKeysAndPlacesInAllLanguages() throws Exception {
        Map<String, String> english = texts("language-en.js");

        for (Path language : languages()) {
            Map<String, String> texts = texts(language.getFileName().toString());
            assertThat(texts.keySet()).as("%s", language).isEqualTo(english.keySet());
            texts.forEach((key, text) -> assertThat(placesOf(english.get(key)))
                    .as("%s in %s", key, language)
                    .containsAll(placesOf(text)));
            english.forEach((key, text) -> {
                Set<String> named = placesOf(text);
                named.remove("count"); // one and two may be said in a word
                assertThat(placesOf(texts.get(key)))
                        .as("%s in %s", key, language)
                        .containsAll(named);
            });
        }
    }

    @Test
    void areAllUsedAndAllThere() throws Exception {
        Set<String> used = new TreeSet<>();
        for (Path file : modules()) {
            used.addAll(found(KEY, code(file)));
        }
        used.addAll(found(Pattern.compile("data-(?:text|label|name|placeholder)=\"([^\"]+)\""), read("index.html")));
        used.removeIf(key -> key.endsWith(".js") || key.endsWith(".svg"));

        assertThat(used).isEqualTo(texts("language-en.js").keySet());
    }

    @Test
    void areNotInTheModules() throws Exception {
        for (Path file : modules()) {
            String code = code(file);
            List<String> literals = LITERAL.matcher(code)
                    .results()
                    .map(MatchResult::group)
                    .map(literal -> literal.substring(1, literal.length() - 1))
                    .filter(literal -> SENTENCE.matcher(literal).find())
                    .filter(literal -> !NAMES.contains(literal))
                    .toList();
            List<String> shown = found(SHOWN, code).stream()
                    .map(literal -> literal.replaceAll("\\$\\{[^}]*}?", ""))
                    .filter(literal -> literal.matches(".*\\p{L}.*") && !NAMES.contains(literal))
                    .toList();

            assertThat(Stream.concat(literals.stream(), shown.stream()))
                    .as("what %s says", file.getFileName())
                    .isEmpty();
        }
    }

    @Test
    void areNotInTheDocument() throws Exception {
        String document = read("index.html").replaceAll("(?s)<!--.*?-->|<noscript>.*?</noscript>", "");

        assertThat(found(Pattern.compile(">([^<]*\\p{L}[^<]*)<"), document))
                .extracting(String::strip)
                .containsOnly("Seleucia");
        assertThat(found(
                        Pattern.compile(" (?:aria-label|title|placeholder|alt|aria-description)=\"([^\"]+)\""),
                        document))
                .isEmpty();
    }

    /** The server sends modules without comments and indentation, which must not change what they do. */
    @Test
    void areOnOneLineEach() throws Exception {
        for (Path file : files("(?!language-).*")) { // in lists of words, spaces do not matter
            assertThat(LITERAL.matcher(code(file)).results().map(MatchResult::group))
                    .as("%s", file.getFileName())
                    .noneMatch(literal -> literal.startsWith("`") && literal.contains("\n"));
        }
    }

    /** Returns the texts of a language by key; those of plural forms are joined. */
    private static Map<String, String> texts(String file) throws Exception {
        Map<String, String> texts = new TreeMap<>();
        String[] entries = read(file).split("\n {8}(?=\")");
        for (String entry : Arrays.copyOfRange(entries, 1, entries.length)) {
            String key = entry.substring(1, entry.indexOf('"', 1));
            assertThat(texts.put(key, entry.substring(entry.indexOf(':'))))
                    .as(key)
                    .isNull();
        }
        return texts;
    }

    private static Set<String> placesOf(String text) {
        return new TreeSet<>(found(PLACE, text.replaceFirst("(?s)^:\\s*\\{", "")));
    }

    private static List<String> found(Pattern pattern, String text) {
        return pattern.matcher(text).results().map(match -> match.group(1)).collect(Collectors.toList());
    }

    private static String code(Path file) throws IOException {
        return COMMENTS.matcher(Files.readString(file)).replaceAll("");
    }

    private static String read(String file) throws Exception {
        return Files.readString(directory().resolve(file));
    }

    private static List<Path> languages() throws Exception {
        return files("language-.*");
    }

    /** Returns the modules of the page; the client library speaks to developers. */
    private static List<Path> modules() throws Exception {
        return files("(?!language-|chat-client|chat-socket|service-worker).*");
    }

    private static List<Path> files(String name) throws Exception {
        try (Stream<Path> files = Files.list(directory())) {
            List<Path> found = files.filter(
                            file -> file.getFileName().toString().matches(name + "\\.js"))
                    .toList();
            assertThat(found).isNotEmpty();
            return found;
        }
    }

    private static Path directory() throws URISyntaxException {
        return Path.of(BrowserClient.class.getResource("browser/index.html").toURI())
                .getParent();
    }
}
