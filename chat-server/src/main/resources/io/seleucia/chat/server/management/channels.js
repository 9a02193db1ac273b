// The channels of all servers that have clients or messages.

import { ask } from "./api.js";
import { openChannel } from "./channel.js";
import { List, PAGE } from "./list.js";
import { make, onButton, put, typed } from "./page.js";
import { moment, numbered } from "./words.js";

function create({ channel }) {
    const attributes = { type: "button", className: "link name", text: channel, "data-channel": channel };
    const cells = ["number", "since"].map((className) => make("td", { className }));
    return make("tr", {}, make("td", { className: "client" }, make("button", attributes)), ...cells);
}

const MAX_PARTS = 10; // of a page: a server looks at some thousand names for each

const after = ({ more, next, channels }) => (more ? (next ?? channels.at(-1).channel) : "");

/** Asks for a page. A part of it may have few channels, or none, if few have the text. */
async function load(parameters) {
    const page = { channels: [], more: true };
    for (let part = 0; part < MAX_PARTS && page.more && page.channels.length < PAGE; part++) {
        parameters.set("limit", PAGE - page.channels.length);
        const { channels, more, next } = await ask(`directory?${parameters}`);
        page.channels.push(...channels);
        Object.assign(page, { more, next: more ? after({ more, next, channels }) : undefined });
        parameters.set("after", page.next ?? "");
    }
    return page;
}

export const channels = new List("channels", {
    load,
    items: (reply) => reply.channels,
    filters: () => ({ contains: typed("channels-contains") }),
    start: "after",
    next: after,
    keyOf: ({ channel }) => channel,
    create,
    update: ({ children: [, clients, time] }, one) => {
        put(clients, numbered(one.clients, "client"));
        put(time, one.time ? moment(one.time) : "no messages");
    },
});
channels.filteredBy("channels-contains");
onButton("channels-rows", (data) => openChannel(data.channel));
