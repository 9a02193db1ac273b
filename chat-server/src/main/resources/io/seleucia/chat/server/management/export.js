// Saves the messages of a channel as a file of JSON lines, which the page reads from the server page by page.

import { ask } from "./api.js";
import { make } from "./page.js";

const PAGE = 1000;
const MAX_CHARS = 200_000_000; // of a file, which is in the memory of the page until it is saved

/**
 * Reads a channel from its beginning to its end, and saves the file.
 *
 * @param {string} channel
 * @param {(messages: number) => void} progress is called after each page
 * @param {AbortSignal} signal ends the reading; then nothing is saved
 * @returns the number of messages, and whether that is all of them
 */
export async function save(channel, progress, signal) {
    const parts = [];
    let messages = 0;
    let chars = 0;
    let after = 0;
    let epoch = "";
    while (after !== undefined && chars < MAX_CHARS) {
        const page = await ask(`history?${new URLSearchParams({ channel, after, limit: PAGE })}`);
        signal.throwIfAborted();
        if (epoch && page.epoch !== epoch) throw new Error("the channel has begun a new epoch, export it again");
        epoch = page.epoch;
        const lines = page.messages.map((message) => `${JSON.stringify({ channel, epoch, ...message })}\n`).join("");
        parts.push(lines);
        chars += lines.length;
        messages += page.messages.length;
        after = page.after;
        progress(messages);
    }
    const url = URL.createObjectURL(new Blob(parts, { type: "application/x-ndjson" }));
    const file = `${channel.replace(/[^\p{L}\p{N}._-]+/gu, "_")} ${new Date().toISOString().replace(/:/g, "-")}.jsonl`;
    make("a", { href: url, download: file }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser has begun to save by then
    return { messages, complete: after === undefined };
}
