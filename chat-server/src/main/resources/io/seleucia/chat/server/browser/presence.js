/* The clients in a channel, and those that are typing. */

const TYPING_SHOWN = 6_000;
const TYPING_TOLD = 3_000;

export class Presence {
    #client;
    #changed;
    #toldTyping = null; // when, if the others see it

    /** @param {import("./chat-client.js").ChatClient} client @param {() => void} changed */
    constructor(client, changed) {
        this.#client = client;
        this.#changed = changed;
    }

    /** Asks for the clients in a channel. */
    async ask(conversation) {
        if (!conversation || conversation.isDirect) {
            return;
        }
        const page = await this.#client.presencePage(conversation.key).catch(() => null);
        if (page) {
            // else the channel was left, or the next connection asks again
            conversation.members = new Map(page.clients.map(({ client, sessions }) => [client, sessions]));
            conversation.guests = new Set(page.clients.filter(({ guest }) => guest).map(({ client }) => client));
            conversation.unlisted = page.total - page.clients.length;
            this.#changed();
        }
    }

    /** Handles a client that joins or leaves. */
    moved(conversation, client, isThere, guest = false) {
        if (conversation && isThere) {
            conversation.members.set(client, 1);
            if (guest) {
                conversation.guests.add(client);
            } else {
                conversation.guests.delete(client);
            }
        } else if (conversation) {
            if (!conversation.members.delete(client) && conversation.unlisted > 0) {
                conversation.unlisted--;
            }
            conversation.guests.delete(client);
            conversation.typing.delete(client);
        }
        this.#changed();
    }

    /** Signals whether the user is typing. */
    tellTyping(conversation, is) {
        const due = is && (this.#toldTyping === null || performance.now() - this.#toldTyping > TYPING_TOLD);
        if (!conversation.isDirect && (due || (!is && this.#toldTyping !== null))) {
            this.#toldTyping = is ? performance.now() : null;
            this.#client.signal(conversation.key, { typing: is });
        }
    }

    /** Handles a signal of another client. */
    signalled(conversation, sender, data) {
        if (conversation && typeof data?.typing === "boolean") {
            if (data.typing) {
                conversation.typing.set(sender, performance.now() + TYPING_SHOWN);
                setTimeout(() => this.#forgetTyping(conversation, sender), TYPING_SHOWN + 10);
            } else {
                conversation.typing.delete(sender);
            }
            this.#changed();
        }
    }

    #forgetTyping(conversation, sender) {
        if (conversation.typing.get(sender) <= performance.now()) {
            conversation.typing.delete(sender);
            this.#changed();
        }
    }
}
