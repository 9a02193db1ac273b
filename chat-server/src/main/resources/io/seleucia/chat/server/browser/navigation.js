/*
 * Where the person is: an entry in the browser's history for each conversation, so that Back leads to the one before, and
 * an address for each, to be reloaded, kept or passed on. On a phone, the list of conversations is the first entry.
 */

import { fragmentOf, placeOf } from "./route.js";

const NARROW = matchMedia("(max-width: 639px)");

export class Navigation {
    #chat;
    #session;
    #moved;
    #place = null;
    #listen = () => this.#restored();

    /**
     * @param {import("./chat.js").Chat} chat
     * @param {string} session from signing in to signing out: entries of another one are another person's
     * @param {(isList: boolean) => void} moved shows the list, or a conversation
     */
    constructor(chat, session, moved) {
        this.#chat = chat;
        this.#session = session;
        this.#moved = moved;
        addEventListener("popstate", this.#listen);
    }

    /** Whether there is room for either the list or a conversation. */
    get isNarrow() {
        return NARROW.matches;
    }

    /** Shows what the address says; without one, what the person saw last. */
    begin() {
        const place = placeOf(location.hash);
        const isNew = history.state?.session !== this.#session;
        if (isNew && this.isNarrow) {
            this.#write("replaceState", null, 0, true);
        }
        if (place && isNew && this.isNarrow) {
            this.#write("pushState", place, 1, true);
        }
        if (place || this.isNarrow) {
            this.#show(place);
        } else {
            this.#show(this.#last());
            this.#write("replaceState", this.#place, 0, false);
        }
    }

    #last() {
        const key = this.#chat.lastKey;
        return key === null ? null : { key };
    }

    /** Goes to a conversation, or to a message of it. */
    open(place) {
        const fragment = fragmentOf(place);
        if (fragment !== location.hash) {
            const { depth, isRootList } = this.#state;
            this.#write("pushState", place, depth + 1, isRootList);
        }
        this.#show(place);
    }

    /** Goes to the list of conversations. */
    toList() {
        const { depth, isRootList } = this.#state;
        if (isRootList && depth > 0) {
            history.go(-depth);
        } else {
            this.#write("pushState", null, depth + 1, isRootList);
            this.#show(null);
        }
    }

    /** Handles that the conversation is gone. */
    left() {
        if (this.isNarrow) {
            this.toList();
        } else {
            const last = this.#last();
            const { depth, isRootList } = this.#state;
            this.#write("replaceState", last, depth, isRootList);
            this.#show(last);
        }
    }

    get #state() {
        const { session, depth = 0, isRootList = false } = history.state ?? {};
        return session === this.#session ? { depth, isRootList } : { depth: 0, isRootList: false };
    }

    #restored() {
        const isOthers = history.state !== null && history.state.session !== this.#session;
        if (isOthers) {
            Navigation.forget();
        }
        const place = placeOf(location.hash);
        this.#show(place ?? (this.isNarrow ? null : this.#last()));
    }

    #write(how, place, depth, isRootList) {
        history[how]({ session: this.#session, depth, isRootList }, "", fragmentOf(place));
    }

    #show(place) {
        this.#place = place;
        if (place) {
            const { key, message } = place;
            const opened = key.startsWith("@") ? this.#chat.write(key.slice(1)) : this.#chat.join(key);
            this.#chat.select(opened);
            if (message) {
                this.#chat.show(message);
            }
        }
        this.#moved(place === null);
    }

    /** Ends it. The address says no longer where the person was. */
    end() {
        removeEventListener("popstate", this.#listen);
    }

    static forget() {
        history.replaceState(null, "", location.pathname + location.search);
    }
}
