/* What can be found on the server: channels to join, what describes them, and messages by their text. */

const LISTED = 50; // channels of a page
const FOUND = 20; // messages of a page
const LOOKS = 8; // requests for one page at the most: the server may stop without a result, and say where to go on

export class Finder {
    #client;
    #name;
    #changed;

    /**
     * @param {import("./chat-client.js").ChatClient} client
     * @param {import("./conversation.js").Conversations} conversations
     * @param {() => string} name of the person
     * @param {() => void} changed
     */
    constructor(client, conversations, name, changed) {
        this.#client = client;
        this.#name = name;
        this.#changed = changed;
        client.on("info", ({ channel, info }) => {
            const conversation = conversations.get(channel);
            if (conversation) {
                conversation.info = info ?? null;
                changed();
            }
        });
    }

    /**
     * Returns a page of the channels whose names begin with a prefix.
     * @param {string} prefix
     * @param {object} [from] the `next` of the page before
     * @returns {Promise<{channels: {channel: string, clients: number, info?: object}[], next: object | null}>}
     */
    async channels(prefix, from = {}) {
        const channels = [];
        let next = from;
        for (let looks = 0; looks < LOOKS && next && channels.length < LISTED; looks++) {
            const page = await this.#client.list({ prefix: prefix || undefined, limit: LISTED, ...next });
            channels.push(...page.channels);
            next = nextOf(page);
        }
        return { channels, next };
    }

    /**
     * Returns a page of the messages of a conversation that contain a text, the newest first.
     * @param {object} conversation
     * @param {string} text
     * @param {number} [before] the `next` of the page before
     * @returns {Promise<{messages: object[], next?: number}>}
     */
    async messages(conversation, text, before) {
        const { isDirect, key, name } = conversation;
        const channel = isDirect ? `@${this.#name()}` : key;
        const messages = [];
        let next = before;
        let page;
        for (let looks = 0; looks < LOOKS && messages.length < FOUND; looks++) {
            page = await this.#client.search(channel, text, { before: next, limit: FOUND });
            const epoch = page.epoch ?? this.#client.position(channel)?.epoch;
            const ofBoth = page.messages.filter(({ to, sender }) => !isDirect || (to ?? sender) === name);
            messages.push(...ofBoth.map((message) => ({ epoch, ...message })));
            next = page.next;
            if (next === undefined) {
                break;
            }
        }
        return { messages, next };
    }

    /** Sets the topic of a channel, and leaves what else describes it. Rejected if that is not allowed. */
    async setTopic(conversation, topic) {
        const { topic: former, ...rest } = conversation.info ?? {};
        const info = topic ? { ...rest, topic } : rest;
        await this.#client.describe(conversation.key, Object.keys(info).length > 0 ? info : null);
        this.#changed();
    }
}

function nextOf({ channels, more, next }) {
    if (next !== undefined) {
        return { next };
    }
    return more && channels.length > 0 ? { after: channels.at(-1).channel } : null;
}

/** Returns the topic of a channel; empty if it has none. */
export const topicOf = (info) => (typeof info?.topic === "string" ? info.topic.replace(/\s+/gu, " ").trim() : "");
