// The server's health, its numbers at this moment, its memory, and why connections have ended or were refused.

import { ask } from "./api.js";
import { charts, forgetSamples } from "./charts.js";
import { find, keyed, make, put, showOrHide } from "./page.js";
import { bytes, count, numbered, span } from "./words.js";

const CLOSE_CODES = {
    1000: "normal",
    1002: "protocol error",
    1003: "unsupported data",
    1007: "invalid data",
    1009: "message too large",
    1011: "internal error",
    1012: "server restarts",
    1013: "try again later",
    4000: "slow consumer",
    4001: "timed out",
    4400: "rate limit",
    4401: "login",
    4403: "disconnected",
};
const REFUSALS = {
    malformed: "not a valid handshake",
    too_large: "request too large",
    host: "another host’s name",
    origin: "origin not allowed",
    login: "login missing or wrong",
    banned: "banned",
    forbidden: "not allowed",
    rate_limited: "too many failed logins",
    full: "too many connections, or memory is short",
    unavailable: "login can’t be checked",
    tls: "TLS handshake failed",
    timeout: "took too long",
};

export function showHealth(text, className = "") {
    put(find("health"), text);
    find("health").className = `pill ${className}`;
}

let before = null; // the status before, and when it came

/** Shows a status. The numbers of a second are the differences to the status before. */
export function showStatus(status) {
    const now = performance.now();
    put(find("about"), `${status.name}, ${status.server.replace("/", " ")}, up ${span(status.uptimeSeconds)}`);
    const { ok, draining, why, warnings = [] } = status.health;
    showHealth(ok ? "healthy" : draining ? "draining" : "unhealthy", ok ? "good" : "bad");
    showOrHide("trouble", ok ? warnings.join("; ") : `The server can’t serve: ${why}.`);

    const isAnother =
        before && (status.uptimeSeconds < before.status.uptimeSeconds || status.name !== before.status.name);
    if (isAnother) forgetSamples();
    if (before && !isAnother) {
        const seconds = (now - before.at) / 1000;
        const grown = (name) => Math.max(0, status[name] - before.status[name]);
        for (const name of ["published", "delivered", "bytesIn", "bytesOut"]) charts[name].now(grown(name) / seconds);
        const published = grown("published");
        charts.latency.now(published > 0 ? (grown("publishingSeconds") / published) * 1000 : 0);
    }
    charts.connections.now(status.connections);
    charts.queued.now(status.queuedBytes);
    charts.memory.now(status.memory.used);
    const refused = Object.entries(status.handshakesRefused);
    showSince(
        "refused",
        "since the start",
        refused.reduce((sum, [, times]) => sum + times, 0),
    );
    showSince("slow", "since the start", status.slowConsumers);
    showSince("limited", "since the start", status.rateLimited);
    before = { status, at: now };
    showMemory(status.memory);
    showCounts("ended", Object.entries(status.connectionsEnded), (code) => `${code} ${CLOSE_CODES[code] ?? ""}`);
    showCounts("refused", refused, (reason) => REFUSALS[reason] ?? reason);
}

function showSince(chart, unit, total) {
    put(charts[chart].value, count(total));
    put(charts[chart].unit, unit);
}

function showCounts(name, entries, words) {
    const row = () => make("li", {}, make("span", { className: "name" }), make("span"));
    const counted = entries.filter(([, times]) => times > 0);
    keyed(
        find(`${name}-rows`),
        counted,
        ([key]) => key,
        row,
        ({ children: [text, number] }, [key, times]) => {
            put(text, words(key));
            put(number, count(times));
        },
    );
    find(`${name}-empty`).hidden = counted.length > 0;
}

function showMemory({ limit, used, parts }) {
    put(find("memory-total"), `${bytes(used).join(" ")} of ${bytes(limit).join(" ")}`);
    const row = ([part]) => make("li", {}, make("span", { className: "name", text: part }), bar(part), make("span"));
    keyed(
        find("memory-rows"),
        Object.entries(parts),
        ([part]) => part,
        row,
        ({ children: [, meter, number] }, [, size]) => {
            meter.value = limit > 0 ? size / limit : 0;
            put(number, bytes(size).join(" "));
        },
    );
}

const bar = (part) => make("meter", { min: 0, max: 1, high: 0.8, "aria-label": `${part}, share of the limit` });

/** Asks all servers how they are, and shows them. */
export async function showServers() {
    const { servers, silent } = await ask("servers");
    keyed(
        find("servers-rows"),
        servers,
        ({ server }) => server,
        () => make("tr", {}, ...[1, 2, 3, 4, 5, 6].map(() => make("td"))),
        ({ children }, one) => {
            const state = one.ok
                ? one.degraded
                    ? "with warnings"
                    : "healthy"
                : one.draining
                  ? "draining"
                  : "unhealthy";
            const texts = [
                one.name + (one.own ? " (this one)" : ""),
                state,
                `up ${span(one.uptimeSeconds)}`,
                numbered(one.connections, "connection"),
                numbered(one.channels, "channel"),
                `${bytes(one.memoryUsed).join(" ")} of ${bytes(one.memoryLimit).join(" ")}`,
            ];
            for (const [i, text] of texts.entries()) put(children[i], text);
            children[1].className = one.ok ? "good" : "bad";
        },
    );
    put(find("servers-count"), count(servers.length));
    showOrHide("servers-silent", silentText(silent.length));
}

/** Returns the sentence about servers that did not answer. */
export function silentText(servers) {
    return servers > 0 ? `${numbered(servers, "other server")} did not answer: the list may be incomplete.` : "";
}
