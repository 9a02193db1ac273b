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

/** Calls a function when a form is submitted. */
export function onSubmit(id, action) {
    find(id).addEventListener("submit", (event) => {
        event.preventDefault();
        action();
    });
}

/** Calls a function with the data attributes of a button in an element, and the button, when it is clicked. */
export function onButton(id, action) {
    find(id).addEventListener("click", (event) => {
        const button = event.target.closest("button");
        if (button) action(button.dataset, button);
    });
}

/** Returns what a person has typed into a field, without white space at either end. */
export const typed = (id) => find(id).value.trim();
