/*
 * Data that survives a reload: the user's in the browser, and the tab's until it is closed. Everything else works
 * without storage.
 */

class Kept {
    #area;

    constructor(area) {
        this.#area = area;
    }

    /** Returns the value of a name, or a default. */
    get(name, otherwise) {
        try {
            return JSON.parse(globalThis[this.#area].getItem(`seleucia.${name}`)) ?? otherwise;
        } catch {
            return otherwise; // no storage, or a foreign value
        }
    }

    put(name, value) {
        try {
            globalThis[this.#area].setItem(`seleucia.${name}`, JSON.stringify(value));
        } catch {
            // Full or forbidden: lost with the page.
        }
    }

    drop(name) {
        try {
            globalThis[this.#area].removeItem(`seleucia.${name}`);
        } catch {
            // no storage
        }
    }
}

/** Stays in the browser. */
export const person = new Kept("localStorage");

/** Stays until the tab is closed. */
export const tab = new Kept("sessionStorage");
