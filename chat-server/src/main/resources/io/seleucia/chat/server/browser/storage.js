/*
 * What outlives the page: what belongs to the person stays in the browser, what belongs to this tab until it is closed.
 * Where a browser keeps nothing, all works but that.
 */

class Kept {
    #area;

    constructor(area) {
        this.#area = area;
    }

    /** What was put under a name, or something else. */
    get(name, otherwise) {
        try {
            return JSON.parse(globalThis[this.#area].getItem(`seleucia.${name}`)) ?? otherwise;
        } catch {
            return otherwise; // nothing may be kept here, or somebody else has written there
        }
    }

    put(name, value) {
        try {
            globalThis[this.#area].setItem(`seleucia.${name}`, JSON.stringify(value));
        } catch {
            // Full, or forbidden: it is forgotten when the page goes.
        }
    }

    drop(name) {
        try {
            globalThis[this.#area].removeItem(`seleucia.${name}`);
        } catch {
            // Then there was nothing.
        }
    }
}

/** Stays in the browser. */
export const person = new Kept("localStorage");

/** Stays until the tab is closed. */
export const tab = new Kept("sessionStorage");
