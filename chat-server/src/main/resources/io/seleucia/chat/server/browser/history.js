/*
 * The loaded messages of a conversation's history: pages are loaded as the user scrolls, and a window of messages is
 * kept. Direct messages are read from the own inbox, those of one partner at a time.
 */

import { phrase } from "./language.js";
import { idOf, revise } from "./message.js";

const PAGE = 50; // messages of a request
const BEFORE = 15; // messages shown before the first unread one, or one that a link leads to
const WINDOW = 300; // messages kept of a conversation; those far from the visible ones are dropped
const FAILURE_PAUSE = 3_000;
const REFUSALS = new Set(["forbidden", "bad_request", "no_such_user"]); // asking again would not help

export class History {
    #client;
    #changed;
    #loaded;
    #shown;
    #name;
    #isCurrent;
    #isAtEnd;

    /**
     * @param {import("./chat-client.js").ChatClient} client
     * @param {{changed: () => void, loaded: (conversation: object) => void, shown: (message: object) => object,
     *     name: () => string, isCurrent: (conversation: object) => boolean, isAtEnd: () => boolean}} chat
     */
    constructor(client, { changed, loaded, shown, name, isCurrent, isAtEnd }) {
        this.#client = client;
        this.#changed = changed;
        this.#loaded = loaded;
        this.#shown = shown;
        this.#name = name;
        this.#isCurrent = isCurrent;
        this.#isAtEnd = isAtEnd;
    }

    /** Loads the newest page, or that of the first unread messages if they are further back. */
    async load(conversation) {
        const isReady = conversation.isDirect
            ? this.#client.state === "connected"
            : this.#client.position(conversation.key);
        if (conversation.loading || !isReady) {
            return; // loaded when it has been joined
        }
        if (conversation.wanted) {
            this.#seek(conversation);
        } else if (conversation.unread > PAGE && conversation.mark) {
            await this.#loadAround(conversation, conversation.mark.offset);
        } else {
            await this.#loadNewest(conversation);
        }
    }

    async #loadNewest(conversation) {
        await this.#loadPage(conversation, "newest", [{}], ([{ messages, isWhole }]) => {
            this.#replace(conversation, messages, false);
            conversation.complete = isWhole || messages[0]?.offset === 1;
        });
    }

    /** Loads the messages before and after an offset. */
    async #loadAround(conversation, offset) {
        const ranges = [{ before: offset + 1, limit: BEFORE }, { after: offset }];
        await this.#loadPage(conversation, "newest", ranges, ([before, after]) => {
            const later = after.messages;
            const isEnd = after.isWhole;
            this.#replace(conversation, [...before.messages, ...later], !isEnd);
            conversation.complete = before.isWhole || before.messages[0]?.offset === 1;
        });
    }

    #replace(conversation, messages, detached) {
        conversation.messages = messages;
        conversation.detached = detached;
        const meanwhile = conversation.meanwhile.splice(0);
        for (const message of detached ? [] : meanwhile) {
            this.append(conversation, message);
        }
        conversation.loaded = true;
    }

    /** Loads a conversation again that has missed messages. */
    async reload(conversation) {
        if (this.#isCurrent(conversation)) {
            await this.#loadNewest(conversation);
        }
    }

    /** Shows a message, which is loaded if it is not there. */
    show(conversation, id, offset) {
        conversation.wanted = { id, offset, isTried: false };
        if (conversation.loaded) {
            this.#seek(conversation);
        } else {
            this.load(conversation);
        }
    }

    /** Goes on to the message that a link leads to, if there is one. */
    #seek(conversation) {
        const { wanted } = conversation;
        if (!wanted || conversation.loading) {
            return;
        }
        if (conversation.messages.some(({ id }) => id === wanted.id)) {
            conversation.target = wanted.id;
            conversation.wanted = null;
        } else if (wanted.isTried) {
            conversation.target = "missing";
            conversation.wanted = null;
        } else {
            wanted.isTried = true;
            this.#loadAround(conversation, wanted.offset - 1);
        }
        this.#changed();
    }

    /** Loads the page before the oldest message. */
    async loadOlder(conversation) {
        const oldest = conversation?.oldest;
        if (conversation?.loaded && !conversation.loading && !conversation.complete && oldest) {
            await this.#loadPage(conversation, "older", [{ before: oldest.offset }], ([{ messages, isWhole }]) => {
                const fitting = messages.filter(({ epoch }) => epoch === oldest.epoch);
                conversation.messages.unshift(...fitting);
                conversation.complete = isWhole || fitting.length === 0 || fitting[0].offset === 1;
                if (conversation.messages.length > WINDOW) {
                    conversation.messages.length = WINDOW;
                    conversation.detached = true;
                }
            });
        }
    }

    /** Loads the page after the newest message, if there are newer ones. */
    async loadNewer(conversation) {
        const newest = conversation?.newest;
        if (!conversation?.detached || conversation.loading || !newest) {
            return;
        }
        await this.#loadPage(conversation, "newer", [{ after: newest.offset }], ([{ messages, isWhole, epoch }]) => {
            const later = messages.filter(
                (message) => message.epoch === newest.epoch && message.offset > newest.offset,
            );
            conversation.messages.push(...later);
            if (epoch === newest.epoch && isWhole) {
                conversation.detached = false;
                for (const message of conversation.meanwhile.splice(0)) {
                    this.append(conversation, message);
                }
            }
            this.#trim(conversation);
            conversation.loaded = epoch === newest.epoch; // else newer messages are of another history
        });
        if (!conversation.loaded) {
            await this.#loadNewest(conversation);
        }
    }

    /** Goes to the first unread messages if they are not loaded, else to the newest. */
    async latest(conversation) {
        if (conversation.detached && conversation.unread > PAGE && !conversation.oldestUnread && conversation.mark) {
            await this.#loadAround(conversation, conversation.mark.offset);
        } else if (conversation.detached) {
            await this.#loadNewest(conversation);
        }
    }

    async #loadPage(conversation, which, ranges, take) {
        if (conversation.loading || performance.now() - conversation.failedAt < FAILURE_PAUSE) {
            return;
        }
        conversation.loading = which;
        this.#changed();
        try {
            const pages = [];
            for (const range of ranges) {
                pages.push(await this.#page(conversation, { limit: PAGE, folded: true, ...range }));
            }
            conversation.loading = null;
            take(pages);
            this.#catchUp(conversation, Math.min(...pages.map(({ end }) => end)));
            this.#loaded(conversation);
            this.#seek(conversation);
        } catch (error) {
            conversation.loading = null;
            conversation.changes = [];
            this.#failed(conversation, error);
        }
        this.#changed();
    }

    /** Changes messages of a page as it was said while the page was loaded, and after the offset that it is of. */
    #catchUp(conversation, end) {
        for (const change of conversation.changes.splice(0)) {
            const id = idOf(conversation.isDirect, change.epoch, change.ref.offset);
            const message = change.offset > end && conversation.messages.find((one) => one.id === id);
            if (message) {
                revise(message, change);
            }
        }
    }

    /** Notes an edit, a deletion or a reaction: a page that is being loaded may be older. */
    changed(conversation, change) {
        if (conversation.loading) {
            conversation.changes.push(change);
            conversation.changes.splice(0, conversation.changes.length - WINDOW);
        }
    }

    /**
     * Returns a page. One of direct messages goes on where the server has stopped to look. `isWhole`: there are no more
     * messages in its direction; a page may be short for its size in bytes, so only an empty one proves it.
     */
    async #page(conversation, { limit, ...range }) {
        const own = conversation.isDirect ? { with: conversation.name } : {};
        const channel = conversation.isDirect ? `@${this.#name()}` : conversation.key;
        const messages = [];
        let page;
        let next = range;
        do {
            page = await this.#client.history(channel, { ...next, ...own, limit: limit - messages.length });
            const shown = page.messages.map((message) => this.#shown(message));
            messages[range.after === undefined ? "unshift" : "push"](...shown);
            next = { ...next, [range.after === undefined ? "before" : "after"]: page.next };
        } while (page.next !== undefined && messages.length < limit);
        const isAtEnd = range.after !== undefined && messages.at(-1)?.offset >= page.offset;
        const isWhole = page.next === undefined && (messages.length === 0 || isAtEnd);
        return { messages, epoch: page.epoch, end: page.offset, isWhole };
    }

    #failed(conversation, { code }) {
        const isRefused = REFUSALS.has(code);
        conversation.failedAt = performance.now();
        if (isRefused && !conversation.loaded) {
            const notice = { id: "unreadable", notice: phrase("messages.unreadable") };
            this.#replace(conversation, code === "forbidden" ? [notice] : [], false);
            this.#loaded(conversation);
        }
        if (isRefused) {
            conversation.complete = true;
        } else if (this.#client.state !== "closed") {
            // It was left, or too slow.
            setTimeout(() => this.#retry(conversation), FAILURE_PAUSE + 10);
        }
    }

    #retry(conversation) {
        if (!conversation.loaded && this.#isCurrent(conversation)) {
            this.load(conversation);
        }
    }

    #trim(conversation) {
        if (conversation.messages.length > WINDOW) {
            conversation.messages.splice(0, conversation.messages.length - WINDOW + PAGE);
            conversation.complete = false;
        }
    }

    /** Adds an arrived message, unless messages before it are missing. */
    received(conversation, message) {
        if (conversation.loading) {
            conversation.meanwhile.push(message); // the page may be older than this message
            conversation.meanwhile.splice(0, conversation.meanwhile.length - WINDOW);
        }
        if (conversation.loading !== "newest" && conversation.loaded && !conversation.detached) {
            this.append(conversation, message);
        }
    }

    /** Adds a message at the end, unless it is there already. */
    append(conversation, message) {
        if (conversation.messages.some(({ id }) => id === message.id)) {
            return;
        }
        const full = conversation.messages.length >= WINDOW;
        if (full && this.#isCurrent(conversation) && !this.#isAtEnd()) {
            conversation.detached = true; // visible messages stay
        } else {
            conversation.messages.push(message);
            this.#trim(conversation);
        }
    }

    /** Shows that messages before a position are gone. */
    lost(conversation, { epoch, offset }) {
        const anew = conversation.oldest?.epoch !== epoch;
        const id = `lost:${epoch}:${offset}`;
        if (!conversation.messages.some((message) => message.id === id)) {
            conversation.messages.push({ id, notice: phrase("messages.lost") });
        }
        conversation.complete = anew; // older messages are of a history that is gone
        if (conversation.detached) {
            this.load(conversation);
        }
    }
}
