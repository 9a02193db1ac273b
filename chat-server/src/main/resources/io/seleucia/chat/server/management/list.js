// A list of which the server returns a page at a time. Rows are updated in place. While the pointer or the focus is in the
// list, no row moves: rows of what has ended are marked, and new ones wait.

import { ask } from "./api.js";
import { find, keyed, make, put } from "./page.js";
import { count } from "./words.js";

export const PAGE = matchMedia("(max-width: 40rem)").matches ? 20 : 50;

/** Elements have the list's name and a suffix as their ids. Pages begin after a text that the page before has given. */
export class List {
    #starts = [""]; // of the pages up to this one
    #next = "";
    #asked = 0; // queries, of which only the newest counts
    #pointed = false; // by a mouse or a pen, which say when they leave
    #text = make("span");
    #previous = make("button", { type: "button", text: "Previous" });
    #following = make("button", { type: "button", text: "Next" });

    /**
     * @param {string} name that of the elements
     * @param {object} parts
     * @param parts.path that of the API, unless the list has its own way to load a page
     * @param [parts.load] returns the reply for parameters
     * @param parts.items returns the items of a reply
     * @param parts.filters returns parameters of the query; empty ones are left out
     * @param parts.next returns the start of the next page, given a reply and the start of the page; "" if there is none
     * @param parts.start the name of the parameter for a start
     * @param parts.keyOf returns an item's key
     * @param parts.create makes a row for an item
     * @param parts.update sets the changing texts of a row
     * @param [parts.shown] is called with each reply
     */
    constructor(name, parts) {
        Object.assign(this, { name, ...parts });
        this.rows = find(`${name}-rows`);
        const turn = (change) => () => {
            change();
            this.show(true).catch(() => {}); // the next round says why
        };
        this.#previous.addEventListener(
            "click",
            turn(() => this.#starts.pop()),
        );
        this.#following.addEventListener(
            "click",
            turn(() => this.#starts.push(this.#next)),
        );
        this.rows.addEventListener("pointerover", (event) => {
            this.#pointed = event.pointerType !== "touch";
        });
        this.rows.addEventListener("pointerleave", () => {
            this.#pointed = false;
            this.#thaw();
        });
        this.rows.addEventListener("focusout", () => setTimeout(() => this.#thaw()));
    }

    /** Shows the first page again, when a field with a filter has changed. */
    filteredBy(...ids) {
        for (const id of ids) {
            find(id).addEventListener("input", () => {
                this.#starts = [""];
                this.show(true).catch(() => {});
            });
        }
    }

    #isHeld() {
        return this.#pointed || this.rows.contains(document.activeElement);
    }

    /** Asks for the page and shows it. Rows may only move if that is forced, or nobody is about to use them. */
    async show(forced = false) {
        const number = ++this.#asked;
        const start = this.#starts.at(-1);
        const filters = Object.entries({ ...this.filters(), [this.start]: start }).filter(([, value]) => value);
        const parameters = new URLSearchParams([["limit", PAGE], ...filters]);
        const reply = await (this.load?.(parameters) ?? ask(`${this.path}?${parameters}`));
        if (number !== this.#asked) return; // another page is wanted by now
        this.reply = reply;
        this.#next = this.next(reply, start);
        if (!forced && this.#isHeld() && this.rows.children.length > 0) {
            this.#updateInPlace();
        } else {
            this.#draw();
        }
        this.shown?.(reply);
        const total = reply.total;
        put(find(`${this.name}-count`), total === undefined ? "" : count(total));
        if (this.items(reply).length === 0 && this.#starts.length > 1) {
            this.#starts.pop(); // the list has become shorter
            await this.show(forced);
        }
    }

    #draw() {
        const items = this.items(this.reply);
        const focused = this.rows.contains(document.activeElement);
        keyed(this.rows, items, this.keyOf, this.create, (row, item) => {
            row.classList.remove("gone");
            this.update(row, item);
        });
        if (focused && !this.rows.contains(document.activeElement)) {
            this.rows.closest("[tabindex]")?.focus({ preventScroll: true });
        }
        this.late = 0;
        find(`${this.name}-empty`).hidden = items.length > 0;
        this.#showPager(items.length);
    }

    #updateInPlace() {
        const present = new Map([...this.rows.children].map((row) => [row.dataset.key, row]));
        this.late = 0;
        for (const item of this.items(this.reply)) {
            const row = present.get(String(this.keyOf(item)));
            if (row) {
                row.classList.remove("gone");
                this.update(row, item);
                present.delete(row.dataset.key);
            } else {
                this.late++;
            }
        }
        for (const row of present.values()) {
            row.classList.add("gone");
            this.late++;
        }
        this.#showPager(this.items(this.reply).length);
    }

    #thaw() {
        if (this.late && !this.#isHeld()) this.#draw();
    }

    #showPager(shown) {
        const pager = find(`${this.name}-pages`);
        const isOnly = this.#starts.length === 1 && !this.#next;
        const before = (this.#starts.length - 1) * PAGE;
        const total = this.reply.total === undefined ? "" : ` of ${count(this.reply.total)}`;
        const range = isOnly || shown === 0 ? "" : `${count(before + 1)}–${count(before + shown)}${total}`;
        const waiting = this.late ? `${count(this.late)} new or ended: shown when you leave the list` : "";
        put(this.#text, [range, waiting].filter(Boolean).join("; "));
        this.#previous.hidden = this.#following.hidden = isOnly;
        this.#previous.disabled = this.#starts.length === 1;
        this.#following.disabled = !this.#next;
        if (!pager.firstChild) pager.append(this.#previous, this.#text, this.#following);
    }
}

/** Returns the start of the next page of a list whose pages begin at a number of items. */
export function nextOffset(reply, start) {
    const end = Number(start) + PAGE;
    return end < reply.total ? String(end) : "";
}
