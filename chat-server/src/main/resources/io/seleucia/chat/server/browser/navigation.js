/*
 * Where the person is: an entry in the browser's history for each conversation, so that Back leads to the one before, and
 * an address for each, to be reloaded, kept or passed on. On a phone, the list of conversations is the first entry.
 */

import { byId } from "./dom.js";
import { phrase } from "./language.js";
import { fragmentOf, placeOf } from "./route.js";

const NARROW = matchMedia("(max-width: 639px)");

export class Navigation {
    #chat;
    #session;
    #moved;
    #place = null;
    #asked = null; // the place that the person is asked about
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
        this.#forgetOthers();
        const place = placeOf(location.hash);
        const isNew = history.state?.session !== this.#session;
        if (isNew && this.isNarrow) {
            this.#write("replaceState", null, 0, true);
        }
        if (place && isNew) {
            this.#write(this.isNarrow ? "pushState" : "replaceState", place, this.isNarrow ? 1 : 0, this.isNarrow);
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

    /** Forgets an address that another person has left in this tab. */
    #forgetOthers() {
        if (history.state !== null && history.state.session !== this.#session) {
            Navigation.forget();
        }
    }

    #restored() {
        this.#forgetOthers();
        const place = placeOf(location.hash);
        this.#show(place ?? (this.isNarrow ? null : this.#last()));
    }

    #write(how, place, depth, isRootList) {
        history[how]({ session: this.#session, depth, isRootList }, "", fragmentOf(place));
    }

    /** Shows a place. A channel that an address alone leads to is joined only if the person says so: any page has links. */
    #show(place) {
        this.#ended();
        const isNews = place !== null && !place.key.startsWith("@") && !this.#chat.conversations.has(place.key);
        if (!isNews) {
            this.#reveal(place);
            return;
        }
        const last = this.isNarrow ? null : this.#last();
        this.#reveal(this.#place ? { key: this.#place.key } : last);
        this.#ask(place);
    }

    async #ask(place) {
        this.#asked = place;
        const isWanted = await isToJoin(place.key);
        if (this.#asked !== place) {
            return; // the person went elsewhere
        }
        this.#asked = null;
        const { depth, isRootList } = this.#state;
        if (isWanted) {
            this.#reveal(place);
        } else if (this.isNarrow && !this.#place) {
            this.toList();
        } else {
            this.#write("replaceState", this.#place, depth, isRootList);
        }
    }

    /** Ends a question that is no longer of use. */
    #ended() {
        if (this.#asked) {
            this.#asked = null;
            byId("invited").close("");
        }
    }

    #reveal(place) {
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
        this.#ended();
    }

    static forget() {
        history.replaceState(null, "", location.pathname + location.search);
    }
}

/** Asks whether to join a channel. @param {string} channel @returns {Promise<boolean>} */
function isToJoin(channel) {
    const dialog = byId("invited");
    byId("invited-title").textContent = phrase("invited.title", { channel });
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => {
        // The event of an earlier time may come when the dialog is open again.
        dialog.onclose = () => dialog.open || resolve(dialog.returnValue === "join");
    });
}
