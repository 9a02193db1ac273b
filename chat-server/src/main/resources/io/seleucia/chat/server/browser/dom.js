/* Functions for elements. */

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = 8; // pixels to the edge of the page
const GAP = 4;

/** @param {string} id */
export const byId = (id) => document.getElementById(id);

/** An element with a class, and a text or children. */
export function element(tag, className = "", ...children) {
    const made = document.createElement(tag);
    made.className = className;
    made.append(...children);
    return made;
}

/** One of the symbols of the page. */
export function symbol(name) {
    const svg = document.createElementNS(SVG, "svg");
    const use = document.createElementNS(SVG, "use");
    use.setAttribute("href", `#symbol-${name}`);
    svg.setAttribute("aria-hidden", "true");
    svg.append(use);
    return svg;
}

/** Sets a text if it has changed: unchanged texts are neither read out nor laid out again. */
export function setText(node, text) {
    if (node.textContent !== text) {
        node.textContent = text;
    }
}

/** The children of a list by key. Children that stay keep the focus; those that are built again give it on. */
export class Rows {
    #list;
    #replacing;
    #rows = new Map(); // {node, look} by key

    /**
     * @param {HTMLElement} list
     * @param {(before: HTMLElement, after: HTMLElement) => void} [replacing] called before a child is replaced
     */
    constructor(list, replacing = () => {}) {
        this.#list = list;
        this.#replacing = replacing;
    }

    node(key) {
        return this.#rows.get(key)?.node;
    }

    /**
     * @param {{key: string, look: string, build: () => HTMLElement}[]} wanted in order; one whose look has changed is
     *     built again
     */
    show(wanted) {
        const keys = new Set(wanted.map(({ key }) => key));
        for (const [key, { node }] of this.#rows) {
            if (!keys.has(key)) {
                node.remove();
                this.#rows.delete(key);
            }
        }
        let place = this.#list.firstElementChild;
        for (const { key, look, build } of wanted) {
            let row = this.#rows.get(key);
            if (row?.look !== look) {
                const focus = row && focusIn(row.node); // building may take parts of it away
                const node = build();
                if (row) {
                    place = row.node === place ? node : place;
                    this.#replacing(row.node, node);
                    row.node.replaceWith(node);
                    focus(node);
                }
                row = { node, look };
                this.#rows.set(key, row);
            }
            if (row.node === place) {
                place = place.nextElementSibling;
            } else {
                this.#list.insertBefore(row.node, place);
            }
        }
    }
}

/** Returns what gives the focus to the same part of an element that replaces another one. */
function focusIn(before) {
    const { activeElement } = document;
    if (!before.contains(activeElement)) {
        return () => {};
    }
    const { part } = activeElement.dataset;
    return (after) => {
        const same = part && [...after.querySelectorAll("[data-part]")].find((one) => one.dataset.part === part);
        const next = after.contains(activeElement) ? activeElement : (same ?? after);
        next.focus({ preventScroll: true });
    };
}

/** Copies a text for other programs. Returns whether it could. @param {string} text @returns {Promise<boolean>} */
export async function copy(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        return false; // only over HTTPS, or not allowed
    }
}

/** Opens a popover beside another element, and keeps it there while the page changes its size. */
export function openBeside(popover, anchor) {
    const closed = new AbortController();
    const { signal } = closed;
    popover.showPopover();
    place(popover, anchor);
    addEventListener("resize", () => place(popover, anchor), { signal });
    anchor.setAttribute("aria-expanded", "true");
    const toggled = ({ newState }) => {
        if (newState === "closed") {
            anchor.setAttribute("aria-expanded", "false");
            closed.abort();
        }
    };
    popover.addEventListener("toggle", toggled, { signal });
}

/** Puts a popover below an element, or above it if there is more room. */
function place(popover, anchor) {
    const { left, right, top, bottom } = anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = popover;
    const { clientWidth, clientHeight } = document.documentElement;
    const isBelow = bottom + height + MARGIN <= clientHeight || top < clientHeight - bottom;
    const x = document.documentElement.dir === "rtl" ? left : right - width;
    const y = isBelow ? bottom + GAP : top - height - GAP;
    popover.style.left = `${Math.max(MARGIN, Math.min(x, clientWidth - width - MARGIN))}px`;
    popover.style.top = `${Math.max(MARGIN, Math.min(y, clientHeight - height - MARGIN))}px`;
}
