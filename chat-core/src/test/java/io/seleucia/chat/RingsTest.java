package io.seleucia.chat;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Rings: top-level classes of one package, or packages, that depend on each other in a circle. A class depends on every
 * type that its code names, imported or of its own package; comments and strings do not count.
 */
class RingsTest {
    private static final Path SOURCES = Path.of("src/main/java");

    /** How many classes of a package may still stand in rings, where any may. These numbers only fall. */
    private static final Map<String, Integer> ALLOWED =
            Map.ofEntries(entry("", 5), entry("auth", 3), entry("message", 2));

    private static final Pattern PACKAGE = Pattern.compile("\\bpackage\\s+([\\w.]+)\\s*;");
    private static final Pattern IMPORT = Pattern.compile("\\bimport\\s+(?:static\\s+)?([\\w.*]+)\\s*;");
    private static final Pattern TYPE_NAME = Pattern.compile("(?<![\\w.])[A-Z]\\w*");
    private static final Pattern LITERAL_OR_COMMENT = Pattern.compile(
            "(?s)\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\\n])*\"|'(?:\\\\.|[^'\\\\\\n])*'|//[^\\n]*|/\\*.*?\\*/");

    @Test
    void hasNoRingsOfClasses() throws IOException {
        Map<String, Set<String>> ringed = new TreeMap<>();
        ringsWithinPackages(dependencies(sources()))
                .forEach(ring -> ringed.computeIfAbsent(
                                packageOfType(ring.iterator().next()), key -> new TreeSet<>())
                        .addAll(ring));

        ringed.entrySet()
                .removeIf(found -> found.getValue().size()
                        <= ALLOWED.getOrDefault(found.getKey().replaceFirst("^io\\.seleucia\\.chat\\.?", ""), 0));
        assertThat(ringed).isEmpty();
    }

    @Test
    void hasNoRingsOfPackages() throws IOException {
        assertThat(ringsOfPackages(dependencies(sources()))).isEmpty();
    }

    @Test
    void readsEveryClass() throws IOException {
        assertThat(dependencies(sources()).get("io.seleucia.chat.ChatServer")).contains("io.seleucia.chat.Limits");
    }

    @Test
    void findsRingOfClassesOfOnePackage() {
        Map<String, Set<String>> dependencies = dependencies(List.of(
                "package p; class A { B b; }",
                "package p; class B { void b(C.Inner c) {} }",
                "package p; class C { record Inner(Object o) { A a() { return null; } } }",
                "package p; class D { A a; }"));

        assertThat(ringsWithinPackages(dependencies)).containsExactly(Set.of("p.A", "p.B", "p.C"));
    }

    @Test
    void findsRingOfPackages() {
        Map<String, Set<String>> dependencies = dependencies(List.of(
                "package p; import q.B; class A { B b; }",
                "package q; class B {}",
                "package q; import p.D; class C { D d; }",
                "package p; class D {}"));

        assertThat(ringsWithinPackages(dependencies)).isEmpty();
        assertThat(ringsOfPackages(dependencies)).containsExactly(Set.of("p", "q"));
    }

    @Test
    void countsStaticImports() {
        Map<String, Set<String>> dependencies = dependencies(
                List.of("package p; import static q.B.CODE; class A { int a = CODE; }", "package q; class B {}"));

        assertThat(dependencies).containsEntry("p.A", Set.of("q.B"));
    }

    @Test
    void countsNeitherCommentsNorStrings() {
        Map<String, Set<String>> dependencies = dependencies(List.of(
                "package p; /** A {@link B}. */ class A { String a = \"B\"; char c = 'B'; // B\n }",
                "package p; class B { A a; }"));

        assertThat(dependencies).containsEntry("p.A", Set.of());
        assertThat(ringsWithinPackages(dependencies)).isEmpty();
    }

    private static List<String> sources() throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            List<String> sources = new ArrayList<>();
            for (Path file : files.filter(path -> path.toString().endsWith(".java"))
                    .filter(path -> !path.endsWith("module-info.java") && !path.endsWith("package-info.java"))
                    .toList()) {
                sources.add(Files.readString(file));
            }
            return sources;
        }
    }

    /** Returns the types that each top-level type names, all by their qualified names. */
    private static Map<String, Set<String>> dependencies(Collection<String> sources) {
        Map<String, String> codes = new HashMap<>();
        for (String source : sources) {
            String code = LITERAL_OR_COMMENT.matcher(source).replaceAll(" ");
            Matcher type = Pattern.compile("\\b(?:class|interface|enum|record)\\s+(\\w+)|@interface\\s+(\\w+)")
                    .matcher(code);
            assertThat(type.find()).isTrue();
            codes.put(packageOf(code) + "." + (type.group(1) == null ? type.group(2) : type.group(1)), code);
        }
        Map<String, Set<String>> dependencies = new TreeMap<>();
        codes.forEach((name, code) -> {
            Set<String> used = used(code, codes.keySet());
            used.remove(name);
            dependencies.put(name, used);
        });
        return dependencies;
    }

    private static Set<String> used(String code, Set<String> types) {
        Map<String, String> bySimpleName = new HashMap<>();
        String own = packageOf(code) + ".";
        types.stream()
                .filter(type -> type.startsWith(own) && type.lastIndexOf('.') == own.length() - 1)
                .forEach(type -> bySimpleName.put(type.substring(own.length()), type));
        Set<String> used = new TreeSet<>();
        IMPORT.matcher(code).results().map(found -> found.group(1)).forEach(imported -> {
            for (String type : types) {
                if (imported.equals(type)) {
                    bySimpleName.put(type.substring(type.lastIndexOf('.') + 1), type);
                } else if (imported.startsWith(type + ".")) {
                    used.add(type); // a nested type, or something static
                }
            }
        });
        String body = IMPORT.matcher(code).replaceAll("");
        TYPE_NAME
                .matcher(body)
                .results()
                .map(found -> bySimpleName.get(found.group()))
                .filter(type -> type != null)
                .forEach(used::add);
        return used;
    }

    private static String packageOf(String code) {
        Matcher found = PACKAGE.matcher(code);
        assertThat(found.find()).isTrue();
        return found.group(1);
    }

    private static String packageOfType(String type) {
        return type.substring(0, type.lastIndexOf('.'));
    }

    private static Set<Set<String>> ringsWithinPackages(Map<String, Set<String>> dependencies) {
        Map<String, Set<String>> inside = new TreeMap<>();
        dependencies.forEach((type, used) -> inside.put(
                type,
                used.stream()
                        .filter(other -> packageOfType(other).equals(packageOfType(type)))
                        .collect(Collectors.toSet())));
        return rings(inside);
    }

    private static Set<Set<String>> ringsOfPackages(Map<String, Set<String>> dependencies) {
        Map<String, Set<String>> packages = new TreeMap<>();
        dependencies.forEach((type, used) ->
                used.forEach(other -> packages.computeIfAbsent(packageOfType(type), key -> new TreeSet<>())
                        .add(packageOfType(other))));
        return rings(packages);
    }

    /** Returns the strongly connected components of more than one node. */
    private static Set<Set<String>> rings(Map<String, Set<String>> edges) {
        Map<String, Set<String>> reached = new HashMap<>();
        edges.keySet().forEach(node -> reached.put(node, reachable(node, edges)));
        Set<Set<String>> rings = new HashSet<>();
        reached.forEach((node, all) -> {
            Set<String> ring = all.stream()
                    .filter(other -> reached.getOrDefault(other, Set.of()).contains(node))
                    .collect(Collectors.toCollection(TreeSet::new));
            if (ring.size() > 1) {
                rings.add(ring);
            }
        });
        return rings;
    }

    private static Set<String> reachable(String from, Map<String, Set<String>> edges) {
        Set<String> reached = new HashSet<>();
        Deque<String> open = new ArrayDeque<>(List.of(from));
        while (!open.isEmpty()) {
            for (String next : edges.getOrDefault(open.pop(), Set.of())) {
                if (reached.add(next)) {
                    open.push(next);
                }
            }
        }
        return reached;
    }
}
