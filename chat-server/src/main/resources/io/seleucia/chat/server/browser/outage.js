/* The time without a connection: since when, and why, as far as a page can know. */

import { wordsForOutage } from "./words.js";

const CALM = 1_500; // milliseconds without a connection before it is shown
const PROBE_PAUSE = 15_000; // milliseconds between two looks at whether the server gives out its page

export class Outage {
    #changed;
    #lostAt = performance.now();
    #state = "connecting";
    #known = {};
    #probedAt = -Infinity;
    #timer;

    /** @param {() => void} changed */
    constructor(changed) {
        this.#changed = changed;
        this.#await();
    }

    /** Handles a change of the connection. */
    changed(state, code, reason) {
        if (state === "connected") {
            this.#lostAt = null;
            this.#known = {};
        } else {
            this.#lostAt ??= performance.now();
            if (state === "waiting") {
                this.#known = { code, reason, reach: this.#known.reach };
                this.#probe();
            }
            this.#await();
        }
        this.#state = state;
    }

    /** Returns whether there has been no connection for long enough to say so. */
    get isFelt() {
        return this.#state !== "connected" && this.#lostAt !== null && performance.now() - this.#lostAt >= CALM;
    }

    /** Returns why there is no connection. */
    get words() {
        return wordsForOutage({ isOnline: navigator.onLine, ...this.#known });
    }

    end() {
        clearTimeout(this.#timer);
    }

    #await() {
        clearTimeout(this.#timer);
        const wait = Math.max(0, CALM - (performance.now() - this.#lostAt)) + 10;
        this.#timer = setTimeout(() => this.#changed(), wait);
    }

    /** Asks whether the server is there at all: a WebSocket does not tell a page why it was refused. */
    async #probe() {
        if (performance.now() - this.#probedAt < PROBE_PAUSE) {
            return;
        }
        this.#probedAt = performance.now();
        const options = { method: "HEAD", cache: "no-store" };
        const reach = await fetch("./", options).then(
            () => "page",
            () => "none",
        );
        this.#known.reach = reach;
        this.#changed();
    }
}
