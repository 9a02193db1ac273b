/* What was found on the server, page by page, as a list in a dialog. */

import { byId, setText } from "./dom.js";

export class Results {
    #of;
    #list;
    #more;
    #status;
    #next;
    #asked = 0; // counts, so that an answer that comes late has no effect

    /**
     * @template P
     * @param {string} name the elements are called `NAME-list`, `NAME-more` and `NAME-status`
     * @param {object} of
     * @param {(next?: any) => Promise<P>} of.ask gets a page; `next` is that of the page before
     * @param {(page: P) => HTMLElement[]} of.rows draws it
     * @param {() => string} of.waiting what is said meanwhile
     * @param {(count: number) => string} of.found what is said of all that is shown then
     * @param {(error: any) => {text: string, isFinal: boolean}} of.failed what is said of a failure, and whether asking again
     *     is of no use
     */
    constructor(name, of) {
        this.#of = of;
        this.#list = byId(`${name}-list`);
        this.#more = byId(`${name}-more`);
        this.#status = byId(`${name}-status`);
        this.#more.onclick = () => this.#load();
    }

    /** Removes all that is shown. What was asked for has no effect any more. */
    clear() {
        this.#asked++;
        this.#next = undefined;
        this.#list.replaceChildren();
        this.#more.hidden = true;
        setText(this.#status, "");
    }

    /** Shows the first page. */
    begin() {
        this.clear();
        this.#load();
    }

    async #load() {
        const mine = ++this.#asked;
        this.#more.hidden = true;
        setText(this.#status, this.#of.waiting());
        const page = await this.#of.ask(this.#next).catch((error) => ({ error }));
        if (mine !== this.#asked) {
            return;
        }
        if (page.error) {
            const { text, isFinal } = this.#of.failed(page.error);
            setText(this.#status, text);
            this.#more.hidden = isFinal;
            return;
        }
        this.#next = page.next;
        this.#more.hidden = (page.next ?? null) === null;
        const had = this.#list.childElementCount;
        this.#list.append(...this.#of.rows(page));
        setText(this.#status, this.#of.found(this.#list.childElementCount));
        if (had > 0) {
            this.#list.children[had]?.querySelector("button").focus();
        }
    }
}
