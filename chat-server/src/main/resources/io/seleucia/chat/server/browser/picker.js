/* A small picker of emoji: a field to search in, and a grid that arrows go through. */

import { byId, element, openBeside } from "./dom.js";
import { COLUMNS, found } from "./emoji.js";
import { phrase } from "./language.js";

const COLUMNS_MOVED = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS };

let words = null; // of each emoji

/** Returns the words of an emoji in the language of the page. */
export function wordsOfEmoji(emoji) {
    words ??= new Map(
        phrase("emoji.words")
            .split(",")
            .map((entry) => entry.trim())
            .map((entry) => [entry.split(" ", 1)[0], entry.slice(entry.indexOf(" ") + 1)]),
    );
    return words.get(emoji) ?? "";
}

/** Opens the picker beside a button. @param {(emoji: string) => void} pick called with the chosen one */
export function openPicker(button, pick) {
    const picker = byId("picker");
    const field = byId("picker-search");
    const grid = byId("picker-grid");
    const chosen = (emoji) => {
        picker.hidePopover();
        pick(emoji);
    };
    const show = () => grid.replaceChildren(...rowsOf(found(field.value, wordsOfEmoji), chosen));
    field.value = "";
    show();
    field.oninput = () => {
        show();
        byId("picker-none").hidden = grid.childElementCount > 0;
    };
    byId("picker-none").hidden = true;
    picker.onkeydown = (event) => pressed(event, field, grid, chosen);
    openBeside(picker, button);
    field.focus();
}

function rowsOf(emoji, chosen) {
    const rows = [];
    for (let from = 0; from < emoji.length; from += COLUMNS) {
        const cells = emoji.slice(from, from + COLUMNS).map((one) => cellOf(one, chosen));
        const row = element("div", "", ...cells);
        row.role = "row";
        rows.push(row);
    }
    rows[0]?.firstElementChild.setAttribute("tabindex", "0");
    return rows;
}

function cellOf(emoji, chosen) {
    const cell = element("button", "", emoji);
    cell.type = "button";
    cell.role = "gridcell";
    cell.tabIndex = -1;
    cell.ariaLabel = cell.title = wordsOfEmoji(emoji);
    cell.onclick = () => chosen(emoji);
    return cell;
}

function pressed(event, field, grid, chosen) {
    const cells = [...grid.querySelectorAll("button")];
    const place = cells.indexOf(document.activeElement);
    event.stopPropagation(); // letters mean something in the timeline
    if (place < 0) {
        if (event.key === "ArrowDown" && cells.length > 0) {
            event.preventDefault();
            go(cells, 0);
        } else if (event.key === "Enter" && cells.length > 0 && !event.isComposing) {
            event.preventDefault();
            chosen(cells[0].textContent);
        }
    } else {
        const forward = document.documentElement.dir === "rtl" && event.key in SIDEWAYS ? -1 : 1;
        const next = ends(event.key, cells) ?? place + forward * (COLUMNS_MOVED[event.key] ?? 0);
        if (event.key === "ArrowUp" && next < 0) {
            field.focus();
        } else if (next !== place && next < cells.length && next >= 0) {
            event.preventDefault();
            go(cells, next);
        }
    }
}

const SIDEWAYS = { ArrowLeft: true, ArrowRight: true };

const ends = (key, cells) => ({ Home: 0, End: cells.length - 1 })[key];

function go(cells, place) {
    cells.forEach((cell, one) => {
        cell.tabIndex = one === place ? 0 : -1;
    });
    cells[place].focus();
}
