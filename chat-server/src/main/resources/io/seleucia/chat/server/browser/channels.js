/* The channels that the person has joined: one list for all tabs. */

const FIRST = "lobby"; // what a person is in at first

export class Channels {
    #client;
    #conversations;
    #store;
    #chat;

    /**
     * @param {import("./chat-client.js").ChatClient} client
     * @param {import("./conversation.js").Conversations} conversations
     * @param {import("./store.js").Store} store
     * @param {{changed: () => void, isSmall: (channel: string) => Promise<boolean>, opened: (conversation: object) => void, joined: (conversation: object) => void,
     *     refused: (conversation: object) => void,
     *     left: (conversation: object) => void}} chat
     */
    constructor(client, conversations, store, chat) {
        this.#client = client;
        this.#conversations = conversations;
        this.#store = store;
        this.#chat = chat;
    }

    /** Joins the channels of the person's last visit. */
    restore() {
        if (!this.#store.get("visited", false)) {
            this.#store.put("visited", true);
            this.join(FIRST);
        }
        for (const name of this.#store.names("channel ").sort()) {
            this.join(name);
        }
    }

    /** Joins a channel, unless the person is there. Returns its conversation. */
    join(name) {
        const known = this.#conversations.get(name);
        if (known && !known.problem) {
            return known;
        }
        const conversation = this.#conversations.open(name);
        conversation.problem = null;
        conversation.isNew = !this.#store.get(`channel ${name}`);
        if (conversation.isNew) {
            this.#store.put(`channel ${name}`, true);
        }
        this.#chat.opened(conversation);
        this.#follow(conversation).then(
            () => this.#chat.joined(conversation),
            (error) => this.#refused(conversation, error),
        );
        return conversation;
    }

    /** Joins with presence, or without it if the rules forbid it, and with receipts where few are. */
    async #follow(conversation) {
        const { key } = conversation;
        const receipts = await this.#chat.isSmall(key);
        if (this.#conversations.get(key) !== conversation) {
            throw new Error("left meanwhile");
        }
        const { newest } = conversation;
        const since = newest?.offset === undefined ? undefined : { epoch: newest.epoch, offset: newest.offset };
        return this.#client.join(key, { presence: true, read: true, receipts, since }).catch((error) => {
            if (error.code !== "forbidden") {
                throw error;
            }
            return this.#client.join(key, { read: true, receipts, since });
        });
    }

    #refused(conversation, error) {
        if (this.#client.state !== "closed" && this.#conversations.get(conversation.key) === conversation) {
            conversation.problem = error.message;
            this.#store.drop(`channel ${conversation.key}`);
            this.#chat.refused(conversation);
            this.#chat.changed();
        }
    }

    /** Handles the end of a subscription by the server: retries without presence, or shows it. */
    removed(channel, error) {
        const conversation = this.#conversations.get(channel);
        if (conversation) {
            conversation.members.clear();
            conversation.unlisted = 0;
            conversation.typing.clear();
            this.#follow(conversation).catch(() => this.#refused(conversation, error));
            this.#chat.changed();
        }
    }

    leave({ key }) {
        this.#client.leave(key);
        this.#store.drop(`channel ${key}`);
    }

    /** Handles that another tab has joined or left a channel. */
    changedElsewhere(name) {
        const conversation = this.#conversations.get(name);
        if (this.#store.get(`channel ${name}`, false)) {
            this.join(name);
        } else if (conversation && !conversation.problem) {
            this.#client.leave(name);
            this.#chat.left(conversation);
        }
    }
}
