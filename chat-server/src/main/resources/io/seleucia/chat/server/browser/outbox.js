/*
 * Written messages until they are delivered. They survive the closing of the tab, and are sent as the person that wrote
 * them, whenever that person is connected again.
 *
 * A message that may have reached the server is sent again under its key while the server remembers keys, so that it
 * appears once. After that, the person decides.
 */

import { dataOf } from "./images.js";
import { phrase } from "./language.js";
import { problemOf } from "./words.js";

const RESEND_MILLIS = 200_000; // the server remembers keys for longer
const FRESH_MILLIS = 86_400_000; // what was written longer ago is not sent without being asked for

const newKey = () => crypto.getRandomValues(new Uint32Array(4)).join("-");

export class Outbox {
    #client;
    #store;
    #tab;
    #chat;
    #inFlight = new Set(); // keys
    #watched = new Set(); // tabs whose messages are taken over when they are gone

    /**
     * @param {import("./chat-client.js").ChatClient} client
     * @param {import("./store.js").Store} store
     * @param {import("./tab.js").Tab} tab this one, to whom the messages written in it belong while it is open
     * @param {{changed: () => void, isEnded: () => boolean, find: (key: string) => object | undefined,
     *     returned: (conversation: object, text: string) => boolean}} chat `returned`: takes a text back that is too long,
     *     and says whether it could
     */
    constructor(client, store, tab, chat) {
        this.#client = client;
        this.#store = store;
        this.#tab = tab;
        this.#chat = chat;
    }

    /**
     * Sends a new message, now or when there is a connection.
     * @param {import("./conversation.js").Conversation} conversation
     * @param {string} text
     * @param {{image?: object, answered?: {epoch: string, offset: number}}} [more] a picture, of which the text is the
     *     description, and the message that is answered
     */
    send(conversation, text, { image, answered } = {}) {
        const pending = {
            key: newKey(),
            to: conversation.key,
            tab: this.#tab.id,
            text,
            image,
            answered,
            time: Date.now(),
            state: "sending", // or "failed", with a problem
            problem: "",
            triedAt: null, // when it was first sent, on the clock that other visits see
        };
        conversation.pending.push(pending);
        this.#keep(pending);
        this.#dispatch(conversation, pending);
        this.#chat.changed();
    }

    /** Takes over the messages of tabs that have been closed, and those of open ones when they are. */
    async restore() {
        const isOpen = await this.#tab.others();
        if (this.#chat.isEnded()) {
            return;
        }
        for (const key of this.#store.names("out ")) {
            const pending = this.#store.get(`out ${key}`);
            if (!pending || pending.tab === this.#tab.id) {
                continue;
            }
            if (isOpen(pending.tab)) {
                this.#watch(pending.tab);
            } else {
                this.#takeOver(pending);
            }
        }
        this.#chat.changed();
    }

    #takeOver(pending) {
        const conversation = this.#chat.find(pending.to);
        if (conversation) {
            const mine = { ...pending, tab: this.#tab.id };
            conversation.pending.push(mine);
            conversation.pending.sort((one, other) => one.time - other.time);
            this.#keep(mine);
            this.resume(conversation);
        } else if (Date.now() - pending.time > FRESH_MILLIS) {
            this.#store.drop(`out ${pending.key}`); // of a channel that was left
        }
    }

    #watch(tab) {
        if (!this.#watched.has(tab)) {
            this.#watched.add(tab);
            this.#tab.whenGone(tab).then(() => {
                this.#watched.delete(tab);
                return this.restore();
            });
        }
    }

    /** Sends what waits in a conversation, in order. */
    resume(conversation) {
        for (const pending of [...conversation.pending]) {
            if (pending.state === "sending") {
                this.#dispatch(conversation, pending);
            }
        }
    }

    /** Removes a pending message that the server has delivered. */
    arrived(conversation, { offset, text, image }) {
        const pending =
            conversation.pending.find((one) => one.offset === offset) ??
            conversation.pending.find((one) => this.#isOnItsWay(one) && one.text === text && !one.image === !image);
        if (pending) {
            this.#drop(conversation, pending);
        }
    }

    #isOnItsWay = ({ key, offset }) => this.#inFlight.has(key) && !offset;

    /** Sends a failed message again, as the same one while the server knows its key. */
    retry(conversation, pending) {
        if (pending.triedAt !== null && Date.now() - pending.triedAt > RESEND_MILLIS) {
            this.#store.drop(`out ${pending.key}`);
            pending.key = newKey();
            pending.triedAt = null;
        }
        Object.assign(pending, { state: "sending", problem: "", time: Date.now() });
        this.#keep(pending);
        this.#dispatch(conversation, pending);
        this.#chat.changed();
    }

    /** Drops a failed message. */
    discard(conversation, pending) {
        this.#drop(conversation, pending);
        this.#chat.changed();
    }

    /** Drops all messages of a conversation that is left. */
    forget(conversation) {
        for (const pending of [...conversation.pending]) {
            this.#drop(conversation, pending);
        }
    }

    #drop(conversation, pending) {
        conversation.pending = conversation.pending.filter((one) => one !== pending);
        this.#store.drop(`out ${pending.key}`);
    }

    #keep(pending) {
        this.#store.put(`out ${pending.key}`, pending);
    }

    async #dispatch(conversation, pending) {
        if (this.#client.state !== "connected" || this.#inFlight.has(pending.key)) {
            return; // sent when there is a connection
        }
        if (!conversation.isDirect && !this.#client.channels().includes(conversation.key)) {
            if (conversation.problem) {
                this.#fail(pending, phrase("problem.forbidden"));
            }
            return; // sent when the channel is joined
        }
        const now = Date.now();
        if (now - (pending.triedAt ?? now) > RESEND_MILLIS || now - pending.time > FRESH_MILLIS) {
            const problem = phrase(pending.triedAt === null ? "problem.unsent" : "problem.unknown");
            this.#fail(pending, problem);
            return;
        }
        pending.triedAt ??= now;
        this.#keep(pending);
        const { key, text, image, answered } = pending;
        const data = image ? dataOf(image, text) : text;
        const options = { key, ...(answered && { ref: { offset: answered.offset, kind: "reply" } }) };
        this.#inFlight.add(key);
        try {
            const receipt = conversation.isDirect
                ? await this.#client.direct(conversation.name, data, options)
                : await this.#client.publish(conversation.key, data, options);
            this.#acknowledged(conversation, pending, receipt);
        } catch (error) {
            this.#refused(conversation, pending, error);
        } finally {
            this.#inFlight.delete(key);
        }
        this.#chat.changed();
    }

    #refused(conversation, pending, error) {
        const { code } = error;
        const isAway = this.#client.state !== "connected";
        if (this.#chat.isEnded() || code === "closed" || !conversation.pending.includes(pending)) {
            return; // nothing is written after the end; another visit of the person sends it
        }
        if (code === "timeout" && isAway) {
            return; // sent again by the next connection
        }
        if (code === "too_large" && !pending.image && this.#chat.returned(conversation, pending.text)) {
            this.#drop(conversation, pending);
        } else {
            this.#fail(pending, problemOf(error, conversation));
        }
    }

    #fail(pending, problem) {
        Object.assign(pending, { state: "failed", problem });
        this.#keep(pending);
        this.#chat.changed();
    }

    #acknowledged(conversation, pending, { channel, epoch, offset, own }) {
        if (this.#chat.isEnded()) {
            return;
        }
        const place = conversation.isDirect ? (own ?? { epoch, offset }) : { epoch, offset };
        pending.offset = place.offset;
        this.#store.drop(`out ${pending.key}`);
        const isShown = conversation.messages.some((one) => one.epoch === place.epoch && one.offset === place.offset);
        const position = this.#client.position(channel);
        if (isShown || conversation.detached || !conversation.loaded || (position && position.offset >= offset)) {
            this.#drop(conversation, pending); // delivered before the acknowledgement
        }
    }
}
