/* Functions for elements. */

const SVG = "http://www.w3.org/2000/svg";

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

/** The children of a list by key. Children that stay keep the focus. */
export class Rows {
    #list;
    #rows = new Map(); // {node, look} by key

    constructor(list) {
        this.#list = list;
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
                const node = build();
                if (row) {
                    place = row.node === place ? node : place;
                    row.node.replaceWith(node);
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
