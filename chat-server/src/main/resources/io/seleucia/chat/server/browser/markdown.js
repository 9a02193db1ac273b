/*
 * A small part of Markdown, as a tree. The texts are those of others, so that all is bounded: the time by the length of
 * the text, the nesting by constants. What is not understood stays as it was typed, as do line ends and spaces.
 *
 * Blocks: fences of code, quotes, lists, and what is between them. In lines: `**strong**`, `*emphasis*`, `_emphasis_`,
 * `~~strike~~`, code between backticks, `[label](https://…)`, and bare addresses.
 */

import { partsOf } from "./links.js";

const MOST_BLOCKS = 6; // quotes and lists in one another
const MOST_MARKS = 8; // emphases in one another
const LONGEST_LABEL = 200; // of a link, in characters
const LONGEST_ADDRESS = 2_000;
const MOST_FAILED = 20; // addresses of a paragraph that are none: after so many, no more are tried
const MOST_NODES = 2_000; // of a text, so that none takes long to be drawn
const LONGEST_LANGUAGE = 30;
const FENCE = "```";
const ITEM = /^( {0,8})(?:([-*+])|(\d{1,3})[.)]) (?=\S)/;
const WORD = /[\p{L}\p{N}]/u;
const LATIN_WORD = /[A-Za-z0-9]/; // scripts without spaces have marks within words
const SPACE = /\s/;
const KINDS = { "*": "emphasis", _: "emphasis", "**": "strong", "~~": "strike" };

/**
 * @typedef {{kind: "text", text: string} | {kind: "code", text: string} | {kind: "link", text: string, address: string}
 *     | {kind: "strong" | "emphasis" | "strike", children: Inline[]}} Inline
 * @typedef {{kind: "lines", children: Inline[]} | {kind: "fence", text: string, language: string}
 *     | {kind: "quote", blocks: Block[]} | {kind: "list", start: number?, items: Block[][]}} Block `start`: of a list that
 *     is numbered
 */

/** Returns the blocks of a text; one that has too many marks has none. @param {string} text @returns {Block[]} */
export function parse(text) {
    const blocks = blocksOf(text.split("\n"), 0);
    return sizeOf(blocks) > MOST_NODES ? [{ kind: "lines", children: [{ kind: "text", text }] }] : blocks;
}

/** Returns the number of nodes of trees, which are as deep as the constants allow. */
function sizeOf(nodes) {
    let size = nodes.length;
    for (const { children = [], blocks = [], items = [] } of nodes) {
        size += sizeOf(children) + sizeOf(blocks);
        for (const item of items) {
            size += 1 + sizeOf(item);
        }
    }
    return size;
}

/** Returns the text of a tree without its marks, for places that have one line. @param {Block[]} blocks */
export function plainOf(blocks) {
    return blocks.map(plainBlock).join("\n");
}

function plainBlock(block) {
    switch (block.kind) {
        case "lines":
            return block.children.map(plainInline).join("");
        case "fence":
            return block.text;
        case "quote":
            return plainOf(block.blocks);
        default:
            return block.items.map(plainOf).join("\n");
    }
}

const plainInline = (inline) => inline.text ?? inline.children.map(plainInline).join("");

function blocksOf(lines, depth) {
    const blocks = [];
    let plain = []; // lines of no other block
    const flush = () => {
        const shown = withoutBlankEnds(plain);
        if (shown.length > 0) {
            blocks.push({ kind: "lines", children: inlinesOf(shown) });
        }
        plain = [];
    };
    for (let place = 0; place < lines.length; ) {
        const found = blockAt(lines, place, depth);
        if (found) {
            flush();
            blocks.push(found.block);
            place = found.end;
        } else {
            plain.push(lines[place++]);
        }
    }
    flush();
    return blocks;
}

function withoutBlankEnds(lines) {
    const from = lines.findIndex((line) => line.trim() !== "");
    return from < 0 ? [] : lines.slice(from, lines.findLastIndex((line) => line.trim() !== "") + 1);
}

/** Returns the block that begins with a line, and the line after it; null if none begins there. */
function blockAt(lines, place, depth) {
    const line = lines[place];
    if (isFence(line)) {
        return fenceAt(lines, place);
    }
    if (depth < MOST_BLOCKS && line.startsWith(">")) {
        return quoteAt(lines, place, depth);
    }
    return depth < MOST_BLOCKS && ITEM.test(line) ? listAt(lines, place, depth) : null;
}

/** Returns whether a line opens a fence. One that has backticks later holds code in a line. */
const isFence = (line) => line.startsWith(FENCE) && !line.includes("`", FENCE.length);

function fenceAt(lines, place) {
    let end = place + 1;
    while (end < lines.length && lines[end].trimEnd() !== FENCE) {
        end++;
    }
    if (end === lines.length && end === place + 1) {
        return null; // nothing is in it
    }
    const language = lines[place].slice(FENCE.length).trim().slice(0, LONGEST_LANGUAGE);
    return { block: { kind: "fence", text: lines.slice(place + 1, end).join("\n"), language }, end: end + 1 };
}

function quoteAt(lines, place, depth) {
    const quoted = [];
    let end = place;
    for (; end < lines.length && lines[end].startsWith(">"); end++) {
        quoted.push(lines[end].slice(lines[end].startsWith("> ") ? 2 : 1));
    }
    return { block: { kind: "quote", blocks: blocksOf(quoted, depth + 1) }, end };
}

/** A list ends where its kind changes. Lines that are indented belong to the item before them. */
function listAt(lines, place, depth) {
    const [, indent, bullet, start] = ITEM.exec(lines[place]);
    const items = [];
    let end = place;
    while (end < lines.length) {
        const item = ITEM.exec(lines[end]);
        if (!item || item[1].length !== indent.length || Boolean(item[2]) !== Boolean(bullet)) {
            break;
        }
        const own = [lines[end++].slice(item[0].length)];
        while (end < lines.length && indentOf(lines[end]) > indent.length + 1) {
            own.push(lines[end++].slice(Math.min(item[0].length, indentOf(lines[end - 1]))));
        }
        items.push(blocksOf(own, depth + 1));
    }
    return { block: { kind: "list", start: bullet ? null : Number(start), items }, end };
}

function indentOf(line) {
    let indent = 0;
    while (line[indent] === " ") {
        indent++;
    }
    return indent === line.length ? 0 : indent; // a blank line belongs to nothing
}

/** Returns the inlines of lines. No mark reaches over a blank line. */
function inlinesOf(lines) {
    const inlines = [];
    let paragraph = [];
    const flush = () => {
        inlines.push(...new Marks(paragraph.join("\n")).inlines());
        paragraph = [];
    };
    lines.forEach((line, place) => {
        if (line.trim() === "") {
            flush();
            inlines.push({ kind: "text", text: `${line}\n` });
        } else {
            paragraph.push(line);
            if (lines[place + 1]?.trim() === "") {
                flush();
                inlines.push({ kind: "text", text: "\n" });
            }
        }
    });
    flush();
    return joined(inlines);
}

/** Returns inlines with neighbouring texts as one. */
function joined(inlines) {
    const joint = [];
    for (const inline of inlines) {
        const last = joint.at(-1);
        if (inline.kind === "text" && last?.kind === "text") {
            last.text += inline.text;
        } else if (inline.text !== "") {
            joint.push(inline.children ? { ...inline, children: joined(inline.children) } : inline);
        }
    }
    return joint;
}

/** One paragraph: first code and links are found, whose signs mark nothing, then marks in the rest. */
class Marks {
    #text;
    #open = [{ mark: "", children: [] }]; // the marks that are open, the innermost last, in a root

    constructor(text) {
        this.#text = text;
    }

    /** @returns {Inline[]} */
    inlines() {
        let from = 0;
        for (const atom of atomsOf(this.#text)) {
            this.#rest(from, atom.from);
            this.#add(atom.inline);
            from = atom.end;
        }
        this.#rest(from, this.#text.length);
        while (this.#open.length > 1) {
            this.#dissolve();
        }
        return this.#open[0].children;
    }

    /** Takes what is between atoms: addresses are atoms too. */
    #rest(from, end) {
        let place = from;
        for (const { text, isLink } of partsOf(this.#text.slice(from, end))) {
            if (isLink) {
                this.#add({ kind: "link", text, address: text });
            } else {
                this.#marks(place, place + text.length);
            }
            place += text.length;
        }
    }

    #marks(from, end) {
        let plain = from;
        let place = from;
        while (place < end) {
            const sign = this.#text[place];
            if (sign === "\\" && place + 1 < end && "*_~`[".includes(this.#text[place + 1])) {
                this.#add({ kind: "text", text: this.#text.slice(plain, place) });
                plain = place + 1;
                place += 2;
            } else if (sign === "*" || sign === "_" || sign === "~") {
                const length = runOf(this.#text, place, end);
                this.#add({ kind: "text", text: this.#text.slice(plain, place) });
                this.#run(sign, place, length);
                place += length;
                plain = place;
            } else {
                place++;
            }
        }
        this.#add({ kind: "text", text: this.#text.slice(plain, end) });
    }

    /** Takes a run of one sign: it closes a mark, or opens one, or is text. */
    #run(sign, place, length) {
        const marks = sign === "*" && length === 3 ? ["**", "*"] : [sign.repeat(length)];
        if (!marks.every((mark) => mark in KINDS)) {
            this.#add({ kind: "text", text: sign.repeat(length) });
            return;
        }
        const before = place > 0 ? this.#text[place - 1] : " ";
        const after = this.#text[place + length] ?? " ";
        const word = sign === "_" ? WORD : LATIN_WORD;
        const closes = !SPACE.test(before) && !word.test(after);
        const opens = !SPACE.test(after) && !word.test(before);
        const ordered = closes && this.#open.at(-1).mark === marks.at(-1) ? marks.reverse() : marks;
        for (const mark of ordered) {
            if (closes && this.#open.some((one) => one.mark === mark)) {
                this.#close(mark);
            } else if (opens && this.#open.length <= MOST_MARKS) {
                this.#open.push({ mark, children: [] });
            } else {
                this.#add({ kind: "text", text: mark });
            }
        }
    }

    #close(mark) {
        while (this.#open.at(-1).mark !== mark) {
            this.#dissolve();
        }
        const { children } = this.#open.pop();
        this.#add(children.length === 0 ? { kind: "text", text: mark + mark } : { kind: KINDS[mark], children });
    }

    /** Makes text of the innermost mark, which nothing closes. */
    #dissolve() {
        const { mark, children } = this.#open.pop();
        const into = this.#open.at(-1).children;
        into.push({ kind: "text", text: mark });
        for (const child of children) {
            into.push(child);
        }
    }

    #add(inline) {
        if (inline.text !== "") {
            this.#open.at(-1).children.push(inline);
        }
    }
}

function runOf(text, place, end) {
    let after = place + 1;
    while (after < end && text[after] === text[place]) {
        after++;
    }
    return after - place;
}

/** Returns code and links with labels, in order. @returns {{from: number, end: number, inline: Inline}[]} */
function atomsOf(text) {
    const atoms = [];
    const runs = backticksOf(text);
    const tries = { left: MOST_FAILED };
    for (let place = 0; place < text.length; ) {
        const sign = text[place];
        const atom = sign === "`" ? codeAt(text, place, runs) : sign === "[" ? linkAt(text, place, tries) : null;
        if (atom) {
            atoms.push(atom);
            place = atom.end;
        } else if (sign === "\\") {
            place += 2;
        } else {
            place += sign === "`" ? runOf(text, place, text.length) : 1;
        }
    }
    return atoms;
}

/** Returns the places of runs of backticks, by their lengths. They are taken from the front. */
function backticksOf(text) {
    const runs = new Map();
    for (let place = text.indexOf("`"); place >= 0; ) {
        const length = runOf(text, place, text.length);
        const places = runs.get(length) ?? { list: [], next: 0 };
        places.list.push(place);
        runs.set(length, places);
        place = text.indexOf("`", place + length);
    }
    return runs;
}

function codeAt(text, place, runs) {
    const length = runOf(text, place, text.length);
    const places = runs.get(length);
    while (places && places.list[places.next] <= place) {
        places.next++;
    }
    const close = places?.list[places.next];
    if (close === undefined) {
        return null;
    }
    const inner = text.slice(place + length, close);
    const isPadded = inner.startsWith(" ") && inner.endsWith(" ") && inner.trim() !== "";
    const code = isPadded ? inner.slice(1, -1) : inner; // so that code may begin with a backtick
    return { from: place, end: close + length, inline: { kind: "code", text: code } };
}

/** Returns a link with a label. Its address must be one that partsOf finds as a whole. */
function linkAt(text, place, tries) {
    const ahead = text.slice(place + 1, place + LONGEST_LABEL + 2);
    const label = ahead.slice(0, ahead.indexOf("]"));
    if (!ahead.startsWith("](", label.length) || label.trim() === "" || label.includes("[")) {
        return null;
    }
    const from = place + label.length + 3;
    if (tries.left === 0 || !/^https?:/i.test(text.slice(from, from + "https:".length))) {
        return null;
    }
    const length = addressLength(text.slice(from, from + LONGEST_ADDRESS + 1));
    const address = text.slice(from, from + length);
    const isWhole = length > 0 && partsOf(address).every(({ isLink }) => isLink);
    tries.left -= isWhole ? 0 : 1;
    return isWhole ? { from: place, end: from + length + 1, inline: { kind: "link", text: label, address } } : null;
}

/** Returns the length of an address up to the bracket that closes the link; -1 if none does. */
function addressLength(ahead) {
    let open = 0;
    for (let place = 0; place < ahead.length; place++) {
        const sign = ahead[place];
        if (SPACE.test(sign)) {
            return -1;
        }
        if (sign === "(") {
            open++;
        } else if (sign === ")" && open-- === 0) {
            return place;
        }
    }
    return -1;
}
