/* Written messages until they are delivered: sending, failed or retried. They survive a reload of the page. */

import { tab } from "./storage.js";

const RESEND_MILLIS = 200_000; // the server remembers keys for longer

export class Outbox {
    #client;
    #changed;
    #delivered;

    /**
     * @param {import("./chat-client.js").ChatClient} client
     * @param {{changed: () => void, delivered: (conversation: object, message: object) => void}} chat `delivered`: called
     *     for a direct message that the server has acknowledged, and of which it keeps no copy in the own inbox
     */
    constructor(client, { changed, delivered }) {
        this.#client = client;
        this.#changed = changed;
        this.#delivered = delivered;
    }

    /** Sends a new message. */
    send(conversation, text) {
        const key = crypto.getRandomValues(new Uint32Array(4)).join("-");
        const pending = { key, text, time: Date.now(), state: "sending", problem: "", offset: null };
        conversation.pending.push(pending);
        this.#dispatch(conversation, pending);
    }

    /** Removes a pending message that the server has delivered. */
    arrived(conversation, { offset, text }) {
        const pending =
            conversation.pending.find((one) => one.offset === offset) ??
            conversation.pending.find((one) => one.state === "sending" && !one.offset && one.text === text);
        if (pending) {
            this.#drop(conversation, pending);
        }
    }

    /** Sends a failed message again, as the same one while the server knows its key. */
    retry(conversation, pending) {
        if (Date.now() - pending.time > RESEND_MILLIS) {
            pending.key = crypto.getRandomValues(new Uint32Array(4)).join("-");
            pending.time = Date.now();
        }
        pending.state = "sending";
        this.#dispatch(conversation, pending);
    }

    /** Drops a failed message. */
    discard(conversation, pending) {
        this.#drop(conversation, pending);
        this.#changed();
    }

    #drop(conversation, pending) {
        conversation.pending = conversation.pending.filter((one) => one !== pending);
        this.#keepPending(conversation);
    }

    #keepPending(conversation) {
        if (conversation.pending.length > 0) {
            tab.put(`pending ${conversation.key}`, conversation.pending);
        } else {
            tab.drop(`pending ${conversation.key}`);
        }
    }

    /** Restores the pending messages of a conversation, and repeats those in flight. */
    resume(conversation) {
        conversation.pending = tab.get(`pending ${conversation.key}`, []);
        for (const pending of conversation.pending) {
            if (pending.state === "sending" && Date.now() - pending.time < RESEND_MILLIS) {
                this.#dispatch(conversation, pending);
            } else if (pending.state === "sending") {
                Object.assign(pending, { state: "failed", problem: "It may not have been sent." });
            }
        }
    }

    async #dispatch(conversation, pending) {
        this.#keepPending(conversation);
        this.#changed();
        const { key, text } = pending;
        try {
            const receipt = conversation.isDirect
                ? await this.#client.direct(conversation.name, text, { key })
                : await this.#client.publish(conversation.key, text, { key });
            this.#acknowledged(conversation, pending, receipt);
        } catch (error) {
            if (!conversation.pending.includes(pending)) {
                conversation.pending.push(pending);
            }
            Object.assign(pending, { state: "failed", problem: problemOf(error, conversation) });
            this.#keepPending(conversation);
        }
        this.#changed();
    }

    #acknowledged(conversation, pending, { epoch, offset, own }) {
        pending.offset = offset;
        if (conversation.isDirect) {
            this.#drop(conversation, pending);
            if (!own) {
                this.#delivered(conversation, { epoch, offset, time: pending.time, data: pending.text });
            }
            return;
        }
        const position = this.#client.position(conversation.key);
        if (conversation.detached || !conversation.loaded || position?.offset >= offset) {
            this.#drop(conversation, pending); // delivered before the acknowledgement
        }
    }
}

function problemOf({ code, message }, { name }) {
    switch (code) {
        case "too_large":
            return "It is too long to be sent.";
        case "timeout":
            return "The server did not answer.";
        case "no_such_user":
            return `Nobody called ${name} has been here.`;
        case "buffer_full":
            return "Too much waits to be sent already.";
        default:
            return `It was not sent: ${message}.`;
    }
}
