// The charts of the last hour, from samples that the server keeps. Each can be read with the pointer and with the arrow keys.

import { ask } from "./api.js";
import { find, make, put } from "./page.js";
import { bytes, count, minute, rate, second } from "./words.js";

const WIDTH = 600; // of a drawing, in its own units
const HEIGHT = 100;
const MINUTE = 60_000; // milliseconds
const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
}

const plain = (value) => [count(Math.round(value)), ""];
const perSecond = (value) => [rate(value), "/s"];
const bytesPerSecond = (value) => [bytes(value)[0], `${bytes(value)[1]}/s`];
const millis = (value) => [value < 10 ? value.toFixed(2) : rate(value), "ms"];
const perSample = (value) => [count(value), "in 10 s"];

/** A number with its history as a line. */
class Chart {
    #samples = []; // pairs of a time and a value
    #range = [0, 1];
    #at = -1; // the sample that is read

    constructor(label, format) {
        this.format = format;
        this.label = label;
        this.value = make("span", { className: "value" });
        this.unit = make("span", { className: "unit" });
        this.peak = make("span", { className: "peak" });
        this.area = svg("path", { class: "area" });
        this.stroke = svg("polyline", { class: "stroke" });
        this.cursor = svg("line", { class: "cursor", y1: 0, y2: HEIGHT, visibility: "hidden" });
        const drawing = svg("svg", {
            viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
            preserveAspectRatio: "none",
            "aria-hidden": "true",
        });
        const middle = svg("line", { class: "grid", x1: 0, x2: WIDTH, y1: HEIGHT / 2, y2: HEIGHT / 2 });
        drawing.append(middle, this.area, this.stroke, this.cursor);
        this.plot = make(
            "div",
            { className: "plot", tabindex: 0, role: "slider", "aria-label": label, "aria-valuemin": 0 },
            drawing,
        );
        this.from = make("span");
        this.read = make("span", { className: "read" });
        this.to = make("span");
        const head = make("figcaption", {}, make("span", { className: "label", text: label }), this.peak);
        const axis = make("div", { className: "axis", "aria-hidden": "true" }, this.from, this.read, this.to);
        this.element = make(
            "figure",
            { className: "card" },
            head,
            make("p", {}, this.value, this.unit),
            this.plot,
            axis,
        );
        this.plot.addEventListener("pointermove", (event) => this.#point(event));
        this.plot.addEventListener("pointerleave", () => this.#choose(-1));
        this.plot.addEventListener("blur", () => this.#choose(-1));
        this.plot.addEventListener("keydown", (event) => this.#key(event));
    }

    /** Shows the value at this moment. */
    now(point) {
        const [value, unit] = this.format(point);
        put(this.value, value);
        put(this.unit, unit);
    }

    /** Draws the samples of a range of time. */
    draw(samples, from, to) {
        const read = this.#samples[this.#at]?.[0];
        this.#samples = samples.filter(([time]) => time >= from);
        this.#range = [from, to];
        const most = Math.max(0, ...this.#samples.map(([, value]) => value));
        const scale = most > 0 ? (HEIGHT - 6) / most : 0;
        const line = this.#samples.map(
            ([time, value]) => `${this.#x(time).toFixed(1)},${(HEIGHT - 1 - value * scale).toFixed(1)}`,
        );
        this.stroke.setAttribute("points", line.join(" "));
        const ends = line.length && [line[0].split(",")[0], line.at(-1).split(",")[0]];
        this.area.setAttribute("d", ends ? `M${ends[0]},${HEIGHT} L${line.join(" L")} L${ends[1]},${HEIGHT} Z` : "");
        put(this.peak, line.length ? `peak ${this.format(most).join(" ").trim()}` : "");
        put(this.from, minute(from));
        put(this.to, minute(to));
        this.#choose(read === undefined ? -1 : this.#samples.findIndex(([time]) => time === read));
    }

    #x(time) {
        const [from, to] = this.#range;
        return ((time - from) / (to - from)) * WIDTH;
    }

    #point(event) {
        const box = this.plot.getBoundingClientRect();
        const [from, to] = this.#range;
        const time = from + ((event.clientX - box.left) / box.width) * (to - from);
        let nearest = -1;
        for (const [i, [at]] of this.#samples.entries()) {
            if (nearest < 0 || Math.abs(at - time) < Math.abs(this.#samples[nearest][0] - time)) nearest = i;
        }
        this.#choose(nearest);
    }

    #key(event) {
        const last = this.#samples.length - 1;
        const at = this.#at < 0 ? last + 1 : this.#at;
        const chosen = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
        if (chosen === undefined) return;
        event.preventDefault();
        this.#choose(Math.max(0, Math.min(last, chosen)));
    }

    #choose(at) {
        const sample = this.#samples[at];
        this.#at = sample ? at : -1;
        this.cursor.setAttribute("visibility", sample ? "visible" : "hidden");
        const shown = sample ?? this.#samples.at(-1);
        const text = shown ? `${second(shown[0])}: ${this.format(shown[1]).join(" ").trim()}` : "no samples yet";
        put(this.read, sample || !shown ? text : "");
        this.plot.setAttribute("aria-valuemax", Math.max(0, this.#samples.length - 1));
        this.plot.setAttribute("aria-valuenow", sample ? at : Math.max(0, this.#samples.length - 1));
        this.plot.setAttribute("aria-valuetext", text);
        if (!sample) return;
        for (const end of ["x1", "x2"]) this.cursor.setAttribute(end, this.#x(sample[0]));
    }
}

/** By the names of the samples' fields. */
export const charts = {
    connections: new Chart("Connections", plain),
    published: new Chart("Messages published", perSecond),
    delivered: new Chart("Messages delivered", perSecond),
    latency: new Chart("Publish, on average", millis),
    bytesIn: new Chart("Received", bytesPerSecond),
    bytesOut: new Chart("Sent", bytesPerSecond),
    queued: new Chart("Waiting to be sent", bytes),
    memory: new Chart("Memory kept for clients", bytes),
    refused: new Chart("Refused handshakes", perSample),
    slow: new Chart("Slow consumers", perSample),
    limited: new Chart("Requests over a limit", perSample),
};
find("cards").append(...Object.values(charts).map((chart) => chart.element));

let fields = [];
let rows = []; // of an hour
let now = 0; // by the server's clock, which the samples have

/** Asks for the samples that are not known yet, and draws all. */
export async function showSamples() {
    const since = rows.at(-1)?.[0] ?? 0;
    const reply = await ask(`samples?${new URLSearchParams({ after: since })}`);
    fields = reply.fields;
    now = reply.now;
    const known = rows.at(-1)?.[0] ?? 0;
    rows.push(...reply.samples.filter(([time]) => time > known)); // two rounds may have asked
    draw();
}

/** Forgets the samples: those of another server, or of one that has begun again. */
export function forgetSamples() {
    rows = [];
}

function draw() {
    const range = Number(find("range").value) * MINUTE;
    const to = Math.max(now, rows.at(-1)?.[0] ?? 0);
    rows = rows.filter(([time]) => time >= to - 60 * MINUTE);
    for (const [i, field] of fields.entries()) {
        charts[field]?.draw(
            rows.map((row) => [row[0], row[i]]),
            to - range,
            to,
        );
    }
}

find("range").addEventListener("input", draw);
