/*
 * What the person sees, without how it looks: conversations with their messages, what waits to be sent, who is there, what
 * was not read. Everything that changes it goes through a Chat, which tells its listener afterwards.
 */

import { ChatClient } from "./chat-client.js";
import { person, tab } from "./storage.js";

const PAGE = 50; // messages asked for at a time
const WINDOW = 300; // messages kept of a conversation; beyond them those far from what is seen are dropped
const ARCHIVED = 100; // direct messages kept of each conversation
const ARCHIVED_LENGTH = 4_000; // longer ones come from the server, as long as it has them
const INBOX_PAGE = 200;
const RESEND_MILLIS = 200_000; // so long after the first attempt the server still knows the key
const FAILURE_PAUSE = 3_000;
const TYPING_SHOWN = 6_000;
const TYPING_TOLD = 3_000;

/** A channel, or what is said with one other person. */
export class Conversation {
    messages = []; // {id, epoch, offset, sender, time, text, own, isCode} or {id, notice}, in order
    pending = []; // {key, text, time, state: "sending" | "failed", problem, offset}
    members = new Map(); // sessions by client
    typing = new Map(); // until when, by client
    unread = 0;
    firstUnread = null; // the id of the message that a line is drawn above
    loading = null; // "newest", "older", "newer" or null
    failedAt = 0; // when that last failed
    meanwhile = []; // what came while the newest were loaded
    readUpTo = null; // the offset before what was not read, until it is loaded
    loaded = false;
    complete = false; // whether there is nothing older
    detached = false; // whether there is something newer that is not here
    problem = null;

    /** @param {string} key a channel's name, or @ and a person's */
    constructor(key) {
        this.key = key;
        this.isDirect = key.startsWith("@");
        this.name = this.isDirect ? key.slice(1) : key;
        this.draft = tab.get(`draft ${key}`, "");
    }

    get newest() {
        return this.messages.findLast((message) => !message.notice);
    }

    get oldest() {
        return this.messages.find((message) => !message.notice);
    }
}

/** The whole of it, from the login on. */
export class Chat {
    conversations = new Map();
    current = null;
    connection = { state: "connecting", lostAt: 0, begun: false }; // whether it ever was there, and since when it is not
    #client;
    #changed;
    #ended;
    #heard;
    #isAttentive;
    #reads = {}; // the position up to which a channel was read, by name
    #inboxRead = null;
    #toldTyping = 0;
    #login;
    #isAtEnd;

    /**
     * @param {object} login as ChatClient has it
     * @param {{changed: () => void, ended: (error: Error | null) => void, heard: (message: object,
     *     conversation: Conversation) => void, isAtEnd: () => boolean, isAttentive: () => boolean}} listener `isAtEnd`:
     *     whether the newest message is in sight; `isAttentive`: whether somebody looks, too
     */
    constructor(login, listener) {
        this.#login = login;
        this.#changed = listener.changed;
        this.#ended = listener.ended;
        this.#heard = listener.heard;
        this.#isAtEnd = listener.isAtEnd;
        this.#isAttentive = listener.isAttentive;
        this.#client = new ChatClient(login);
        this.#client.on("state", (event) => this.#stateChanged(event));
        this.#client.on("message", (message) => this.#received(message.channel, message));
        this.#client.on("direct", (message) => this.#received(`@${message.sender}`, message));
        this.#client.on("signal", (signal) => this.#signalled(signal));
        this.#client.on("joined", ({ channel, client }) => this.#member(channel, client, true));
        this.#client.on("left", ({ channel, client }) => this.#member(channel, client, false));
        this.#client.on("lost", (lost) => this.#lost(lost));
        this.#restore();
    }

    get name() {
        return this.#client.name || this.#login.client || this.#login.user;
    }

    /** Ends it, after what waits has been sent; what the tab keeps is forgotten. */
    async end() {
        await this.#client.close();
        person.drop("name");
        tab.drop("current");
        for (const key of this.conversations.keys()) {
            tab.drop(`draft ${key}`);
            tab.drop(`pending ${key}`);
        }
    }

    #stateChanged({ state, error }) {
        const begins = state === "connected";
        const { lostAt, begun } = this.connection;
        this.connection = { state, lostAt: begins ? 0 : lostAt || Date.now(), begun: begun || begins };
        if (state === "closed") {
            this.#ended(error);
        } else if (begins) {
            person.put("name", this.name);
            this.#readInbox();
            this.#askMembers(this.current);
            if (this.current && !this.current.loaded) {
                this.#load(this.current);
            }
            this.conversations.forEach((conversation) => conversation.typing.clear());
        }
        this.#changed();
    }

    /** What was open when this person was last here. */
    #restore() {
        this.#reads = person.get(`reads ${this.name}`, {});
        const channels = person.get(`channels ${this.name}`, ["lobby"]);
        channels.forEach((channel) => this.#join(channel));
        this.#restoreDirects();
        this.select(tab.get("current", channels[0] ?? null));
    }

    /** Follows a channel and shows it. */
    join(channel) {
        this.#join(channel);
        this.select(channel);
    }

    #join(channel) {
        if (this.conversations.has(channel)) {
            return;
        }
        const conversation = this.#open(channel);
        this.#keepChannels();
        this.#client.join(channel, { presence: true }).then(
            ({ epoch, offset }) => {
                const read = this.#reads[channel];
                if (read?.epoch === epoch && offset > read.offset) {
                    conversation.unread += offset - read.offset;
                    conversation.readUpTo = read.offset;
                } else if (!read) {
                    this.#noteRead(channel, { epoch, offset });
                }
                if (conversation === this.current) {
                    this.#load(conversation);
                    this.#askMembers(conversation);
                }
                this.#changed();
            },
            (error) => {
                if (this.#client.state !== "closed" && this.conversations.get(channel) === conversation) {
                    conversation.problem = error.message;
                    this.#keepChannels();
                    this.#changed();
                }
            },
        );
        this.#resumePending(conversation);
    }

    /** Begins a conversation with one other person. */
    write(to) {
        this.select(this.#open(`@${to}`).key);
        this.#keepDirects();
    }

    #open(key) {
        let conversation = this.conversations.get(key);
        if (!conversation) {
            conversation = new Conversation(key);
            conversation.loaded = conversation.complete = conversation.isDirect;
            this.conversations.set(key, conversation);
        }
        return conversation;
    }

    /** Leaves a channel, or puts a conversation away. */
    leave(conversation) {
        this.conversations.delete(conversation.key);
        tab.drop(`draft ${conversation.key}`);
        tab.drop(`pending ${conversation.key}`);
        if (conversation.isDirect) {
            this.#keepDirects();
        } else {
            this.#client.leave(conversation.key);
            delete this.#reads[conversation.key];
            person.put(`reads ${this.name}`, this.#reads);
            this.#keepChannels();
        }
        if (this.current === conversation) {
            this.select([...this.conversations.keys()][0] ?? null);
        }
        this.#changed();
    }

    /** Shows a conversation, by its key; null shows none. */
    select(key) {
        const conversation = this.conversations.get(key) ?? [...this.conversations.values()][0] ?? null;
        if (this.current && this.current !== conversation) {
            this.current.firstUnread = null;
        }
        this.current = conversation;
        tab.put("current", conversation?.key ?? null);
        if (conversation && !conversation.loaded) {
            this.#load(conversation);
        }
        if (conversation) {
            this.#drawLine(conversation);
            this.#askMembers(conversation);
        }
        this.#changed();
    }

    /** The line above what was not read stays where it was when the conversation was opened. */
    #drawLine(conversation) {
        if (conversation.unread > 0 && conversation.loaded) {
            const others = conversation.messages.filter((message) => !message.own && !message.notice);
            const first =
                conversation.readUpTo === null
                    ? others.at(-conversation.unread)
                    : others.find((message) => message.offset > conversation.readUpTo);
            conversation.firstUnread = first?.id ?? null;
            conversation.readUpTo = null;
        }
    }

    /** What is there was seen. */
    read() {
        const conversation = this.current;
        const newest = conversation?.newest;
        if (!newest || conversation.detached || !conversation.loaded) {
            return;
        }
        const { key, isDirect, unread } = conversation;
        conversation.unread = 0;
        if (isDirect && unread > 0) {
            this.#keepDirects();
        } else if (!isDirect && this.#reads[key]?.offset !== newest.offset) {
            this.#noteRead(key, { epoch: newest.epoch, offset: newest.offset });
        }
        if (unread > 0) {
            this.#changed();
        }
    }

    #noteRead(channel, position) {
        this.#reads[channel] = position;
        person.put(`reads ${this.name}`, this.#reads);
    }

    #keepChannels() {
        const channels = [...this.conversations.values()].filter(({ isDirect, problem }) => !isDirect && !problem);
        person.put(`channels ${this.name}`, channels.map(({ key }) => key));
    }

    async #askMembers(conversation) {
        if (!conversation || conversation.isDirect || this.connection.state !== "connected") {
            return;
        }
        const members = await this.#client.presence(conversation.key).catch(() => null);
        if (members) { // if not, it was left meanwhile, or is asked again with the next connection
            conversation.members = new Map(members.map(({ client, sessions }) => [client, sessions]));
            this.#changed();
        }
    }

    #member(channel, client, isThere) {
        const conversation = this.conversations.get(channel);
        if (conversation && isThere) {
            conversation.members.set(client, 1);
        } else if (conversation) {
            conversation.members.delete(client);
            conversation.typing.delete(client);
        }
        this.#changed();
    }

    #shown({ epoch, offset, sender, time, data }, prefix = "") {
        return {
            id: `${prefix}${epoch}:${offset ?? crypto.getRandomValues(new Uint32Array(1))}`,
            epoch,
            offset,
            sender,
            time,
            text: typeof data === "string" ? data : JSON.stringify(data, null, 2),
            isCode: typeof data !== "string",
            own: sender === this.name,
        };
    }

    /** The newest page of a channel's history, as it is opened. */
    async #load(conversation) {
        if (conversation.loading || conversation.isDirect || !this.#client.position(conversation.key)) {
            return; // it is loaded when it has been joined
        }
        await this.#loadPage(conversation, "newest", {}, (page) => {
            conversation.messages = page;
            conversation.meanwhile.splice(0).forEach((message) => this.#append(conversation, message));
            conversation.complete = page.length < PAGE && !(page[0]?.offset > 1);
            conversation.loaded = true;
            conversation.detached = false;
            this.#drawLine(conversation);
        });
    }

    /** What is older than what is here. */
    async loadOlder() {
        const conversation = this.current;
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

    /** What is newer than what is here, if that is not the newest. */
    async loadNewer() {
        const conversation = this.current;
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
                await this.#load(conversation); // what is newer is of another history
            }
        }
    }

    /** Back to the newest. */
    async latest() {
        if (this.current?.detached) {
            await this.#load(this.current);
        }
    }

    async #loadPage(conversation, which, range, take) {
        if (Date.now() - conversation.failedAt < FAILURE_PAUSE) {
            return;
        }
        conversation.loading = which;
        this.#changed();
        const page = await this.#client.history(conversation.key, { limit: PAGE, ...range }).catch(() => null);
        conversation.loading = null;
        if (page) {
            take(page.messages.map((message) => this.#shown(message)));
        } else {
            conversation.failedAt = Date.now(); // it was left, or takes too long; whoever scrolls again asks again
        }
        this.#changed();
    }

    #trim(conversation) {
        if (conversation.messages.length > WINDOW) {
            conversation.messages.splice(0, conversation.messages.length - WINDOW + PAGE);
            conversation.complete = conversation.isDirect;
        }
    }

    #received(key, message) {
        const conversation = key.startsWith("@") ? this.#open(key) : this.conversations.get(key);
        if (!conversation) {
            return;
        }
        const shown = this.#shown(message, conversation.isDirect ? "in:" : "");
        conversation.typing.delete(shown.sender);
        if (shown.own) {
            this.#arrived(conversation, shown);
        }
        if (conversation.loading === "newest") {
            conversation.meanwhile.push(shown); // the page may be older than this message
            conversation.meanwhile.splice(0, conversation.meanwhile.length - WINDOW);
        } else if (conversation.loaded && !conversation.detached) {
            this.#append(conversation, shown);
        }
        const seen = conversation === this.current && this.#isAttentive();
        if (!shown.own && !seen) {
            conversation.unread++;
            if (conversation.unread === 1) {
                conversation.firstUnread = shown.id;
            }
        }
        if (conversation.isDirect) {
            this.#inboxRead = { epoch: message.epoch, offset: message.offset };
            this.#keepDirects();
        }
        this.#heard(shown, conversation);
        this.#changed();
    }

    #append(conversation, message) {
        if (conversation.messages.some(({ id }) => id === message.id)) {
            return;
        }
        const full = conversation.messages.length >= WINDOW;
        if (full && conversation === this.current && !conversation.isDirect && !this.#isAtEnd()) {
            conversation.detached = true; // what is looked at stays
        } else {
            conversation.messages.push(message);
            this.#trim(conversation);
        }
    }

    /** An own message has come back: what waited for that waits no longer. */
    #arrived(conversation, { offset, text }) {
        const pending =
            conversation.pending.find((one) => one.offset === offset) ??
            conversation.pending.find((one) => one.state === "sending" && !one.offset && one.text === text);
        if (pending) {
            this.#drop(conversation, pending);
        }
    }

    #lost({ channel, epoch, offset }) {
        if (channel === `@${this.name}`) {
            this.#readInbox();
            return;
        }
        const conversation = this.conversations.get(channel);
        if (!conversation) {
            return;
        }
        conversation.messages.push({ id: `lost:${epoch}:${offset}`, notice: "Some messages before this could not be recovered" });
        const anew = conversation.oldest?.epoch !== epoch;
        conversation.complete = anew; // what is older is of a history that is gone
        if (conversation.detached) {
            this.#load(conversation);
        }
        this.#askMembers(conversation);
        this.#changed();
    }

    /** Sends what was written in the current conversation. */
    send(text) {
        const conversation = this.current;
        const key = crypto.getRandomValues(new Uint32Array(4)).join("-");
        const pending = { key, text, time: Date.now(), state: "sending", problem: "", offset: null };
        conversation.pending.push(pending);
        conversation.firstUnread = null;
        this.setDraft("");
        this.#dispatch(conversation, pending);
    }

    /** Tries again what failed, as the same message: it appears once, even if the first attempt did come through. */
    retry(conversation, pending) {
        if (Date.now() - pending.time > RESEND_MILLIS) {
            pending.key = crypto.getRandomValues(new Uint32Array(4)).join("-");
            pending.time = Date.now();
        }
        pending.state = "sending";
        this.#dispatch(conversation, pending);
    }

    /** Gives up what failed. */
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

    #resumePending(conversation) {
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

    #acknowledged(conversation, pending, { epoch, offset }) {
        pending.offset = offset;
        if (conversation.isDirect) {
            this.#drop(conversation, pending);
            if (conversation.name !== this.name) {
                const message = { epoch, offset, sender: this.name, time: pending.time, data: pending.text };
                this.#append(conversation, this.#shown(message, "out:"));
            }
            this.#keepDirects();
            return;
        }
        const position = this.#client.position(conversation.key);
        if (conversation.detached || !conversation.loaded || position?.offset >= offset) {
            this.#drop(conversation, pending); // it came before the acknowledgement
        }
    }

    /** What stands in the composer. */
    setDraft(text) {
        this.current.draft = text;
        if (text) {
            tab.put(`draft ${this.current.key}`, text);
        } else {
            tab.drop(`draft ${this.current.key}`);
        }
        this.#tellTyping(text !== "");
    }

    #tellTyping(is) {
        const due = is && Date.now() - this.#toldTyping > TYPING_TOLD;
        if (!this.current.isDirect && (due || (!is && this.#toldTyping > 0))) {
            this.#toldTyping = is ? Date.now() : 0;
            this.#client.signal(this.current.key, { typing: is });
        }
    }

    #signalled({ channel, sender, data }) {
        const conversation = this.conversations.get(channel);
        if (conversation && typeof data?.typing === "boolean" && sender !== this.name) {
            if (data.typing) {
                conversation.typing.set(sender, Date.now() + TYPING_SHOWN);
                setTimeout(() => this.#forgetTyping(conversation, sender), TYPING_SHOWN + 10);
            } else {
                conversation.typing.delete(sender);
            }
            this.#changed();
        }
    }

    #forgetTyping(conversation, sender) {
        if (conversation.typing.get(sender) <= Date.now()) {
            conversation.typing.delete(sender);
            this.#changed();
        }
    }

    /** Direct messages of before are in this browser, and those that came meanwhile in the inbox. */
    #restoreDirects() {
        const { inbox = null, peers = {} } = person.get(`directs ${this.name}`, {});
        this.#inboxRead = inbox;
        for (const [name, { messages, unread }] of Object.entries(peers)) {
            const conversation = this.#open(`@${name}`);
            conversation.messages = messages;
            conversation.unread = unread;
            this.#resumePending(conversation);
        }
    }

    async #readInbox() {
        const range = { limit: INBOX_PAGE };
        const page = await this.#client.history(`@${this.name}`, range).catch(() => null); // the next connection asks again
        const known = this.#inboxRead?.epoch === page?.epoch ? (this.#inboxRead?.offset ?? 0) : 0;
        for (const message of page?.messages ?? []) {
            const key = `@${message.sender}`;
            const isNew = message.offset > known;
            const shown = this.#shown(message, "in:");
            if ((isNew || this.conversations.has(key)) && !this.#open(key).messages.some(({ id }) => id === shown.id)) {
                const conversation = this.#open(key);
                conversation.messages.push(shown);
                conversation.messages.sort((one, other) => one.time - other.time);
                conversation.unread += isNew && !shown.own ? 1 : 0;
            }
            if (isNew) {
                this.#inboxRead = { epoch: message.epoch, offset: message.offset };
            }
        }
        this.#keepDirects();
        this.#changed();
    }

    #keepDirects() {
        const peers = {};
        for (const { isDirect, name, messages, unread } of this.conversations.values()) {
            if (isDirect) {
                const kept = messages.filter(({ text }) => text?.length <= ARCHIVED_LENGTH).slice(-ARCHIVED);
                peers[name] = { messages: kept, unread };
            }
        }
        person.put(`directs ${this.name}`, { inbox: this.#inboxRead, peers });
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
