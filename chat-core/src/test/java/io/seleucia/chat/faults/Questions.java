package io.seleucia.chat.faults;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The requests on one connection that wait for their replies. Not thread-safe. */
final class Questions {
    private static final Set<String> EXPECTED = Set.of("unavailable", "no_such_user"); // for as long as faults last

    /** What is done with a reply. */
    @FunctionalInterface
    interface Reaction {
        void to(JsonObject reply) throws IOException;
    }

    private record Question(Reaction reply, Reaction error, Set<String> refusals) {}

    private final ChatSocket socket;
    private final List<String> surprises;
    private final Map<Long, Question> open = new HashMap<>(); // by id
    private long lastId;

    /**
     * Asks there.
     *
     * @param surprises is added the errors that no fault explains
     */
    Questions(ChatSocket socket, List<String> surprises) {
        this.socket = socket;
        this.surprises = surprises;
    }

    void ask(JsonObject request, Reaction reply, Reaction error) throws IOException {
        ask(request, reply, error, Set.of());
    }

    /**
     * Asks for something that may be refused.
     *
     * @param refusals the codes of errors that are no surprise
     */
    void ask(JsonObject request, Reaction reply, Reaction error, Set<String> refusals) throws IOException {
        request.addProperty("id", ++lastId);
        open.put(lastId, new Question(reply, error, refusals));
        socket.send(request);
    }

    void answered(JsonObject reply) throws IOException {
        Question question = open.remove(reply.get("id").getAsLong());
        if (question == null) {
            throw new ProtocolException("an answer to what was not asked: " + reply);
        }
        if (!reply.get("type").getAsString().equals("error")) {
            question.reply.to(reply);
            return;
        }
        String code = reply.get("code").getAsString();
        if (!EXPECTED.contains(code) && !question.refusals.contains(code)) {
            surprises.add(reply.toString());
        }
        question.error.to(reply);
    }
}
