/* What the server pushes: where it goes, what it counts for, and what it changes of earlier messages. */

import { idOf, revise } from "./message.js";

export class Feed {
    #chat;
    #parts;

    /**
     * @param {import("./chat-client.js").ChatClient} client
     * @param {import("./chat.js").Chat} chat
     * @param {object} parts of the chat, by name, and `shown`, `changed`, `heard` and `isAttentive`, which Chat explains
     */
    constructor(client, chat, parts) {
        this.#chat = chat;
        this.#parts = parts;
        client.on("message", (message) => this.#received(message.channel, message));
        client.on("direct", (message) => this.#received(`@${message.sender}`, message));
        client.on("sent", (message) => this.#received(`@${message.to}`, message));
        client.on("edited", (edit) => this.#revised(edit));
        client.on("deleted", (deletion) => this.#revised(deletion));
        client.on("reaction", (reaction) => this.#revised(reaction));
        client.on("receipt", (receipt) => this.#seen(client, receipt));
        client.on("signal", ({ channel, sender, data }) => this.#signalled(channel, sender, data));
        client.on("joined", ({ channel, client: who, guest }) => this.#moved(channel, who, true, guest));
        client.on("left", ({ channel, client: who }) => this.#moved(channel, who, false));
        client.on("read", (mark) => this.#marked(mark));
        client.on("lost", (lost) => this.#lost(lost));
        client.on("removed", ({ channel, error }) => parts.channels.removed(channel, error));
        client.on("delayed", (delay) => {
            chat.delay = delay;
            parts.changed();
        });
    }

    #find(channel) {
        return this.#chat.conversations.get(channel);
    }

    #received(key, message) {
        const { history, inbox, outbox, changed, heard, isAttentive } = this.#parts;
        const conversation = key.startsWith("@") ? inbox.open(key) : this.#find(key);
        if (!conversation) {
            return;
        }
        const shown = this.#parts.shown(message);
        conversation.typing.delete(shown.sender);
        if (shown.own) {
            this.#chat.delay = null;
            outbox.arrived(conversation, shown);
        }
        history.received(conversation, shown);
        if (shown.offset !== undefined) {
            this.#parts.seen.note(conversation, shown.sender, shown.epoch, shown.offset);
        }
        const isSeen = conversation === this.#chat.current && isAttentive();
        if (!isSeen) {
            const isFirst = this.#count(conversation, shown);
            conversation.firstUnread = isFirst ? shown.id : conversation.firstUnread;
            if (!shown.own) {
                this.#parts.mentioned.arrived(conversation, shown, isFirst);
            }
        }
        if (conversation.isDirect) {
            inbox.received(message);
        }
        heard(shown, conversation);
        changed();
    }

    /** Counts a message. Returns whether it is the first that is unread. */
    #count(conversation, shown) {
        const { reading } = this.#parts;
        return conversation.isDirect
            ? reading.arrivedDirect(conversation, shown)
            : reading.arrived(conversation, shown);
    }

    /** Shows an edit, a deletion or a reaction in the earlier message, if that is loaded. */
    #revised(change) {
        const { channel, epoch, ref, sender, to } = change;
        const isDirect = channel.startsWith("@");
        const conversation = this.#find(isDirect ? `@${to ?? sender}` : channel);
        if (conversation) {
            const id = idOf(isDirect, epoch, ref.offset);
            const { messages, meanwhile, quoted } = conversation;
            for (const message of [...messages, ...meanwhile, quoted.get(id)]) {
                if (message?.id === id) {
                    revise(message, change);
                }
            }
            this.#parts.history.changed(conversation, change);
            this.#parts.changed();
        }
    }

    #seen(client, { channel, client: who, offset }) {
        const conversation = this.#find(channel);
        const position = client.position(channel);
        if (conversation && position) {
            this.#parts.seen.note(conversation, who, position.epoch, offset);
            this.#parts.changed();
        }
    }

    #signalled(channel, sender, data) {
        if (sender !== this.#chat.name) {
            this.#parts.presence.signalled(this.#find(channel), sender, data);
        }
    }

    #moved(channel, client, isThere, guest) {
        this.#parts.presence.moved(this.#find(channel), client, isThere, guest);
    }

    #marked(mark) {
        const conversation = this.#find(mark.channel);
        if (conversation) {
            this.#parts.reading.told(conversation, mark, conversation.isNew);
            conversation.isNew = false;
            if (mark.end !== undefined) {
                this.#parts.mentioned.seek(conversation); // it was away
            }
        }
    }

    #lost({ channel, epoch, offset }) {
        const { history, reading, presence, changed } = this.#parts;
        if (channel === `@${this.#chat.name}`) {
            this.#lostInbox(epoch);
            return;
        }
        const conversation = this.#find(channel);
        if (conversation) {
            reading.lost(conversation);
            history.lost(conversation, { epoch, offset });
            if (conversation === this.#chat.current) {
                presence.ask(conversation);
            }
            changed();
        }
    }

    #lostInbox(epoch) {
        this.#parts.inbox.lost(epoch);
        for (const conversation of this.#chat.conversations.values()) {
            if (conversation.isDirect && conversation.loaded) {
                conversation.loaded = conversation === this.#chat.current; // the others are loaded when they are shown
                this.#parts.history.reload(conversation);
            }
        }
    }
}
