package io.seleucia.chat.server.hostile;

import io.seleucia.chat.server.hostile.GuestAttacks.Attack;
import java.util.Map;

/** What clients can do before they have logged in. */
final class LoginAttacks {
    private static final int CONNECTIONS = 32;
    private static final int MARKS = 15_000;

    private LoginAttacks() {}

    /** One address logs in with passwords that are slow to bring into a normal form: marks in falling class. */
    static void passwordsOfCombiningMarks(Swarm swarm) {
        login(swarm, "a" + "\u0301".repeat(MARKS) + "\u0323".repeat(MARKS));
    }

    /** One address logs in with wrong passwords. */
    static void wrongPasswords(Swarm swarm) {
        login(swarm, "a wrong password");
    }

    /** Both, by what they are called in the report. */
    static Map<String, Attack> all() {
        return Map.of(
                "passwords of combining marks", LoginAttacks::passwordsOfCombiningMarks,
                "wrong passwords", LoginAttacks::wrongPasswords);
    }

    private static void login(Swarm swarm, String password) {
        String login = "{\"id\":1,\"type\":\"connect\",\"user\":\"ada\",\"password\":\"" + password + "\"}";
        swarm.eachAgain(CONNECTIONS, i -> {
            try (Peer peer =
                    Peer.connect("127.0.1.1", swarm.server().port(), 65_536).handshake()) {
                while (!swarm.isOver()) {
                    peer.send(login);
                    peer.read();
                }
            }
        });
    }
}
