package io.seleucia.chat.faults;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Reference;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A message as it is now: as a folded history has it, or as a client makes it of what was said since, by rules of its own.
 *
 * @param text the newest content; empty if it is deleted
 * @param reactions the first clients by text, with the number of all in front, in the order of the texts' first use
 */
record Folded(
        long offset,
        String sender,
        long time,
        Optional<String> text,
        Optional<FoldedMessage.Edit> edited,
        Optional<Attributes.Deleted> deleted,
        Map<String, List<String>> reactions,
        int replies) {
    private static final int NAMED = 20;

    /** Reads a message of a folded history. */
    static Folded of(String channel, JsonObject json) {
        Said said = Said.of(channel, json);
        Map<String, List<String>> reactions = new LinkedHashMap<>();
        if (json.has("reactions")) {
            for (JsonElement one : json.getAsJsonArray("reactions")) {
                JsonObject reaction = one.getAsJsonObject();
                List<String> clients =
                        new ArrayList<>(List.of(reaction.get("count").getAsString()));
                reaction.getAsJsonArray("clients").forEach(client -> clients.add(client.getAsString()));
                reactions.put(reaction.get("text").getAsString(), clients);
            }
        }
        return new Folded(
                said.offset(),
                said.sender(),
                said.time(),
                said.text(),
                Optional.ofNullable(json.getAsJsonObject("edited")).map(Folded::edit),
                said.deleted(),
                reactions,
                json.has("replies") ? json.get("replies").getAsInt() : 0);
    }

    private static FoldedMessage.Edit edit(JsonObject edited) {
        return new FoldedMessage.Edit(
                edited.get("offset").getAsLong(), edited.get("time").getAsLong());
    }

    /** What came of one message, while the log is read. */
    private static final class Life {
        private final Said said;
        private Optional<Said> edit = Optional.empty();
        private Optional<Attributes.Deleted> deleted;
        private final Map<String, Set<String>> reactions = new LinkedHashMap<>();
        private final List<Long> replies = new ArrayList<>();

        private Life(Said said) {
            this.said = said;
            this.deleted = said.deleted();
        }

        private void hear(Said later) {
            Reference ref = later.ref().orElseThrow();
            switch (ref.kind()) {
                case REPLY -> replies.add(later.offset());
                case EDIT -> edit = later.text().isPresent() ? Optional.of(later) : edit;
                case DELETE -> deleted = Optional.of(new Attributes.Deleted(later.sender(), later.time()));
                case REACTION -> react(later.text().orElseThrow(), later.sender(), ref.remove());
            }
        }

        private void react(String text, String client, boolean remove) {
            Set<String> clients = reactions.getOrDefault(text, new LinkedHashSet<>());
            if (remove) {
                clients.remove(client);
            } else {
                clients.add(client);
                reactions.put(text, clients);
            }
            if (clients.isEmpty()) {
                reactions.remove(text);
            }
        }

        private Folded now(Map<Long, Life> all) {
            int answers = (int) replies.stream()
                    .filter(offset -> all.get(offset).deleted.isEmpty())
                    .count();
            if (deleted.isPresent()) {
                return new Folded(
                        said.offset(),
                        said.sender(),
                        said.time(),
                        Optional.empty(),
                        Optional.empty(),
                        deleted,
                        Map.of(),
                        answers);
            }
            Map<String, List<String>> named = new LinkedHashMap<>();
            reactions.forEach((text, clients) -> {
                List<String> shown = new ArrayList<>(List.of(Integer.toString(clients.size())));
                clients.stream().limit(NAMED).forEach(shown::add);
                named.put(text, shown);
            });
            return new Folded(
                    said.offset(),
                    said.sender(),
                    said.time(),
                    edit.isPresent() ? edit.get().text() : said.text(),
                    edit.map(one -> new FoldedMessage.Edit(one.offset(), one.time())),
                    Optional.empty(),
                    named,
                    answers);
        }
    }

    /** Returns the messages of a log, or of a part of it, as they are at its end. */
    static List<Folded> of(List<Said> log) {
        Map<Long, Life> lives = new TreeMap<>();
        for (Said said : log) {
            if (!said.isAnnotation()) {
                lives.put(said.offset(), new Life(said));
            }
            if (said.ref().isPresent() && lives.containsKey(said.ref().get().offset())) {
                lives.get(said.ref().get().offset()).hear(said);
            }
        }
        return lives.values().stream().map(life -> life.now(lives)).toList();
    }

    /** Also tells whether reactions are in the same order. */
    boolean isSame(Folded other) {
        return equals(other) && List.copyOf(reactions.keySet()).equals(List.copyOf(other.reactions.keySet()));
    }
}
