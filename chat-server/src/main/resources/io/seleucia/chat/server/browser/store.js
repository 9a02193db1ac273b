/*
 * What the browser keeps of one person on one server, shared by all tabs. Each value has a key of its own, so that tabs
 * merge by writing different ones. Small values are in localStorage, which is written at once; large ones, and those for
 * which it has no room, in the database. A tab learns of the others' changes by storage events and a BroadcastChannel.
 * Where the browser offers none of them, the values live as long as the page.
 */

import { Database } from "./database.js";

const SMALL = 4_000; // characters; larger values go to the database
const MARK = "session"; // the value that is there from signing in to signing out
const SEPARATOR = "\n"; // in no name

/** Returns localStorage, or null where the browser forbids it. */
function localArea() {
    try {
        return globalThis.localStorage;
    } catch {
        return null;
    }
}

export class Store {
    #prefix;
    #area = localArea();
    #database = null;
    #channel = null;
    #values = new Map(); // by name: {at, value}
    #inDatabase = new Set(); // names
    #writing = new Set(); // names on their way into the database
    #unsaved = new Set(); // names for which there was no room
    #ended = false;
    #listener;
    #heard = (event) => this.#changedElsewhere(event);

    /**
     * @param {string} scope of the server and the person
     * @param {{changed: (name: string) => void, ended: () => void, unsaved: () => void}} listener `changed`: another tab has
     *     changed a value; `ended`: the person has signed out in another tab; `unsaved`: `isSaved` may have changed
     */
    constructor(scope, listener) {
        this.#prefix = `seleucia${SEPARATOR}${scope}${SEPARATOR}`;
        this.#listener = listener;
    }

    /** Opens the store of a person, with all values read. */
    static async open(scope, listener) {
        const store = new Store(scope, listener);
        await store.#open();
        return store;
    }

    async #open() {
        this.#database = await Database.open();
        const large = await this.#database?.read(this.#prefix).catch(() => new Map());
        for (const [key, kept] of large ?? []) {
            const name = key.slice(this.#prefix.length);
            this.#values.set(name, kept);
            this.#inDatabase.add(name);
        }
        for (const key of this.#keys()) {
            const name = key.slice(this.#prefix.length);
            const kept = this.#readArea(name);
            if (kept && !(this.#values.get(name)?.at > kept.at)) {
                this.#values.set(name, kept);
            }
        }
        if (globalThis.BroadcastChannel) {
            this.#channel = new BroadcastChannel(this.#prefix);
            this.#channel.onmessage = ({ data }) => this.#told(data);
        }
        globalThis.addEventListener?.("storage", this.#heard);
        if (!this.#values.has(MARK)) {
            this.put(MARK, crypto.getRandomValues(new Uint32Array(2)).join("-"));
        }
    }

    /** Returns what is the same from signing in to signing out, and never again. */
    get session() {
        return this.get(MARK, 0);
    }

    /** Returns whether the values outlive this page. */
    get isSaved() {
        return this.#area !== null && this.#writing.size === 0 && this.#unsaved.size === 0;
    }

    /** Returns whether there was no room for a value, in a browser that keeps any. */
    get isFull() {
        return this.#area !== null && this.#unsaved.size > 0;
    }

    /** Returns a value, or a default. */
    get(name, otherwise) {
        return this.#values.get(name)?.value ?? otherwise;
    }

    /** Returns the names that begin with a prefix, without it. */
    names(prefix) {
        return [...this.#values.keys()]
            .filter((name) => name.startsWith(prefix))
            .map((name) => name.slice(prefix.length));
    }

    put(name, value) {
        if (this.#isOver()) {
            return;
        }
        const kept = { at: Date.now(), value };
        this.#values.set(name, kept);
        const text = JSON.stringify(kept);
        if (text.length <= SMALL && this.#writeArea(name, text)) {
            this.#settled(name);
            this.#removeLarge(name);
        } else {
            this.#putLarge(name, kept, text);
        }
    }

    drop(name) {
        if (this.#values.has(name) && !this.#isOver()) {
            this.#values.delete(name);
            this.#removeFromArea(name);
            this.#settled(name);
            this.#removeLarge(name);
        }
    }

    async #putLarge(name, kept, text) {
        this.#writing.add(name);
        this.#listener.unsaved();
        let done = false;
        try {
            await this.#database.put(this.#prefix + name, kept);
            done = true;
        } catch {
            done = this.#values.get(name) === kept && this.#writeArea(name, text); // no database, or no room there
        }
        if (this.#ended) {
            this.#database?.remove(this.#prefix + name).catch(() => {});
        } else if (this.#values.get(name) === kept) {
            this.#writing.delete(name);
            this.#unsaved.delete(name);
            if (!done) {
                this.#unsaved.add(name);
            } else if (this.#area?.getItem(this.#prefix + name) !== text) {
                this.#inDatabase.add(name);
                this.#removeFromArea(name);
                this.#channel?.postMessage({ name });
            }
            this.#listener.unsaved();
        }
    }

    #removeLarge(name) {
        if (this.#inDatabase.delete(name)) {
            this.#database
                ?.remove(this.#prefix + name)
                .then(() => this.#channel?.postMessage({ name }))
                .catch(() => {});
        }
    }

    #settled(name) {
        const was = this.isSaved;
        this.#writing.delete(name);
        this.#unsaved.delete(name);
        if (this.isSaved !== was) {
            this.#listener.unsaved();
        }
    }

    /** Removes all values, and has the other tabs of the person end too. Nothing is written from then on. */
    async clear() {
        this.#removeAll();
        this.#channel?.postMessage({ ended: true });
        await this.#database?.clear(this.#prefix).catch(() => {});
        this.close();
    }

    #removeAll() {
        this.#ended = true;
        this.#values.clear();
        for (const key of this.#keys()) {
            this.#area.removeItem(key); // other tabs are told by the mark's event
        }
    }

    /** Ends the store. The values stay. */
    close() {
        this.#ended = true;
        globalThis.removeEventListener?.("storage", this.#heard);
        this.#channel?.close();
        this.#database?.close();
    }

    /** Returns whether nothing may be written: the person has signed out, here or in a tab that could not tell this one. */
    #isOver() {
        if (!this.#ended && this.#values.has(MARK) && this.#area && this.#hasLostMark()) {
            this.#endedElsewhere();
        }
        return this.#ended;
    }

    #hasLostMark() {
        return this.#readArea(MARK) === null && !this.#inDatabase.has(MARK) && !this.#unsaved.has(MARK);
    }

    #endedElsewhere() {
        if (!this.#ended) {
            this.#removeAll(); // what this tab has written meanwhile
            this.#database?.clear(this.#prefix).catch(() => {});
            this.#listener.ended();
        }
    }

    #changedElsewhere({ key, storageArea, newValue }) {
        if (this.#ended || storageArea !== this.#area || !(key === null || key.startsWith(this.#prefix))) {
            return;
        }
        const name = key?.slice(this.#prefix.length);
        if (key === null || (name === MARK && newValue === null)) {
            this.#endedElsewhere();
        } else if (newValue !== null) {
            this.#take(name, this.#readArea(name));
        } else if (this.#database === null) {
            this.#take(name, null);
        } else {
            this.#told({ name }); // it may have grown, and be in the database
        }
    }

    async #told({ name, ended }) {
        if (ended) {
            this.#endedElsewhere();
            return;
        }
        const large = await this.#database?.get(this.#prefix + name).catch(() => undefined);
        if (!this.#ended) {
            if (large) {
                this.#inDatabase.add(name);
            } else {
                this.#inDatabase.delete(name);
            }
            this.#take(name, large ?? this.#readArea(name));
        }
    }

    #take(name, kept) {
        if (kept && !(this.#values.get(name)?.at > kept.at)) {
            this.#values.set(name, kept);
        } else if (!kept) {
            this.#values.delete(name);
        }
        this.#listener.changed(name);
    }

    #keys() {
        const area = this.#area;
        const all = area ? Array.from({ length: area.length }, (_, place) => area.key(place)) : [];
        return all.filter((key) => key.startsWith(this.#prefix));
    }

    #readArea(name) {
        try {
            const kept = JSON.parse(this.#area.getItem(this.#prefix + name));
            return typeof kept?.at === "number" ? kept : null;
        } catch {
            return null; // no storage, or a foreign value
        }
    }

    #writeArea(name, text) {
        try {
            this.#area.setItem(this.#prefix + name, text);
            return true;
        } catch {
            return false; // full or forbidden
        }
    }

    #removeFromArea(name) {
        this.#area?.removeItem(this.#prefix + name);
    }
}
