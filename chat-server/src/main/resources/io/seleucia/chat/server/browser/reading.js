/*
 * How far the person has read. The server keeps it for channels, and tells all sessions of the person; for direct
 * messages this browser does.
 */

import { isInvisible } from "./message.js";

const PAUSE = 2_000; // milliseconds between two marks of a channel
const MOST_UNREAD = 1_000; // direct messages of a person that are counted, the newest

export class Reading {
    #client;
    #store;
    #changed;
    #readDirects;
    #counted = new Map(); // by channel, the offset up to which the server has counted
    #telling = new Map(); // by channel, {timer, conversation}: the mark is told after a while
    #toldAt = new Map(); // by channel, when that was done last
    #leave = () => this.#flush();
    #unread = new Map(); // by person, {first, offsets} of unread direct messages: those read twice count once

    /**
     * @param {import("./chat-client.js").ChatClient} client
     * @param {import("./store.js").Store} store
     * @param {() => void} changed
     * @param {() => void} readDirects called when direct messages are read
     */
    constructor(client, store, changed, readDirects) {
        this.#client = client;
        this.#store = store;
        this.#changed = changed;
        this.#readDirects = readDirects;
        globalThis.addEventListener?.("pagehide", this.#leave);
    }

    /** Handles what the server says about a channel. @param {boolean} isNew whether the person has never been there */
    told(conversation, { offset, unread, end }, isNew) {
        const position = this.#client.position(conversation.key);
        if (!position) {
            return;
        }
        const counted = end ?? position.offset;
        const { mark } = conversation;
        if (mark?.epoch === position.epoch && mark.offset > offset) {
            this.#tell(conversation); // this tab knows of more, and has not told it yet
            return;
        }
        conversation.mark = { epoch: position.epoch, offset };
        if (isNew && offset === 0) {
            this.see(conversation, { epoch: position.epoch, offset: counted }); // what was before it came is not news
        } else if (offset >= counted) {
            conversation.unread = 0;
        } else {
            conversation.unread = unread;
        }
        this.#counted.set(conversation.key, counted);
        this.#changed();
    }

    /** Counts a message of a channel that has arrived. Returns whether it is the first that is unread. */
    arrived(conversation, message) {
        const { key, mark } = conversation;
        if (message.own || isInvisible(message) || message.offset <= (this.#counted.get(key) ?? -1)) {
            return false;
        }
        if (mark?.epoch !== message.epoch) {
            conversation.mark = { epoch: message.epoch, offset: conversation.unread > 0 ? 0 : message.offset - 1 };
        }
        conversation.unread++;
        return conversation.unread === 1;
    }

    /** Forgets the counts of a history that is gone. */
    lost(conversation) {
        this.#counted.delete(conversation.key);
    }

    /** Notes that the person has seen all messages up to a position. */
    see(conversation, { epoch, offset }) {
        const { mark } = conversation;
        if (mark?.epoch === epoch && mark.offset >= offset) {
            return;
        }
        conversation.mark = { epoch, offset };
        if (conversation.isDirect) {
            this.#store.put(`read ${conversation.key}`, conversation.mark);
            this.#recount(conversation);
            this.#readDirects();
        } else {
            const rest = conversation.detached ? null : conversation.messages.filter((one) => isUnread(one, offset));
            conversation.unread = rest ? rest.length : conversation.unread;
            this.#tell(conversation);
        }
        this.#changed();
    }

    /** Tells the server, at most every two seconds for each channel: the last mark is told in any case. */
    #tell(conversation) {
        const { key } = conversation;
        if (!this.#telling.has(key)) {
            const wait = Math.max(0, (this.#toldAt.get(key) ?? -Infinity) + PAUSE - performance.now());
            const timer = setTimeout(() => this.#tellNow(conversation), wait);
            this.#telling.set(key, { timer, conversation });
        }
    }

    async #tellNow(conversation) {
        const { key, mark } = conversation;
        clearTimeout(this.#telling.get(key)?.timer);
        this.#telling.delete(key);
        this.#toldAt.set(key, performance.now());
        const reply = await this.#client.read(key, mark.offset).catch(() => null); // the next mark says as much
        if (reply && conversation.detached && conversation.mark.offset === mark.offset) {
            conversation.unread = reply.unread;
            this.#changed();
        }
    }

    /** Tells what is still to be told, before the page goes. */
    #flush() {
        for (const { conversation } of [...this.#telling.values()]) {
            this.#tellNow(conversation);
        }
    }

    /** Reads how far the person has read a conversation with another one. */
    restore(conversation) {
        const kept = this.#store.get(`read ${conversation.key}`, null);
        const { mark } = conversation;
        if (kept && (mark?.epoch !== kept.epoch || mark.offset < kept.offset)) {
            conversation.mark = kept;
            this.#recount(conversation);
        }
    }

    /** Counts a direct message. Returns whether it is the first that is unread. */
    arrivedDirect(conversation, message) {
        const { epoch, offset, own } = message;
        const { key, mark } = conversation;
        const isRead = mark?.epoch === epoch && offset <= mark.offset;
        if (own && !isRead) {
            this.see(conversation, { epoch, offset }); // an answer, from here or elsewhere: the rest was read
        } else if (!isRead && !isInvisible(message)) {
            conversation.mark = mark?.epoch === epoch ? mark : { epoch, offset: offset - 1 };
            conversation.unread = this.#countDirect(key, offset);
            return conversation.unread === 1;
        }
        return false;
    }

    /** Returns how many direct messages of a person are unread, at the most `MOST_UNREAD`. */
    #countDirect(key, offset) {
        const unread = this.#unread.get(key) ?? { first: Infinity, offsets: new Set() };
        this.#unread.set(key, unread);
        unread.first = Math.min(unread.first, offset);
        unread.offsets.add(offset);
        if (unread.offsets.size > MOST_UNREAD) {
            unread.offsets.delete(unread.offsets.values().next().value);
        }
        return unread.offsets.size;
    }

    /** Returns the offset of the first direct message that is unread, or an earlier one; Infinity if all are read. */
    get oldestDirect() {
        let oldest = Infinity;
        for (const { first } of this.#unread.values()) {
            oldest = Math.min(oldest, first);
        }
        return oldest;
    }

    #recount(conversation) {
        const { key, mark } = conversation;
        const unread = this.#unread.get(key);
        for (const offset of unread?.offsets ?? []) {
            if (offset <= mark.offset) {
                unread.offsets.delete(offset);
            }
        }
        conversation.unread = unread?.offsets.size ?? 0;
        if (conversation.unread === 0) {
            this.#unread.delete(key);
        } else {
            unread.first = Math.max(unread.first, mark.offset + 1);
        }
    }

    /** Forgets the direct messages of a conversation that is closed. */
    closed({ key }) {
        this.#unread.delete(key);
    }

    /** Forgets the direct messages of an inbox that is gone. */
    lostInbox() {
        this.#unread.clear();
    }

    end() {
        globalThis.removeEventListener?.("pagehide", this.#leave);
        this.#flush();
    }
}

const isUnread = (message, mark) => !message.notice && !message.own && message.offset > mark && !isInvisible(message);
