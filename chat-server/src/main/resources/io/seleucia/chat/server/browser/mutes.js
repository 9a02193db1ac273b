/* The conversations that the person does not want to be told of. */

export class Mutes {
    #store;
    #changed;

    /** @param {import("./store.js").Store} store @param {() => void} changed */
    constructor(store, changed) {
        this.#store = store;
        this.#changed = changed;
    }

    has(key) {
        return this.#store.get(`mute ${key}`, false);
    }

    toggle(key) {
        if (this.has(key)) {
            this.#store.drop(`mute ${key}`);
        } else {
            this.#store.put(`mute ${key}`, true);
        }
        this.#changed();
    }
}
