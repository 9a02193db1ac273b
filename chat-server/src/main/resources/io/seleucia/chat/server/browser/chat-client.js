/*
 * A client of Seleucia's protocol chat.v1 for browsers: two modules, of which chat-socket.js connects. It keeps a desired
 * state (channels with their last positions, the own inbox, unacknowledged publishes) and returns to it after a lost
 * connection. docs/javascript.md has its guarantees.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @typedef {{epoch: string, offset: number}} Position the place of a message in one life of a channel's history
 * @typedef {{offset: number, kind: "reply" | "edit" | "delete" | "reaction", remove?: true}} Reference to an earlier
 *     message of the same channel
 * @typedef {{channel: string, offset?: number, epoch?: string, sender: string, guest?: true, time: number, data?: any,
 *     headers?: Record<string, string>, ref?: Reference, to?: string, deleted?: {by: string, time: number}}} Message
 *     `time` is in milliseconds since 1970; what came by no history has no offset; a direct message's channel is `@me`,
 *     and `to` is the recipient of an own one; a deleted message, and a deletion, have no data
 * @typedef {Message & {edited?: {offset: number, time: number}, replies?: number,
 *     reactions?: {text: string, count: number, clients: string[]}[]}} FoldedMessage a message as it is now
 * @typedef {Position & {channel: string, duplicate: boolean, own?: Position}} Receipt `own`: of a direct message, the
 *     position of its copy in the own inbox
 * @typedef {"connecting" | "connected" | "waiting" | "closed"} State
 * @typedef {{client?: string, user?: string, password?: string,
 *     token?: string | (() => string | Promise<string>)}} Login one of: a name, an account with its password, a token
 *     or what gives one for each connection
 * @typedef {object} Options
 * @property {string} [resume] what a guest shows for its name, which servers reserve for it: the `resume` of an earlier
 *     client, so that a reloaded page keeps its name; if it is left out, a new one
 * @property {string} [url] the server; that of the page if it is left out
 * @property {number} [deadline] milliseconds in which a request must be answered, resends included; under 4 minutes,
 *     for the server forgets keys after 5
 * @property {number} [bufferMessages] publishes that may wait for their acknowledgement; more are refused
 * @property {number} [bufferBytes] the same in bytes
 * @property {number} [backoff] milliseconds that the first attempt to reconnect waits at the most, by chance less; each
 *     further one twice as many
 * @property {number} [maxBackoff] milliseconds that any waits at the most
 * @property {number} [silence] milliseconds of silence before the server is asked for a sign of life; if it is left out,
 *     what the server does itself
 * @property {number} [patience] milliseconds that this, or the opening of a connection, may take
 * @property {"auto" | "websocket" | "http"} [transport] `auto`: a WebSocket, and over HTTP where none gets through
 */

import { openSocket } from "./chat-socket.js";

/** The failure of a request. */
export class ChatError extends Error {
    /**
     * @param {string} code one of the protocol's, or `timeout`, `buffer_full`, `closed`, `refused`
     * @param {string} message for a person
     * @param {number} [closeCode] of the connection, if it was its end that failed the request
     */
    constructor(code, message, closeCode) {
        super(message);
        this.name = "ChatError";
        this.code = code;
        this.closeCode = closeCode;
    }
}

const DEFAULTS = {
    deadline: 60_000,
    bufferMessages: 1_000,
    bufferBytes: 1_048_576,
    backoff: 500,
    maxBackoff: 30_000,
    silence: 0,
    patience: 10_000,
    transport: "auto",
};
const LONGEST_DEADLINE = 240_000;
const KEY_LENGTH = 43; // four numbers of up to ten digits, and the signs between them
const FINAL_CODES = new Set([4401, 4403]); // the client must not reconnect
const TOKEN_REFUSED = 4999; // our own: the next connection asks for another token
const CROWDED_CODES = new Set([1011, 1013, 4400]); // the client must reconnect later than usual
const REFUSED_CODES = new Set([1002, 1003, 1007, 1009, 1010]); // the request must not be repeated
const PASSING_ERRORS = new Set(["unavailable", "rate_limited"]); // will be retried
const PAUSE = 500; // milliseconds before a retry, or up to twice as long at random
const CROWDED_ATTEMPTS = 4; // a crowded close counts as so many
const STABLE = 10_000; // milliseconds after which a connection is stable, and attempts are counted anew
const UNKNOWN = { epoch: "unknown", offset: 0 }; // in no history, so that the server replies with its position

const FOREIGN = "the server does not speak chat.v1";
const NESTING = 64; // maximum depth of arrays and objects in a request, which is one itself
const PUSHED = /^\{"type":"(message|direct)",(?:"channel":("(?:[^"\\]|\\.)*"),)?"offset":(\d+),/; // as a server writes them
const ANSWERED = /^\{"id":(\d+),"type":"(?:history|presence|channels|search|info|list|read)",/;
const LOGIN_FIELDS = ["client", "user", "password", "token"];
const EVENTS = new Set(
    "message direct sent edited deleted reaction signal joined left read receipt info removed lost delayed state".split(
        " ",
    ),
);
const ANNOTATIONS = { edit: "edited", delete: "deleted", reaction: "reaction" }; // the events, by kind of reference

/**
 * Returns why a server would refuse a request, or null. Such a request fails at once: repeating it would not help.
 * @param {string} json
 */
function flawOf(json) {
    const bare = json.replaceAll("\\\\", ""); // so that every backslash begins an escape
    if (/\\ud[89a-f]/i.test(bare)) {
        return "a message must be valid Unicode: a surrogate in it is unpaired";
    }
    let depth = 0;
    for (const [mark] of bare
        .replaceAll('\\"', "")
        .replace(/"[^"]*"/g, "")
        .matchAll(/[[{\]}]/g)) {
        depth += mark === "[" || mark === "{" ? 1 : -1;
        if (depth > NESTING) {
            return `a message's data may be nested ${NESTING - 1} levels deep`;
        }
    }
    return null;
}

/** @param {string} json */
function refuse(json) {
    const flaw = flawOf(json);
    if (flaw) {
        throw new ChatError("bad_request", flaw);
    }
}

/**
 * Refuses options that do not exist: a misspelt one would have no effect, and say nothing.
 * @param {object} given @param {string[]} known
 */
function refuseOthers(given, known) {
    const other = Object.keys(given).find((name) => !known.includes(name));
    if (other !== undefined) {
        throw new TypeError(`there is no option ${other}; there are ${known.join(", ")}`);
    }
}

/** Returns milliseconds of a clock that is never set. */
const now = () => performance.now();

/** Reports an exception of the page, which must not harm the client nor end a process. */
function report(error) {
    if (globalThis.reportError) {
        globalThis.reportError(error);
    } else {
        console.error(error);
    }
}

/** Returns the field `guest`, if it is set. */
const guestOf = ({ guest }) => (guest ? { guest: true } : {});

/** Returns the fields of a message that only some have. */
function attributesOf({ guest, to, headers, ref, deleted }) {
    const found = Object.entries({ guest, to, headers, ref, deleted }).filter(([, value]) => value !== undefined);
    return Object.fromEntries(found);
}

/** Returns a normalized name. @param {string} name */
const normal = (name) => name.normalize("NFC");

/** @param {string} text */
const bytesOf = (text) => new TextEncoder().encode(text).length;

/** One connection: matches replies with requests, and detects silence. */
class Connection {
    #socket;
    #options;
    #ended;
    #timer;
    #replies = new Map();
    #lastId = 0;
    #ready = false;
    #heardAt = now();
    #askedAt = null; // time of the unanswered ping

    /**
     * @param {string} url
     * @param {Required<Options>} options
     * @param {{opened: () => void, pushed: (push: any) => void, ended: (code: number, reason: string) => void}} owner
     */
    constructor(url, options, owner) {
        this.#options = options;
        this.#ended = owner.ended;
        this.#socket = openSocket(url, options.transport);
        this.#socket.onopen = () => owner.opened();
        this.#socket.onclose = (event) => this.#end(event.code, event.reason);
        this.#socket.onmessage = (event) => {
            this.#heardAt = now();
            this.#askedAt = null;
            try {
                this.#take(event.data, owner);
            } catch (error) {
                report(error);
                this.abandon(1006, FOREIGN);
            }
        };
        this.#timer = setInterval(() => this.#listen(), Math.max(50, Math.min(1_000, options.patience / 4)));
    }

    #take(text, owner) {
        let frame;
        try {
            frame = JSON.parse(text);
        } catch {
            this.#skip(text, owner);
            return;
        }
        if (typeof frame?.type !== "string") {
            this.abandon(1006, FOREIGN);
            return;
        }
        if (frame.id === undefined && frame.type === "error") {
            // The server could not read the id. It answers in order, so it means the oldest request.
            frame.id = this.#replies.keys().next().value;
        }
        const reply = this.#replies.get(frame.id);
        this.#replies.delete(frame.id);
        if (reply) {
            reply(frame);
        } else if (frame.id === undefined) {
            owner.pushed(frame);
        } else {
            this.abandon(1006, "the server has answered what was not asked");
        }
    }

    /** Skips a malformed frame if its type is known: it would arrive again on another connection. */
    #skip(text, owner) {
        const pushed = PUSHED.exec(text);
        const answered = ANSWERED.exec(text);
        if (pushed) {
            const [, type, channel, offset] = pushed;
            owner.pushed({ type, channel: channel && JSON.parse(channel), offset: Number(offset), unreadable: true });
        } else if (answered) {
            const id = Number(answered[1]);
            this.#take(
                JSON.stringify({ id, type: "error", code: "internal", message: "the answer can't be read" }),
                owner,
            );
        } else if (!/^\{"type":"(?:message|signal|joined|left)",/.test(text)) {
            this.abandon(1006, FOREIGN);
        }
    }

    /** Starts to send a ping after silence, in milliseconds. @param {number} silence */
    settle(silence) {
        this.#ready = true;
        this.#options = { ...this.#options, silence: this.#options.silence || silence };
    }

    #listen() {
        const since = this.#ready ? this.#askedAt : this.#heardAt;
        if (since !== null && now() - since > this.#options.patience) {
            this.abandon(4001, "the server is silent");
        } else if (this.#ready && this.#askedAt === null && now() - this.#heardAt > this.#options.silence) {
            this.probe();
        }
    }

    /** Sends a ping, unless one is unanswered. */
    probe() {
        if (this.#ready && this.#askedAt === null) {
            this.#askedAt = now();
            this.ask({ type: "ping" }, () => {});
        }
    }

    /**
     * Sends a request. The reply is handled before later frames, or never.
     * @param {object} request
     * @param {(reply: any) => void} replied
     */
    ask(request, replied) {
        if (this.#socket.readyState === 1) {
            const id = ++this.#lastId;
            this.#replies.set(id, replied);
            this.#socket.send(JSON.stringify({ id, ...request }));
        }
    }

    /** Closes normally. */
    close() {
        this.#socket.close(1000);
    }

    /** Ends the connection without waiting for a peer that may be gone. @param {number} code @param {string} reason */
    abandon(code, reason) {
        this.#socket.onopen = this.#socket.onclose = this.#socket.onmessage = null;
        this.#socket.close();
        this.#end(code, reason);
    }

    #end(code, reason) {
        clearInterval(this.#timer);
        this.#replies.clear();
        this.#ended(code, reason);
    }
}

/** The publishes to one channel or inbox. One is in flight at a time, so that repeated ones stay in order. */
class Lane {
    waiting = [];
    inFlight = false;
}

/**
 * A client that reconnects by itself.
 *
 * ```js
 * const chat = new ChatClient({ client: "ada" });
 * chat.on("message", (message) => console.log(message.sender, message.data));
 * await chat.join("lobby");
 * await chat.publish("lobby", "hi");
 * ```
 */
export class ChatClient {
    #login;
    #resume;
    #options;
    #handlers = new Map();
    #channels = new Map(); // by name: {interest, position, actual, wanted, joining}
    #lanes = new Map(); // by channel, or @ and the recipient
    #reads = new Set(); // unanswered queries
    #inbox = null; // its position
    #connection = null;
    #name = "";
    #maxBytes = 65_536;
    #buffered = { messages: 0, bytes: 0 };
    #state = "connecting";
    #error = null;
    #attempts = 0;
    #refusals = 0; // of tokens, one after the other
    #crowded = false;
    #retry;
    #pausedUntil = 0;
    #drained = null; // called when no publish is waiting
    #wake = () => this.#awake();
    #gone = () => this.#connection?.probe();

    /** Connects at once. @param {Login & Options} options */
    constructor(options) {
        refuseOthers(options, [...LOGIN_FIELDS, "url", "resume", ...Object.keys(DEFAULTS)]);
        const { client, user, password, token, url, resume, ...rest } = options;
        this.#login = { client, user, password, token };
        this.#resume = resume || newSecret(); // chosen here, because the first reply may be lost
        this.#options = { ...DEFAULTS, ...rest, url: url ?? pageServer() };
        this.#options.deadline = Math.min(this.#options.deadline, LONGEST_DEADLINE);
        globalThis.addEventListener?.("online", this.#wake);
        globalThis.addEventListener?.("offline", this.#gone);
        globalThis.document?.addEventListener("visibilitychange", this.#wake);
        this.#connect();
    }

    /** The secret by which a guest gets its name again. Keep it, and show it to no one else. */
    get resume() {
        return this.#resume;
    }

    /** The own client id; empty until the server has sent it. */
    get name() {
        return this.#name;
    }

    /** @returns {State} */
    get state() {
        return this.#state;
    }

    /** The reason of the end, unless `close` was called. @returns {ChatError | null} */
    get error() {
        return this.#error;
    }

    /**
     * Returns how many bytes are left of the largest message that the server takes, were this one published into a
     * channel, or sent to `@bob`. Below zero, it would be refused as `too_large`.
     * @param {string} channel
     * @param {any} data
     */
    bytesLeft(channel, data) {
        const key = "0".repeat(KEY_LENGTH);
        const to = channel.startsWith("@") ? { type: "direct", to: channel.slice(1) } : { type: "publish", channel };
        return this.#maxBytes - bytesOf(JSON.stringify({ id: Number.MAX_SAFE_INTEGER, ...to, data, key }));
    }

    /** Returns the joined channels, also while disconnected, sorted. @returns {string[]} */
    channels() {
        return [...this.#channels]
            .filter(([, channel]) => channel.wanted)
            .map(([name]) => name)
            .sort();
    }

    /** Returns the position of a channel's last message; null if it is not joined. @returns {Position | null} */
    position(channel) {
        const position = this.#channels.get(normal(channel))?.position;
        return position ? { ...position } : null;
    }

    /**
     * Calls a function for every event of a type:
     * - `message`, `direct`: a {@link Message}, each once, in its channel's order
     * - `sent`: the same, of a direct message that this client has sent to `to`, here or elsewhere
     * - `edited`, `deleted`, `reaction`: the same, of what concerns the earlier message `ref.offset` of the channel, or
     *   of the own inbox: its new `data`, its end, or a reaction to it with the text `data` (`ref.remove`: taken back)
     * - `signal`: `{channel, sender, guest, data}`
     * - `joined`, `left`: `{channel, client, guest}`, of channels joined with `presence`
     * - `read`: `{channel, offset, unread, more, end}`, how far this client has read a channel joined with `read`: after
     *   each join, and when another session of it says so; `more`: there are more unread messages than that; `end`: after
     *   a join, the offset up to which they were counted
     * - `receipt`: `{channel, client, guest, offset}`, how far another member has read a channel joined with `receipts`
     * - `info`: `{channel, info, by, time}`, what describes a channel: after each join, and when it changes
     * - `removed`: `{channel, error}`, a {@link ChatError}: the server has ended the subscription, or refuses it
     *   after a lost connection; it is not retried
     * - `lost`: `{channel, epoch, offset}`, messages up to there are no longer available, or are malformed
     * - `delayed`: `{channel, code, message}`, a publish that the server does not take now, and that is sent again
     * - `state`: `{state, error, retryIn, code, reason}`; while waiting, `retryIn` is in milliseconds, and `code` and
     *   `reason` are those of the connection that ended
     * @param {string} type another one is refused with a TypeError
     * @param {(event: any) => void} handler an exception is reported and has no other effect
     * @returns {() => void} ends it
     */
    on(type, handler) {
        if (!EVENTS.has(type)) {
            throw new TypeError(`there is no event ${type}; there are ${[...EVENTS].join(", ")}`);
        }
        const handlers = this.#handlers.get(type) ?? new Set();
        this.#handlers.set(type, handlers.add(handler));
        return () => handlers.delete(handler);
    }

    /**
     * Joins a channel until it is left.
     * @param {string} channel
     * @param {{presence?: boolean, read?: boolean, receipts?: boolean, since?: Position}} [options] `presence`: to be told
     *     who joins and leaves; `read`: how far this client has read; `receipts`: how far others have, who are told the
     *     same of this client; `since`: to get what came after that position first
     * @returns {Promise<Position>} where it begins; rejected if the server does not let us in
     */
    async join(channel, options = {}) {
        refuseOthers(options, ["presence", "read", "receipts", "since"]);
        const { presence = false, read, receipts, since } = options;
        this.#refuseIfClosed();
        channel = normal(channel);
        let entry = this.#channels.get(channel);
        if (!entry) {
            const interest = { presence, read, receipts };
            entry = { interest, position: since ? { ...since } : null, actual: "out", wanted: true, joining: [] };
            this.#channels.set(channel, entry);
        }
        entry.wanted = true;
        return new Promise((resolve, reject) => {
            if (entry.actual === "in") {
                resolve({ ...entry.position });
            } else {
                entry.joining.push({ resolve, reject });
                this.#reconcile(channel);
            }
        });
    }

    /** Leaves a channel after its publishes are acknowledged. */
    leave(channel) {
        channel = normal(channel);
        const entry = this.#channels.get(channel);
        if (entry) {
            entry.wanted = false;
            for (const { reject } of entry.joining.splice(0)) {
                reject(new ChatError("not_subscribed", "it was left"));
            }
            this.#reconcile(channel);
        }
    }

    /**
     * Publishes into a joined channel, now or when the connection is back, once and in order.
     * @param {string} channel
     * @param {any} data anything that JSON has, nested 63 levels deep at the most, without unpaired surrogates
     * @param {{key?: string, headers?: Record<string, string>, ref?: Reference}} [options] `key`: to try again what
     *     failed with `timeout`: the same key is never published twice; `headers`: short texts for programs, 16 at most
     * @returns {Promise<Receipt>}
     */
    async publish(channel, data, options = {}) {
        refuseOthers(options, ["key", "headers", "ref"]);
        const { key, headers, ref } = options;
        channel = normal(channel);
        if (!this.#channels.get(channel)?.wanted) {
            throw new ChatError("not_subscribed", `join ${channel} first`);
        }
        return this.#submit(channel, { type: "publish", channel, headers, ref, data }, key);
    }

    /** Sends a message to all sessions of another client, or to its next one. @returns {Promise<Receipt>} */
    async direct(to, data, options = {}) {
        refuseOthers(options, ["key", "headers", "ref"]);
        const { key, headers, ref } = options;
        to = normal(to);
        return this.#submit(`@${to}`, { type: "direct", to, headers, ref, data }, key);
    }

    /**
     * Publishes an answer to an earlier message, which is a message as others, with a `ref`.
     * @param {string} channel or `@bob`, for the direct messages with bob
     * @param {number} offset of the earlier message; for direct messages, in the own inbox
     * @param {any} data
     * @param {{key?: string, headers?: Record<string, string>}} [options]
     * @returns {Promise<Receipt>} rejected with `too_old` if that message is deleted or no longer in the history
     */
    async reply(channel, offset, data, options) {
        return this.#refer(channel, { offset, kind: "reply" }, data, options);
    }

    /** Replaces the data of an own message, or as a moderator of any. Arguments and result are those of `reply`. */
    async edit(channel, offset, data, options) {
        return this.#refer(channel, { offset, kind: "edit" }, data, options);
    }

    /** Deletes an own message, or as a moderator any. Otherwise as `reply`. @returns {Promise<Receipt>} */
    async remove(channel, offset, options) {
        return this.#refer(channel, { offset, kind: "delete" }, undefined, options);
    }

    /** Reacts to a message with 1 to 16 characters, such as an emoji. Otherwise as `reply`. @returns {Promise<Receipt>} */
    async react(channel, offset, text, options) {
        return this.#refer(channel, { offset, kind: "reaction" }, text, options);
    }

    /** Takes a reaction back. @returns {Promise<Receipt>} */
    async unreact(channel, offset, text, options) {
        return this.#refer(channel, { offset, kind: "reaction", remove: true }, text, options);
    }

    #refer(channel, ref, data, options) {
        return channel.startsWith("@")
            ? this.direct(channel.slice(1), data, { ...options, ref })
            : this.publish(channel, data, { ...options, ref });
    }

    /** Sends a transient signal to the other members. Dropped while there is no connection. */
    signal(channel, data) {
        channel = normal(channel);
        refuse(JSON.stringify({ type: "signal", channel, data }));
        if (this.#channels.get(channel)?.actual === "in") {
            this.#connection.ask({ type: "signal", channel, data }, () => {});
        }
    }

    /**
     * Returns a page of a joined channel's history, or of the own inbox, which is `@` and the own name.
     * @param {string} channel
     * @param {{before?: number, after?: number, limit?: number, folded?: boolean, with?: string}} [options] offsets, both
     *     exclusive; the newest if left out. `folded`: messages as they are now, without edits, deletions and reactions;
     *     `with`: of the own inbox, only what came from that client or went to it
     * @returns {Promise<Position & {channel: string, messages: FoldedMessage[], next?: number}>} the oldest first; `next`: if it
     *     is there, the server has not looked further, and `next` goes on as `before` or `after`
     */
    async history(channel, options = {}) {
        refuseOthers(options, ["before", "after", "limit", "folded", "with"]);
        const { before, after, limit, folded, with: partner } = options;
        channel = normal(channel);
        const range = { before, after, limit, folded, with: partner && normal(partner) };
        const page = await this.#read({ type: "history", channel, ...range });
        return { ...page, messages: page.messages.map((message) => ({ ...message, channel, epoch: page.epoch })) };
    }

    /**
     * Searches the messages of a joined channel, or of the own inbox, as they are now.
     * @param {string} channel
     * @param {string} text letter by letter, but in any case
     * @param {{before?: number, limit?: number}} [options]
     * @returns {Promise<{channel: string, messages: FoldedMessage[], next?: number}>} the newest first; `next` goes on as
     *     `before`, and is left out at the end
     */
    async search(channel, text, options = {}) {
        refuseOthers(options, ["before", "limit"]);
        const { before, limit } = options;
        channel = normal(channel);
        const found = await this.#read({ type: "search", channel, text, before, limit });
        return { ...found, messages: found.messages.map((message) => ({ ...message, channel })) };
    }

    /**
     * Returns all clients in a joined channel, sorted, by loading all pages. For large channels, use `presencePage`.
     * @returns {Promise<{client: string, sessions: number}[]>}
     */
    async presence(channel) {
        const clients = [];
        let page;
        do {
            page = await this.presencePage(channel, { after: clients.at(-1)?.client });
            clients.push(...page.clients);
        } while (page.more && page.clients.length > 0);
        return clients;
    }

    /**
     * Returns a page of the clients in a joined channel, sorted.
     * @param {string} channel
     * @param {{after?: string, limit?: number}} [options] the client after which they begin; at most 1,000, and fewer where
     *     the answer would be too large
     * @returns {Promise<{clients: {client: string, sessions: number}[], total: number, more: boolean}>} `total`: of all
     *     that are there; `more`: whether others follow
     */
    async presencePage(channel, options = {}) {
        refuseOthers(options, ["after", "limit"]);
        const { after, limit } = options;
        const page = await this.#read({ type: "presence", channel: normal(channel), after, limit });
        return { clients: page.clients, total: page.total ?? page.clients.length, more: page.more ?? false };
    }

    /**
     * Says that this client has read a joined channel up to an offset. The mark never moves back.
     * @param {string} channel
     * @param {number} offset
     * @returns {Promise<{channel: string, offset: number, unread: number, more: boolean}>} where the mark is, and how many
     *     messages are unread, `more` than that if so many are not counted
     */
    async read(channel, offset) {
        return { more: false, ...(await this.#read({ type: "read", channel: normal(channel), offset })) };
    }

    /**
     * Returns what describes a channel.
     * @returns {Promise<{channel: string, info?: object, by?: string, time?: number}>}
     */
    async info(channel) {
        return this.#read({ type: "info", channel: normal(channel) });
    }

    /** Describes a channel, by any object, which replaces the former one; null removes it. Otherwise as `info`. */
    async describe(channel, info) {
        const request = { type: "info", channel: normal(channel), set: info };
        refuse(JSON.stringify(request));
        return this.#read(request);
    }

    /**
     * Lists the channels of the server that this client may join, sorted by name. There may be fewer than `limit`, or none,
     * although others follow.
     * @param {{prefix?: string, after?: string, next?: string, limit?: number}} [options] the beginning of their names; the name
     *     after which they begin, or the `next` of the list before; at most 1,000
     * @returns {Promise<{channels: {channel: string, clients: number, time?: number, info?: object}[], more: boolean,
     *     next?: string}>} `next`: if it is there, it goes on, in place of the last channel as `after`
     */
    async list(options = {}) {
        refuseOthers(options, ["prefix", "after", "next", "limit"]);
        const { prefix, after, next, limit } = options;
        const from = next === undefined ? { after } : { next };
        return { more: false, ...(await this.#read({ type: "list", prefix, ...from, limit })) };
    }

    /**
     * Calls a method of the program that runs the server. A call that was sent is not repeated after a lost connection: it is
     * rejected with `offline`, and may have been carried out.
     * @param {string} method
     * @param {any} data
     * @returns {Promise<any>} the result; null for none
     */
    async call(method, data) {
        refuse(JSON.stringify({ type: "call", method, data }));
        return (await this.#read({ type: "call", method, data })).data;
    }

    /** Sends a new token before the old one expires. @param {string} token @returns {Promise<{expires: number}>} */
    async refresh(token) {
        if (typeof this.#login.token === "string") {
            this.#login.token = token;
        }
        return this.#read({ type: "refresh", token });
    }

    /**
     * Closes the client after waiting publishes are acknowledged.
     * @param {{timeout?: number}} [options] milliseconds; what waits then is rejected with `closed`
     */
    async close(options = {}) {
        refuseOthers(options, ["timeout"]);
        const { timeout = 5_000 } = options;
        if (this.#state !== "closed" && this.#buffered.messages > 0) {
            await new Promise((resolve) => {
                this.#drained = resolve;
                setTimeout(resolve, timeout);
            });
        }
        const connection = this.#connection;
        this.#finish(null);
        connection?.close();
    }

    #connect() {
        clearTimeout(this.#retry);
        this.#tell("connecting");
        const owner = {
            opened: () => this.#opened(connection),
            pushed: (push) => this.#connection === connection && this.#pushed(push),
            ended: (code, reason) => this.#connection === connection && this.#lostConnection(code, reason),
        };
        const connection = new Connection(this.#options.url, this.#options, owner);
        this.#connection = connection;
    }

    async #opened(connection) {
        const { client, user, password, token } = this.#login;
        let given = token;
        try {
            given = typeof token === "function" ? await token() : token;
        } catch (error) {
            connection.abandon(1013, `there is no token: ${error?.message ?? error}`);
            return;
        }
        const inbox = this.#inbox ?? UNKNOWN;
        const resume = client === undefined ? undefined : this.#resume;
        connection.ask({ type: "connect", client, user, password, token: given, resume, inbox }, (reply) => {
            if (this.#connection === connection) {
                this.#connected(connection, reply);
            }
        });
    }

    #connected(connection, reply) {
        if (reply.type === "error") {
            if (PASSING_ERRORS.has(reply.code) || reply.code === "internal") {
                connection.abandon(1013, reply.message);
            } else if (reply.code === "unauthorized" && this.#mayAskForAnotherToken()) {
                connection.abandon(TOKEN_REFUSED, reply.message);
            } else {
                connection.close();
                this.#finish(new ChatError(reply.code, reply.message));
            }
            return;
        }
        this.#name = reply.client;
        this.#maxBytes = reply.maxMessageBytes;
        connection.settle(reply.pingSeconds * 1_000);
        if (!this.#crowded) {
            this.#attempts = 0;
        }
        this.#retry = setTimeout(() => {
            this.#refusals = 0;
            this.#attempts = 0;
            this.#crowded = false;
        }, STABLE);
        const hadPosition = this.#inbox !== null;
        if (reply.inbox && reply.inbox.recovered === false) {
            this.#inbox = { epoch: reply.inbox.epoch, offset: reply.inbox.offset };
            if (hadPosition) {
                this.#emit("lost", { channel: `@${this.#name}`, ...this.#inbox });
            }
        }
        this.#tell("connected");
        for (const name of [...this.#channels.keys()]) {
            this.#reconcile(name);
        }
        for (const read of this.#reads) {
            this.#askRead(read);
        }
        this.#pumpAll();
    }

    /** Returns whether what gives tokens may give another one: not if it was refused twice, one after the other. */
    #mayAskForAnotherToken() {
        return typeof this.#login.token === "function" && this.#refusals++ === 0;
    }

    #lostConnection(code, reason) {
        this.#connection = null;
        this.#state = "waiting"; // the event follows when the delay is known
        clearTimeout(this.#retry);
        for (const [name, channel] of [...this.#channels]) {
            channel.actual = "out";
            if (!channel.wanted && !this.#waits(name)) {
                this.#channels.delete(name);
            }
        }
        for (const lane of this.#lanes.values()) {
            if (lane.inFlight && REFUSED_CODES.has(code)) {
                this.#settle(lane, lane.waiting[0], new ChatError("refused", `the server closed with ${code}`, code));
            }
            lane.inFlight = false;
        }
        if (FINAL_CODES.has(code) && !(code === 4401 && this.#mayAskForAnotherToken())) {
            const name = code === 4401 ? "unauthorized" : "forbidden";
            this.#finish(new ChatError(name, reason || `the server closed with ${code}`, code));
            return;
        }
        if (CROWDED_CODES.has(code) || REFUSED_CODES.has(code)) {
            this.#crowded = true;
            this.#attempts = Math.max(this.#attempts, CROWDED_ATTEMPTS);
        }
        const most = Math.min(this.#options.maxBackoff, this.#options.backoff * 2 ** this.#attempts++);
        const retryIn = Math.random() * most;
        this.#retry = setTimeout(() => this.#connect(), retryIn);
        this.#tell("waiting", { retryIn, code, reason });
    }

    /** Handles the return of the network or user: reconnects at once, or checks the connection. */
    #awake() {
        if (globalThis.document?.hidden) {
            return;
        }
        if (this.#state === "waiting" && !this.#crowded) {
            this.#connect();
        } else {
            this.#connection?.probe();
        }
    }

    #finish(error) {
        if (this.#state === "closed") {
            return;
        }
        this.#state = "closed";
        clearTimeout(this.#retry);
        globalThis.removeEventListener?.("online", this.#wake);
        globalThis.removeEventListener?.("offline", this.#gone);
        globalThis.document?.removeEventListener("visibilitychange", this.#wake);
        this.#connection = null;
        this.#error = error;
        const why = error ?? new ChatError("closed", "the client was closed");
        for (const channel of this.#channels.values()) {
            for (const { reject } of channel.joining.splice(0)) {
                reject(why);
            }
            channel.actual = "out";
        }
        for (const lane of this.#lanes.values()) {
            for (const item of [...lane.waiting]) {
                this.#settle(lane, item, why);
            }
        }
        for (const read of this.#reads) {
            read.settle(why);
        }
        this.#tell("closed");
    }

    #refuseIfClosed() {
        if (this.#state === "closed") {
            throw this.#error ?? new ChatError("closed", "the client was closed");
        }
    }

    /** Brings a channel one step nearer to its desired state. */
    #reconcile(name) {
        const channel = this.#channels.get(name);
        const needed = channel?.wanted || this.#waits(name);
        if (channel?.actual === "out" && !needed) {
            this.#channels.delete(name);
        } else if (this.#state !== "connected" || !channel) {
            return; // continues after them
        } else if (channel.actual === "out") {
            channel.actual = "joining";
            this.#connection.ask(
                { type: "subscribe", channel: name, since: channel.position ?? undefined, ...channel.interest },
                (reply) => this.#subscribed(name, channel, reply),
            );
        } else if (channel.actual === "in" && !needed) {
            channel.actual = "leaving";
            this.#connection.ask({ type: "unsubscribe", channel: name }, () => {
                channel.actual = "out";
                channel.position = null;
                this.#reconcile(name);
            });
        }
    }

    /** Returns whether publishes to a channel are waiting. */
    #waits(name) {
        return (this.#lanes.get(name)?.waiting.length ?? 0) > 0;
    }

    #subscribed(name, channel, reply) {
        if (reply.type === "error") {
            channel.actual = "out";
            if (PASSING_ERRORS.has(reply.code)) {
                this.#later(() => this.#reconcile(name));
                return;
            }
            const why = new ChatError(reply.code, reply.message);
            const wasIn = channel.position !== null && channel.joining.length === 0;
            this.#channels.delete(name);
            for (const { reject } of channel.joining.splice(0)) {
                reject(why);
            }
            const lane = this.#lanes.get(name);
            for (const item of [...(lane?.waiting ?? [])]) {
                this.#settle(lane, item, why);
            }
            if (wasIn) {
                this.#emit("removed", { channel: name, error: why });
            }
            return;
        }
        channel.actual = "in";
        const { epoch, offset } = reply;
        // Without the right to read the history, the reply lacks `recovered`.
        const moved = channel.position?.epoch !== epoch || channel.position.offset !== offset;
        const lost = channel.position !== null && reply.recovered !== true && (moved || reply.recovered === false);
        if (channel.position === null || lost) {
            channel.position = { epoch, offset };
        }
        for (const { resolve } of channel.joining.splice(0)) {
            resolve({ ...channel.position });
        }
        if (lost) {
            this.#emit("lost", { channel: name, epoch, offset });
        }
        if (reply.read) {
            this.#emit("read", { channel: name, more: false, ...reply.read, end: offset });
        }
        if (reply.info) {
            this.#emit("info", { channel: name, info: reply.info });
        }
        for (const read of this.#reads) {
            this.#askRead(read);
        }
        this.#pump(name);
        this.#reconcile(name);
    }

    /** Handles the end of a subscription by the server. Publishes in flight are still answered. */
    #removed(name, error) {
        if (this.#channels.get(name)?.actual !== "in") {
            return; // already leaving
        }
        this.#channels.delete(name);
        const lane = this.#lanes.get(name);
        for (const item of lane?.waiting.slice(lane.inFlight ? 1 : 0) ?? []) {
            this.#settle(lane, item, error);
        }
        for (const read of this.#reads) {
            this.#askRead(read);
        }
        this.#emit("removed", { channel: name, error });
    }

    #pushed(push) {
        switch (push.type) {
            case "message": {
                const channel = this.#channels.get(push.channel);
                if (channel?.wanted) {
                    this.#deliver("message", push.channel, channel.position, push);
                }
                break;
            }
            case "direct": {
                const isCopy = push.to !== undefined && push.to !== this.#name;
                this.#deliver(isCopy ? "sent" : "direct", `@${this.#name}`, this.#inbox, push);
                break;
            }
            case "lost": {
                const position = { epoch: push.epoch, offset: push.offset };
                const channel = this.#channels.get(push.channel);
                if (push.channel === `@${this.#name}`) {
                    this.#inbox = position;
                } else if (channel) {
                    channel.position = position;
                }
                this.#emit("lost", { channel: push.channel, ...position });
                break;
            }
            case "signal":
                this.#emit("signal", { channel: push.channel, sender: push.sender, ...guestOf(push), data: push.data });
                break;
            case "unsubscribed":
                this.#removed(push.channel, new ChatError(push.code, push.message));
                break;
            case "read": {
                const { channel, offset, unread, more = false } = push;
                this.#emit("read", { channel, offset, unread, more });
                break;
            }
            case "receipt":
                this.#emit("receipt", {
                    channel: push.channel,
                    client: push.client,
                    ...guestOf(push),
                    offset: push.offset,
                });
                break;
            case "info": {
                const { type, ...info } = push;
                this.#emit("info", info);
                break;
            }
            case "joined":
            case "left":
                this.#emit(push.type, { channel: push.channel, client: push.client, ...guestOf(push) });
                break;
            default: // goodbye, whose code the close has too, and what later servers may say
        }
    }

    #deliver(type, channel, position, push) {
        const { offset, sender, time, data, unreadable } = push;
        if (unreadable) {
            if (position && offset > position.offset) {
                position.offset = offset;
                this.#emit("lost", { channel, epoch: position.epoch, offset });
            }
            return;
        }
        const message = { channel, sender, ...attributesOf(push), time, data };
        if (offset === undefined) {
            this.#emit(type, message);
        } else if (position && offset > position.offset) {
            if (offset > position.offset + 1) {
                // the server should have reported it
                this.#emit("lost", { channel, epoch: position.epoch, offset: offset - 1 });
            }
            position.offset = offset;
            const isBlank = push.deleted && push.ref && push.ref.kind !== "reply"; // the deletion follows
            if (!isBlank) {
                const event = ANNOTATIONS[push.ref?.kind] ?? type;
                this.#emit(event, { ...message, offset, epoch: position.epoch });
            }
        }
    }

    #submit(lane, request, key = crypto.getRandomValues(new Uint32Array(4)).join("-")) {
        this.#refuseIfClosed();
        const keyed = { ...request, key };
        const json = JSON.stringify({ id: Number.MAX_SAFE_INTEGER, ...keyed });
        const bytes = bytesOf(json);
        if (bytes > this.#maxBytes) {
            throw new ChatError("too_large", `a message has at most ${this.#maxBytes} bytes`);
        }
        refuse(json);
        const { messages: waiting, bytes: held } = this.#buffered;
        if (waiting >= this.#options.bufferMessages || held + bytes > this.#options.bufferBytes) {
            throw new ChatError("buffer_full", "too much waits to be sent already");
        }
        this.#buffered = { messages: waiting + 1, bytes: held + bytes };
        const queue = this.#lanes.get(lane) ?? new Lane();
        this.#lanes.set(lane, queue);
        return new Promise((resolve, reject) => {
            const item = { name: lane, request: keyed, bytes, resolve, reject };
            item.timer = setTimeout(() => {
                this.#settle(queue, item, new ChatError("timeout", "it was not acknowledged in time"));
            }, this.#options.deadline);
            queue.waiting.push(item);
            this.#pump(lane);
        });
    }

    /** Sends the first waiting publish of a lane, unless one is in flight. */
    #pump(name) {
        const lane = this.#lanes.get(name);
        const open = name.startsWith("@") || this.#channels.get(name)?.actual === "in";
        const item = lane?.waiting[0];
        if (!item || lane.inFlight || this.#state !== "connected" || !open || now() < this.#pausedUntil) {
            return;
        }
        lane.inFlight = true;
        const connection = this.#connection;
        connection.ask(item.request, (reply) => {
            if (this.#connection !== connection) {
                return;
            }
            lane.inFlight = false;
            if (reply.type === "error" && PASSING_ERRORS.has(reply.code)) {
                this.#pausedUntil = now() + PAUSE;
                this.#later(() => this.#pumpAll());
                this.#emit("delayed", { channel: name, code: reply.code, message: reply.message });
            } else if (reply.type === "error") {
                this.#settle(lane, item, new ChatError(reply.code, reply.message));
            } else {
                const { channel, epoch, offset, duplicate = false, own } = reply;
                this.#settle(lane, item, null, { channel, epoch, offset, duplicate, ...(own && { own }) });
            }
            if (lane.waiting.length === 0 && this.#lanes.get(name) === lane) {
                this.#lanes.delete(name);
            }
            this.#pump(name);
        });
    }

    #pumpAll() {
        for (const name of [...this.#lanes.keys()]) {
            this.#pump(name);
        }
    }

    #later(action) {
        setTimeout(action, PAUSE * (1 + Math.random()));
    }

    #settle(lane, item, error, receipt) {
        const place = lane.waiting.indexOf(item);
        if (place < 0) {
            return; // it has timed out
        }
        lane.waiting.splice(place, 1);
        clearTimeout(item.timer);
        this.#buffered = { messages: this.#buffered.messages - 1, bytes: this.#buffered.bytes - item.bytes };
        if (error) {
            item.reject(error);
        } else {
            item.resolve(receipt);
        }
        if (lane.waiting.length === 0) {
            if (!lane.inFlight) {
                this.#lanes.delete(item.name);
            }
            this.#reconcile(item.name);
        }
        if (this.#buffered.messages === 0) {
            this.#drained?.();
        }
    }

    #read(request) {
        return new Promise((resolve, reject) => {
            this.#refuseIfClosed();
            const read = { request, askedOn: null };
            read.settle = (error, reply) => {
                clearTimeout(read.timer);
                this.#reads.delete(read);
                if (error) {
                    reject(error);
                } else {
                    resolve(reply);
                }
            };
            read.timer = setTimeout(
                () => read.settle(new ChatError("timeout", "there was no answer in time")),
                this.#options.deadline,
            );
            this.#reads.add(read);
            this.#askRead(read);
        });
    }

    /** Sends a query once on each connection, after its channel is joined if it is to be. */
    #askRead(read) {
        const channel = this.#channels.get(read.request.channel);
        const connection = this.#connection;
        if (read.request.type === "call" && read.askedOn && read.askedOn !== connection) {
            read.settle(new ChatError("offline", "the connection was lost; the call may have been carried out"));
            return;
        }
        if (
            this.#state !== "connected" ||
            read.askedOn === connection ||
            (channel?.wanted && channel.actual !== "in")
        ) {
            return;
        }
        read.askedOn = connection;
        connection.ask(read.request, ({ id, type, ...reply }) => {
            if (type !== "error") {
                read.settle(null, reply);
            } else if (PASSING_ERRORS.has(reply.code)) {
                read.askedOn = null;
                this.#later(() => this.#reads.has(read) && this.#askRead(read));
            } else {
                read.settle(new ChatError(reply.code, reply.message));
            }
        });
    }

    #tell(state, details) {
        this.#state = state;
        this.#emit("state", { state, error: this.#error, ...details });
    }

    #emit(type, event) {
        for (const handler of [...(this.#handlers.get(type) ?? [])]) {
            try {
                handler(event);
            } catch (error) {
                report(error);
            }
        }
    }
}

/** Returns a secret of 128 random bits, in base64url. */
function newSecret() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return btoa(String.fromCharCode(...bytes))
        .replaceAll("+", "-")
        .replaceAll("/", "_")
        .replaceAll("=", "");
}

/** Returns the URL of the server that served the page. */
function pageServer() {
    const url = new URL("./", globalThis.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url.href;
}
