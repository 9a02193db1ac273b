/* Draws the Markdown of texts of others, as elements that are made one by one: nothing is parsed as HTML. */

import { copy, element } from "./dom.js";
import { phrase } from "./language.js";
import { parse } from "./markdown.js";
import { effort, mentionsIn } from "./mentions.js";

const TAGS = { strong: "strong", emphasis: "em", strike: "s" };
const MARKED = /[*_~\x60[>@]|https?:|^ *(?:[-+]|\d+[.)]) /im; // without these, a text is only text

/**
 * @typedef {{known: (name: string) => string?, me: string}} Names what finds those that can be mentioned, and the person's
 */

/** Puts a text into an element, drawn. @param {HTMLElement} node @param {string} text @param {() => Names} namesOf */
export function writeMarkup(node, text, namesOf) {
    if (!MARKED.test(text)) {
        node.textContent = text;
        return;
    }
    const names = { ...namesOf(), allowed: effort() };
    const blocks = parse(text);
    const isOnlyLines = blocks.length === 1 && blocks[0].kind === "lines";
    node.replaceChildren(
        ...(isOnlyLines ? drawnLines(blocks[0].children, names) : blocks.map((block) => drawn(block, names))),
    );
}

function drawn(block, names) {
    switch (block.kind) {
        case "lines":
            return element("p", "", ...drawnLines(block.children, names));
        case "fence":
            return drawnFence(block);
        case "quote":
            return element("blockquote", "", ...block.blocks.map((one) => drawn(one, names)));
        default:
            return drawnList(block, names);
    }
}

function drawnList({ start, items }, names) {
    const list = element(start === null ? "ul" : "ol", "listed");
    if (start !== null) {
        list.start = start;
    }
    list.append(...items.map((item) => element("li", "", ...item.map((block) => drawn(block, names)))));
    return list;
}

function drawnFence({ text, language }) {
    const code = element("code", "", text);
    const button = element("button", "copy", phrase("code.copy"));
    button.type = "button";
    button.onclick = async () => {
        button.textContent = phrase((await copy(text)) ? "code.copied" : "code.uncopied");
    };
    const pre = element("pre", "", code);
    pre.tabIndex = 0; // may be wider than the page, and is scrolled by keys then
    pre.dir = "ltr";
    const head = element("div", "fence-head", element("span", "", language), button);
    return element("div", "fence", head, pre);
}

const drawnLines = (inlines, names) => inlines.flatMap((inline) => drawnInline(inline, names));

function drawnInline(inline, names) {
    switch (inline.kind) {
        case "text":
            return mentionsIn(inline.text, names.known, names.allowed).map((part) => drawnPart(part, names));
        case "code":
            return [element("code", "", inline.text)];
        case "link":
            return drawnLink(inline);
        default:
            return [element(TAGS[inline.kind], "", ...drawnLines(inline.children, names))];
    }
}

function drawnPart({ text, name }, { me }) {
    return name === null ? text : element("bdi", name === me ? "mention mine" : "mention", text);
}

/** Returns a link, and if its label is not its address, where it leads. */
function drawnLink({ text, address }) {
    const link = element("a", "", text);
    link.href = address;
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    link.title = address;
    return text === address ? [link] : [link, element("bdi", "host", ` (${new URL(address).host})`)];
}
