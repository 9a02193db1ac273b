package io.seleucia.chat.message;

/**
 * A client in a channel.
 *
 * @param client its client id
 * @param sessions the number of its sessions there, on all servers
 * @param guest as {@link Sender#guest}
 */
public record Member(String client, int sessions, boolean guest) {
    /**
     * Returns an account, or a client of a server without accounts.
     *
     * @param client the client's name
     * @param sessions the number of its sessions
     */
    public Member(String client, int sessions) {
        this(client, sessions, false);
    }
}
