/*
 * The ways in which chat-client.js reaches its server: a WebSocket, and where none gets through, a stream over HTTP with
 * POSTs. Both have the shape of a WebSocket. docs/http-fallback.md has the bytes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @typedef {object} Socket what a WebSocket has, of which the client needs no more
 * @property {number} readyState
 * @property {(() => void) | null} onopen
 * @property {((event: {data: string}) => void) | null} onmessage
 * @property {((event: {code: number, reason: string}) => void) | null} onclose
 * @property {(text: string) => void} send
 * @property {(code?: number) => void} close
 */

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 3;
const SUBPROTOCOL = "chat.v1";
const ABNORMAL = 1006;
const UNAUTHORIZED = 4401;
const REMEMBERED = 600_000; // milliseconds for which HTTP is used at once, after no WebSocket got through
const FIRST_PROBE = 10_000; // milliseconds until a WebSocket is tried again, and four times as long after each
const PROBE_PATIENCE = 10_000;
const BATCH = 20_000; // characters of frames in one POST, unless the first frame alone has more
const POST_PATIENCE = 60_000; // milliseconds
const PAUSE = 500; // milliseconds until a POST is repeated, and up to eight times as long

const throughHttp = new Map(); // by URL: until when HTTP is used, as what `now` returns

/** Returns milliseconds of a clock that is never set. */
const now = () => performance.now();

/**
 * Opens a connection.
 * @param {string} url of the server, with ws: or wss:
 * @param {"auto" | "websocket" | "http"} transport
 * @returns {Socket}
 */
export function openSocket(url, transport) {
    if (transport === "websocket") {
        return new WebSocket(url, SUBPROTOCOL);
    }
    if (transport === "http" || (throughHttp.get(url) ?? 0) > now()) {
        return new HttpSocket(url, transport === "auto");
    }
    try {
        return new ObservedSocket(url);
    } catch {
        return new HttpSocket(url, true); // there are no WebSockets here
    }
}

/** A WebSocket. If it ends before its first message, the next connection is one over HTTP. */
class ObservedSocket {
    onopen = null;
    onmessage = null;
    onclose = null;
    #socket;
    #heard = false;

    /** @param {string} url */
    constructor(url) {
        this.url = url;
        this.#socket = new WebSocket(url, SUBPROTOCOL);
        this.#socket.onopen = () => this.onopen?.();
        this.#socket.onmessage = (event) => {
            this.#heard = true;
            this.onmessage?.(event);
        };
        this.#socket.onclose = (event) => {
            this.#note();
            this.onclose?.(event);
        };
    }

    get readyState() {
        return this.#socket.readyState;
    }

    #note() {
        if (!this.#heard) {
            throughHttp.set(this.url, now() + REMEMBERED);
        }
    }

    send(text) {
        this.#socket.send(text);
    }

    close(code) {
        this.#note();
        this.#socket.close(code);
    }
}

/** A stream of events down, and numbered POSTs up, of which one at a time is on its way. */
class HttpSocket {
    readyState = CONNECTING;
    onopen = null;
    onmessage = null;
    onclose = null;
    #abort = new AbortController();
    #sendTo = "";
    #frames = []; // that wait for a POST
    #posting = false;
    #posts = 0;
    #probing;

    /** @param {string} url @param {boolean} probes whether to return to a WebSocket when one gets through */
    constructor(url, probes) {
        this.url = url;
        this.probes = probes;
        this.#read().then(
            () => this.#end(ABNORMAL, "the stream ended"),
            (error) => this.#end(ABNORMAL, `the stream broke: ${error?.message ?? error}`),
        );
    }

    async #read() {
        const base = new URL(this.url);
        base.protocol = base.protocol === "wss:" ? "https:" : "http:";
        const stream = new URL(`http/${SUBPROTOCOL}`, base);
        stream.search = base.search;
        stream.searchParams.set("pings", "true");
        const response = await fetch(stream, {
            headers: { Accept: "text/event-stream" },
            cache: "no-store",
            credentials: "omit",
            signal: this.#abort.signal,
        });
        if (!response.ok) {
            response.body?.cancel();
            this.#end(response.status === 401 ? UNAUTHORIZED : ABNORMAL, `the server answers with ${response.status}`);
            return;
        }
        const reader = response.body.getReader();
        const decoder = new TextDecoder();
        let text = "";
        for (let part = await reader.read(); !part.done; part = await reader.read()) {
            text += decoder.decode(part.value, { stream: true });
            const end = text.lastIndexOf("\n\n");
            if (end >= 0) {
                const events = text.slice(0, end).split("\n\n");
                text = text.slice(end + 2);
                for (const event of events) {
                    this.#take(event, base);
                }
            }
        }
    }

    /** @param {string} event its lines @param {URL} base */
    #take(event, base) {
        let name = "";
        let data = "";
        for (const line of event.split("\n")) {
            if (line.startsWith("event: ")) {
                name = line.slice(7);
            } else if (line.startsWith("data: ")) {
                data = line.slice(6);
            }
        }
        if (this.readyState === CLOSED || !data) {
            return; // a comment, or too late
        }
        if (name === "open") {
            this.#sendTo = new URL(`http/send/${JSON.parse(data).session}`, base).href;
            this.#opened();
        } else if (name === "close") {
            const { code, reason } = JSON.parse(data);
            this.#end(code, reason);
        } else if (name === "ping") {
            this.#answerPing();
        } else if (!name) {
            this.onmessage?.({ data });
        }
    }

    #opened() {
        this.readyState = OPEN;
        if (this.probes) {
            throughHttp.set(this.url, now() + REMEMBERED);
            this.#probeIn(FIRST_PROBE);
        }
        this.onopen?.();
    }

    #probeIn(delay) {
        this.#probing = setTimeout(async () => {
            const through = await passes(this.url);
            if (through && this.readyState === OPEN) {
                throughHttp.delete(this.url);
                this.#end(ABNORMAL, "a WebSocket gets through again");
            } else if (this.readyState === OPEN) {
                this.#probeIn(Math.min(4 * delay, REMEMBERED));
            }
        }, delay);
    }

    /** @param {string} text */
    send(text) {
        this.#frames.push(text);
        if (!this.#posting) {
            this.#posting = true;
            queueMicrotask(() => this.#post());
        }
    }

    /** Shows the server that this client is alive, by a POST without frames if no other is on its way. */
    async #answerPing() {
        if (!this.#posting && this.readyState === OPEN) {
            this.#posting = true;
            await this.#postOne(`${this.#sendTo}?n=${++this.#posts}`, "");
            this.#post();
        }
    }

    /** Sends what waits, POST after POST, each as often as it takes. */
    async #post() {
        while (this.#frames.length > 0 && this.readyState === OPEN) {
            let count = 1;
            for (let size = this.#frames[0].length; count < this.#frames.length; count++) {
                size += this.#frames[count].length + 1;
                if (size > BATCH) {
                    break;
                }
            }
            const body = this.#frames.splice(0, count).join("\n");
            await this.#postOne(`${this.#sendTo}?n=${++this.#posts}`, body);
        }
        this.#posting = false;
    }

    async #postOne(url, body) {
        for (let pause = PAUSE; this.readyState === OPEN; pause = Math.min(2 * pause, 8 * PAUSE)) {
            const status = await this.#answer(url, body);
            if (status === 204) {
                return;
            }
            if (status >= 400 && status < 500 && status !== 408 && status !== 409 && status !== 429) {
                this.#frames = [];
                setTimeout(() => this.#end(ABNORMAL, `a POST was answered with ${status}`), PAUSE); // unless the stream says why
                return;
            }
            await new Promise((resolve) => setTimeout(resolve, pause * (1 + Math.random())));
        }
    }

    /** Returns the status of an answer, 0 if there is none. */
    async #answer(url, body) {
        try {
            const signal = AbortSignal.any
                ? AbortSignal.any([this.#abort.signal, AbortSignal.timeout(POST_PATIENCE)])
                : this.#abort.signal;
            const options = { method: "POST", body, cache: "no-store", credentials: "omit", signal };
            const response = await fetch(url, options);
            await response.text(); // so that the connection is free
            return response.status;
        } catch {
            return 0;
        }
    }

    /** @param {number} [code] */
    close(code = 1000) {
        this.#end(code, "");
    }

    #end(code, reason) {
        if (this.readyState === CONNECTING && this.probes) {
            throughHttp.delete(this.url); // the other way is tried again
        }
        this.readyState = CLOSED;
        clearTimeout(this.#probing);
        this.#abort.abort();
        const closed = this.onclose;
        this.onopen = this.onmessage = this.onclose = null;
        closed?.({ code, reason });
    }
}

/** Returns whether a WebSocket gets through, and an answer too. @param {string} url */
function passes(url) {
    return new Promise((resolve) => {
        let socket;
        const settle = (through) => {
            clearTimeout(timer);
            resolve(through);
            if (socket) {
                socket.onopen = socket.onmessage = socket.onclose = null;
                socket.close();
            }
        };
        const timer = setTimeout(() => settle(false), PROBE_PATIENCE);
        try {
            socket = new WebSocket(url, SUBPROTOCOL);
            socket.onopen = () => socket.send('{"id":1,"type":"ping"}');
            socket.onmessage = () => settle(true);
            socket.onclose = () => settle(false);
        } catch {
            settle(false);
        }
    });
}
