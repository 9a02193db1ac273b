/* A line that says what did not work, for a while. */

import { byId } from "./dom.js";

const SHOWN = 8_000; // milliseconds

let timer;

/** Says something; an empty text takes back what was said. */
export function say(words) {
    clearTimeout(timer);
    byId("notice").textContent = words;
    timer = words ? setTimeout(() => say(""), SHOWN) : undefined;
}
