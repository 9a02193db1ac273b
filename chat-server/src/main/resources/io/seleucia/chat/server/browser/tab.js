/* This tab among the others of the browser: each holds a lock, which goes with it however it is closed. */

const PREFIX = "seleucia tab ";

export class Tab {
    id = crypto.getRandomValues(new Uint32Array(2)).join("-");
    #release = () => {};

    constructor() {
        const held = new Promise((resolve) => {
            this.#release = resolve;
        });
        globalThis.navigator?.locks?.request(PREFIX + this.id, () => held).catch(() => {});
    }

    /**
     * Returns a function that says whether another tab is open. Where the browser has no locks, none is: what two tabs
     * send then has the same key, and appears once.
     * @returns {Promise<(id: string) => boolean>}
     */
    async others() {
        const state = await globalThis.navigator?.locks?.query().catch(() => null);
        const open = new Set((state?.held ?? []).map(({ name }) => name));
        return (id) => id !== this.id && open.has(PREFIX + id);
    }

    /** Fulfilled when another tab is gone; never where the browser has no locks. */
    async whenGone(id) {
        if (!globalThis.navigator?.locks) {
            await new Promise(() => {});
        }
        await navigator.locks.request(PREFIX + id, () => {}).catch(() => {});
    }

    /** Gives up what belongs to this tab, for others to take. */
    close() {
        this.#release();
    }
}
