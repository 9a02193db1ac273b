// Finds, makes and updates elements. Everything from the server is shown as text only.

export const find = (id) => document.getElementById(id);

/** Makes an element with a class, a text, attributes and children. */
export function make(name, { text, className, ...attributes } = {}, ...children) {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
}

/** Sets the text of an element. An unchanged text keeps its selection. */
export function put(element, text) {
    if (element.textContent !== text) element.textContent = text;
}

/** Shows a text in an element that is hidden while it has none. */
export function showOrHide(id, text) {
    put(find(id), text);
    find(id).hidden = !text;
}

/** Brings the children of an element in line with a list. Children that stay keep the focus. */
export function keyed(parent, items, keyOf, create, update) {
    const present = new Map([...parent.children].map((child) => [child.dataset.key, child]));
    let next = parent.firstElementChild;
    for (const item of items) {
        const key = String(keyOf(item));
        let child = present.get(key);
        present.delete(key);
        if (!child) {
            child = create(item);
            child.dataset.key = key;
        }
        if (child === next) {
            next = next.nextElementSibling;
        } else {
            parent.insertBefore(child, next);
        }
        update(child, item);
    }
    for (const child of present.values()) child.remove();
}

const whole = new Intl.NumberFormat("en");

/** Returns a number with thousands separators. */
export const count = (value) => whole.format(value);

/** Returns a number with one decimal if it is below 10. */
export const rate = (value) => (value < 10 && value > 0 ? value.toFixed(1) : count(Math.round(value)));

/** Returns a number of bytes as a value and a unit. */
export function bytes(value) {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let unit = 0;
    let scaled = value;
    while (scaled >= 1000 && unit < units.length - 1) {
        scaled /= 1000;
        unit++;
    }
    return [unit === 0 || scaled >= 100 ? count(Math.round(scaled)) : scaled.toFixed(1), units[unit]];
}

/** Returns a duration in its two largest units. */
export function span(seconds) {
    const units = [
        [86400, "d"],
        [3600, "h"],
        [60, "min"],
        [1, "s"],
    ];
    const at = units.findIndex(([size]) => seconds >= size || size === 1);
    const [size, unit] = units[at];
    const [restSize, restUnit] = units[at + 1] ?? [1, ""];
    const rest = Math.floor((seconds % size) / restSize);
    return `${Math.floor(seconds / size)} ${unit}${restUnit && rest ? ` ${rest} ${restUnit}` : ""}`;
}
