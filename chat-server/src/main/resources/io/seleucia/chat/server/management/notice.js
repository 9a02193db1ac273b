// What the console says to its operator: the result of each action, and questions before an action that can't be undone.

import { find, put } from "./page.js";

let open = []; // the open dialogs, the last one on top

for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("close", () => {
        open = open.filter((other) => other !== dialog);
    });
    for (const button of dialog.querySelectorAll("[data-close]"))
        button.addEventListener("click", () => dialog.close());
}

/** Shows a dialog, without what was said in it before. */
export function show(dialog) {
    const line = dialog.querySelector(".said");
    if (line) write(line, "");
    if (!dialog.open) dialog.showModal();
    open = [...open.filter((other) => other !== dialog), dialog];
}

function write(line, text, className = "") {
    line.className = `said ${className}`;
    put(line.querySelector("span"), text);
    line.hidden = !text;
}

/** Says something where the operator is: in the dialog on top, or else above the page. */
export function say(text, className = "good") {
    const line =
        open
            .filter((dialog) => dialog.open)
            .at(-1)
            ?.querySelector(".said") ?? find("said");
    write(line, text, className);
}

for (const button of document.querySelectorAll(".said button")) {
    button.addEventListener("click", () => write(button.parentElement, ""));
}

/**
 * Does something, and says how it went. Buttons that began it can't be used meanwhile.
 *
 * @param {HTMLElement | null} button
 * @param {() => Promise<string | undefined>} action returns what to say if it succeeded
 * @returns whether it succeeded
 */
export async function attempt(button, action) {
    const focused = document.activeElement === button;
    if (button) {
        button.disabled = true;
        button.setAttribute("aria-busy", "true");
    }
    try {
        const text = await action();
        if (text) say(text);
        return true;
    } catch (error) {
        const timeout = error.name === "TimeoutError";
        say(
            timeout ? "There was no answer in time: it may have been done or not." : `It failed: ${error.message}.`,
            "bad",
        );
        return false;
    } finally {
        if (button) {
            button.disabled = false;
            button.removeAttribute("aria-busy");
            if (focused && document.activeElement === document.body) button.focus();
        }
    }
}

/** Asks before something is done. Returns whether the operator agrees. */
export function confirmed(title, text, yes, grave = false) {
    const dialog = find("confirm");
    put(find("confirm-title"), title);
    put(find("confirm-text"), text);
    put(find("confirm-yes"), yes);
    find("confirm-yes").className = grave ? "danger" : "primary";
    return new Promise((resolve) => {
        const answered = new AbortController();
        const { signal } = answered;
        const answer = (value) => () => {
            answered.abort();
            dialog.close();
            resolve(value); // does not wait for the close event: the dialog may be open again by then
        };
        find("confirm-yes").addEventListener("click", answer(true), { signal });
        dialog.querySelector("[data-close]").addEventListener("click", answer(false), { signal });
        dialog.addEventListener("cancel", answer(false), { signal });
        dialog.showModal(); // what is said meanwhile belongs to the dialog below
    });
}
