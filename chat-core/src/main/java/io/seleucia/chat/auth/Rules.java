package io.seleucia.chat.auth;

import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.text.Wildcard;
import io.seleucia.chat.text.Word;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Rules about the rights of clients, a line each. The first rule that matches decides; without one, the request is denied.
 *
 * <pre>{@code
 * group staff ada "Grace Hopper"
 * allow @staff publish news.*
 * deny  *      publish news.*
 * allow users  *       *
 * allow guests subscribe,history lobby
 * }</pre>
 *
 * <p>The word behind {@code allow} or {@code deny} is a user's name, {@code @} with a group's name, {@code users} (all that
 * are logged in), {@code guests} or {@code *}. Then follow the actions, separated by commas, or {@code *}, which stands for all
 * but {@code moderate}; then channels, in which {@code *} stands for any text. For the action {@code direct} the channels are the
 * names of recipients; to edit and delete direct messages, those names with {@code @} before them. Words in
 * quotation marks may have spaces, and are always plain names. {@code #} begins a comment.
 *
 * <p>Immutable. A check costs some nanoseconds for each rule of the action.
 */
public final class Rules implements Authorizer {
    private static final String ALLOWED = "what is allowed: group NAME USER …, or allow|deny WHO ACTION,… CHANNEL …";
    private static final String ACTIONS =
            "an action must be one of subscribe, publish, edit, delete, history, presence, signal, direct, list, describe"
                    + " and moderate, or *";

    /** The clients that a rule concerns: guests, all users, or those with these names. */
    private record Who(boolean guests, boolean users, Set<String> names) {
        boolean includes(User user) {
            return user.guest() ? guests : users || names.contains(user.name());
        }
    }

    /** A rule. Its channels are checked first, because most rules do not match them. */
    private record Rule(boolean allow, Who who, Wildcard[] channels) {
        boolean fits(User user, String channel) {
            for (Wildcard pattern : channels) {
                if (pattern.matches(channel)) {
                    return who.includes(user);
                }
            }
            return false;
        }
    }

    private final Map<Action, List<Rule>> byAction = new EnumMap<>(Action.class);

    private Rules() {
        for (Action action : Action.values()) {
            byAction.put(action, new ArrayList<>());
        }
    }

    /**
     * Reads rules.
     *
     * @param lines the lines of the file
     * @return the rules
     * @throws ParseException at the first malformed line; its offset is the number of the line, from 1
     */
    public static Rules parse(List<String> lines) throws ParseException {
        Objects.requireNonNull(lines, "lines");
        lines.forEach(line -> Objects.requireNonNull(line, "lines has null in it"));
        Rules rules = new Rules();
        Map<String, Set<String>> groups = new HashMap<>();
        for (int pass = 1; pass <= 2; pass++) { // groups first, wherever they stand
            for (int i = 0; i < lines.size(); i++) {
                try {
                    List<Word> words = Word.of(lines.get(i));
                    boolean group = !words.isEmpty() && words.getFirst().is("group");
                    if (group && pass == 1) {
                        addGroup(words, groups);
                    } else if (!words.isEmpty() && !group && pass == 2) {
                        rules.add(words, groups);
                    }
                } catch (IllegalArgumentException e) {
                    throw new ParseException(e.getMessage(), i + 1);
                }
            }
        }
        return rules;
    }

    /**
     * Reads the rules of one user, without the word for the user: {@code allow publish news.*}.
     *
     * @throws ParseException as {@link #parse}
     */
    static Rules parseOwn(List<String> lines) throws ParseException {
        return parse(lines.stream()
                .map(line -> line.strip().replaceFirst("\\s", " * "))
                .toList());
    }

    private static void addGroup(List<Word> words, Map<String, Set<String>> groups) {
        if (words.size() < 2) {
            throw new IllegalArgumentException(ALLOWED);
        }
        Set<String> members = groups.computeIfAbsent(words.get(1).text(), name -> new HashSet<>());
        words.subList(2, words.size()).forEach(word -> members.add(user(word.text())));
    }

    private static String user(String name) {
        Optional<String> flaw = Names.flawOfClient(name);
        if (flaw.isPresent()) {
            throw new IllegalArgumentException("'" + name + "' is no user: " + flaw.get());
        }
        return Names.normal(name);
    }

    private void add(List<Word> words, Map<String, Set<String>> groups) {
        boolean allow = words.getFirst().is("allow");
        if (!allow && !words.getFirst().is("deny") || words.size() < 4) {
            throw new IllegalArgumentException(ALLOWED);
        }
        Rule rule = new Rule(
                allow,
                who(words.get(1), groups),
                words.subList(3, words.size()).stream()
                        .map(word -> Wildcard.of(Names.normal(word.text())))
                        .toArray(Wildcard[]::new));
        actions(words.get(2).text()).forEach(action -> byAction.get(action).add(rule));
    }

    private static Who who(Word word, Map<String, Set<String>> groups) {
        return switch (word.quoted() ? "" : word.text()) {
            case "*" -> new Who(true, true, Set.of());
            case "users" -> new Who(false, true, Set.of());
            case "guests" -> new Who(true, false, Set.of());
            default -> new Who(false, false, names(word, groups));
        };
    }

    private static Set<String> names(Word word, Map<String, Set<String>> groups) {
        if (word.quoted() || !word.text().startsWith("@")) {
            return Set.of(user(word.text()));
        }
        String group = word.text().substring(1);
        if (!groups.containsKey(group)) {
            throw new IllegalArgumentException(
                    "there is no group " + group + "; a group is defined by a line: group NAME USER …");
        }
        return Set.copyOf(groups.get(group));
    }

    private static Set<Action> actions(String words) {
        if (words.equals("*")) {
            return EnumSet.complementOf(EnumSet.of(Action.MODERATE)); // which takes a word of its own
        }
        Set<Action> actions = EnumSet.noneOf(Action.class);
        for (String word : words.split(",", -1)) {
            actions.add(Arrays.stream(Action.values())
                    .filter(action -> action.word().equals(word))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("'" + word + "' is no action: " + ACTIONS)));
        }
        return actions;
    }

    @Override
    public boolean allows(User user, Action action, String channel, Optional<Content> content) {
        String name = action == Action.DIRECT ? channel.substring(1) : channel;
        List<Rule> rules = byAction.get(action);
        for (int i = 0; i < rules.size(); i++) {
            if (rules.get(i).fits(user, name)) {
                return rules.get(i).allow;
            }
        }
        return false;
    }
}
