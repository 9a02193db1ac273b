/*
 * The loaded messages of a conversation's history: pages are loaded as the user scrolls, and a window of messages is
 * kept.
 */

const PAGE = 50; // messages of a request
const WINDOW = 300; // messages kept of a conversation; those far from the visible ones are dropped
const FAILURE_PAUSE = 3_000;

export class History {
    #client;
    #changed;
    #loaded;
    #shown;
    #isCurrent;
    #isAtEnd;

    /**
     * @param {import("./chat-client.js").ChatClient} client
     * @param {{changed: () => void, loaded: (conversation: object) => void, shown: (message: object) => object,
     *     isCurrent: (conversation: object) => boolean, isAtEnd: () => boolean}} chat
     */
    constructor(client, { changed, loaded, shown, isCurrent, isAtEnd }) {
        this.#client = client;
        this.#changed = changed;
        this.#loaded = loaded;
        this.#shown = shown;
        this.#isCurrent = isCurrent;
        this.#isAtEnd = isAtEnd;
    }

    /** Loads the newest page of a channel's history. */
    async load(conversation) {
        if (conversation.loading || conversation.isDirect || !this.#client.position(conversation.key)) {
            return; // loaded when it has been joined
        }
        await this.#loadPage(conversation, "newest", {}, (page) => {
            conversation.messages = page;
            for (const message of conversation.meanwhile.splice(0)) {
                this.append(conversation, message);
            }
            conversation.complete = page.length < PAGE && !(page[0]?.offset > 1);
            conversation.loaded = true;
            conversation.detached = false;
            this.#loaded(conversation);
        });
    }

    /** Loads the page before the oldest message. */
    async loadOlder(conversation) {
        const oldest = conversation?.oldest;
        if (conversation?.loaded && !conversation.loading && !conversation.complete && oldest) {
            await this.#loadPage(conversation, "older", { before: oldest.offset }, (page) => {
                const fitting = page.filter(({ epoch }) => epoch === oldest.epoch);
                conversation.messages.unshift(...fitting);
                conversation.complete = fitting.length === 0 || fitting[0].offset === 1;
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
        if (conversation?.detached && !conversation.loading && newest) {
            await this.#loadPage(conversation, "newer", { after: newest.offset }, (page) => {
                const later = page.filter(({ epoch, offset }) => epoch === newest.epoch && offset > newest.offset);
                conversation.messages.push(...later);
                const here = conversation.newest.offset;
                const end = this.#client.position(conversation.key)?.offset ?? 0;
                conversation.detached = later.length > 0 && here < end;
                this.#trim(conversation);
            });
            if (newest.epoch !== this.#client.position(conversation.key)?.epoch) {
                await this.load(conversation); // newer messages are of another history
            }
        }
    }

    /** Goes back to the newest messages. */
    async latest(conversation) {
        if (conversation?.detached) {
            await this.load(conversation);
        }
    }

    async #loadPage(conversation, which, range, take) {
        if (Date.now() - conversation.failedAt < FAILURE_PAUSE) {
            return;
        }
        conversation.loading = which;
        this.#changed();
        const wanted = { limit: PAGE, folded: true, ...range };
        const page = await this.#client.history(conversation.key, wanted).catch(() => null);
        conversation.loading = null;
        if (page) {
            take(page.messages.map((message) => this.#shown(message)));
        } else {
            conversation.failedAt = Date.now(); // left, or too slow: scrolling retries
        }
        this.#changed();
    }

    #trim(conversation) {
        if (conversation.messages.length > WINDOW) {
            conversation.messages.splice(0, conversation.messages.length - WINDOW + PAGE);
            conversation.complete = conversation.isDirect;
        }
    }

    /** Adds an arrived message, unless messages before it are missing. */
    received(conversation, message) {
        if (conversation.loading === "newest") {
            conversation.meanwhile.push(message); // the page may be older than this message
            conversation.meanwhile.splice(0, conversation.meanwhile.length - WINDOW);
        } else if (conversation.loaded && !conversation.detached) {
            this.append(conversation, message);
        }
    }

    /** Adds a message at the end, unless it is there already. */
    append(conversation, message) {
        if (conversation.messages.some(({ id }) => id === message.id)) {
            return;
        }
        const full = conversation.messages.length >= WINDOW;
        if (full && this.#isCurrent(conversation) && !conversation.isDirect && !this.#isAtEnd()) {
            conversation.detached = true; // visible messages stay
        } else {
            conversation.messages.push(message);
            this.#trim(conversation);
        }
    }

    /** Shows that messages before a position are gone. */
    lost(conversation, { epoch, offset }) {
        conversation.messages.push({
            id: `lost:${epoch}:${offset}`,
            notice: "Some messages before this could not be recovered",
        });
        const anew = conversation.oldest?.epoch !== epoch;
        conversation.complete = anew; // older messages are of a history that is gone
        if (conversation.detached) {
            this.load(conversation);
        }
    }
}
