/* A menu beside a button: arrows go through it, Escape and a click elsewhere close it. */

import { byId, element, openBeside } from "./dom.js";

/**
 * @typedef {{text: string, key?: string, isGrave?: boolean, act: () => void}} Item `key`: the one that does the same
 */

/** Opens the menu. The focus goes back to the button if nothing else takes it. @param {Item[]} items */
export function openMenu(button, label, items) {
    const menu = byId("menu");
    menu.ariaLabel = label;
    menu.replaceChildren(...items.map((item) => entryOf(menu, item)));
    menu.onkeydown = (event) => pressed(menu, event);
    openBeside(menu, button);
    menu.firstElementChild.focus();
}

function entryOf(menu, { text, key, isGrave, act }) {
    const entry = element("button", isGrave ? "grave" : "", element("span", "", text));
    entry.type = "button";
    entry.role = "menuitem";
    entry.tabIndex = -1;
    if (key) {
        entry.append(element("kbd", "", key));
        entry.ariaKeyShortcuts = key;
    }
    entry.onclick = () => {
        menu.hidePopover();
        act();
    };
    return entry;
}

function pressed(menu, event) {
    const entries = [...menu.children];
    const place = entries.indexOf(document.activeElement);
    const next = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: -1 }[event.key];
    if (next !== undefined) {
        event.preventDefault();
        entries.at(next % entries.length).focus();
    } else if (event.key === "Tab") {
        menu.hidePopover();
    }
    event.stopPropagation(); // letters mean something in the timeline
}
