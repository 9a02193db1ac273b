// The server's health, the cards with rates, and the ended connections.

import { bytes, count, find, keyed, make, put, rate, showOrHide, span } from "./page.js";

const POINTS = 60; // of a chart, one a second
const SVG = "http://www.w3.org/2000/svg";
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

function svg(name, attributes) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
}

/** A number with its last minute as a line. */
class Card {
    /** @param format returns a number as a value and a unit */
    constructor(label, format) {
        this.format = format;
        this.points = [];
        this.value = make("span", { className: "value" });
        this.unit = make("span", { className: "unit" });
        this.peak = make("span", { className: "label" });
        this.area = svg("path", { class: "area" });
        this.stroke = svg("polyline", { class: "stroke" });
        const viewBox = `0 0 ${POINTS - 1} 30`;
        const chart = svg("svg", { viewBox, preserveAspectRatio: "none", "aria-hidden": "true" });
        chart.append(this.area, this.stroke);
        const name = make("span", { className: "label", text: label });
        const number = make("span", {}, this.value, this.unit);
        this.element = make("div", { className: "card" }, name, number, chart, this.peak);
    }

    add(point) {
        this.points.push(point);
        if (this.points.length > POINTS) this.points.shift();
        const [value, unit] = this.format(point);
        put(this.value, value);
        put(this.unit, unit);
        const most = Math.max(...this.points);
        put(this.peak, `peak ${this.format(most).join(" ")}`);
        const scale = most > 0 ? 28 / most : 0;
        const left = POINTS - this.points.length;
        const line = this.points.map((one, i) => `${left + i},${(29 - one * scale).toFixed(2)}`);
        this.stroke.setAttribute("points", line.join(" "));
        this.area.setAttribute("d", `M${left},30 L${line.join(" L")} L${POINTS - 1},30 Z`);
    }
}

const plain = (value) => [count(value), ""];
const perSecond = (value) => [rate(value), "/s"];
const bytesPerSecond = (value) => [bytes(value)[0], `${bytes(value)[1]}/s`];
const millis = (value) => [value < 10 ? value.toFixed(2) : rate(value), "ms"];

const cards = {
    connections: new Card("Connections", plain),
    published: new Card("Messages published", perSecond),
    delivered: new Card("Messages delivered", perSecond),
    latency: new Card("Publish, on average", millis),
    bytesIn: new Card("Received", bytesPerSecond),
    bytesOut: new Card("Sent", bytesPerSecond),
    queued: new Card("Waiting to be sent", bytes),
    memory: new Card("Memory kept for clients", bytes),
    slow: new Card("Slow consumers", plain),
};
find("cards").append(...Object.values(cards).map((card) => card.element));

/** Returns the tooltip of the memory card: the parts, the largest first. */
function memoryParts({ limit, parts }) {
    const largest = Object.entries(parts)
        .filter(([, used]) => used > 0)
        .sort(([, a], [, b]) => b - a)
        .map(([part, used]) => `${part}: ${bytes(used).join(" ")}`);
    return [`of ${bytes(limit).join(" ")}`, ...largest].join("\n");
}

export function showHealth(text, className = "") {
    put(find("health"), text);
    find("health").className = `pill ${className}`;
}

let before = null; // the status before, and when it came

export function showStatus(status) {
    const now = performance.now();
    put(find("about"), `${status.server.replace("/", " ")}, up ${span(status.uptimeSeconds)}`);
    const { ok, draining, why, warnings = [] } = status.health;
    showHealth(ok ? "healthy" : draining ? "draining" : "unhealthy", ok ? "good" : "bad");
    showOrHide("trouble", ok ? warnings.join("; ") : `The server can’t serve: ${why}.`);

    const restarted = before && status.uptimeSeconds < before.status.uptimeSeconds;
    if (before && !restarted) {
        const seconds = (now - before.at) / 1000;
        const grown = (name) => Math.max(0, status[name] - before.status[name]);
        for (const name of ["published", "delivered", "bytesIn", "bytesOut"]) cards[name].add(grown(name) / seconds);
        const published = grown("published");
        cards.latency.add(published > 0 ? (grown("publishingSeconds") / published) * 1000 : 0);
    }
    cards.connections.add(status.connections);
    cards.queued.add(status.queuedBytes);
    cards.memory.add(status.memory.used);
    cards.memory.element.title = memoryParts(status.memory);
    cards.slow.add(status.slowConsumers);
    before = { status, at: now };
    showEnded(Object.entries(status.connectionsEnded).filter(([, times]) => times > 0));
}

function showEnded(ended) {
    const row = () => make("li", {}, make("span", { className: "name" }), make("span"));
    keyed(
        find("ended-rows"),
        ended,
        ([code]) => code,
        row,
        ({ children: [name, number] }, [code, times]) => {
            put(name, `${code} ${CLOSE_CODES[code] ?? ""}`);
            put(number, count(times));
        },
    );
    find("ended-empty").hidden = ended.length > 0;
}
