// The lists of sessions, channels and bans, page by page. Buttons carry the name they act on in a data attribute.

import { ask } from "./api.js";
import { bytes, count, find, keyed, make, put } from "./page.js";

const PAGE = matchMedia("(max-width: 40rem)").matches ? 10 : 50;

/** A list of which the server returns a page at a time. Elements have the list's name and a suffix as their ids. */
class List {
    #offset = 0;
    #text = make("span");
    #previous = make("button", { type: "button", text: "Previous" });
    #next = make("button", { type: "button", text: "Next" });

    /**
     * @param name that of the API's path and field
     * @param filters returns parameters of the query; empty ones are left out
     * @param keyOf returns an item's key
     * @param create makes a row for an item
     * @param update sets the changing texts of a row
     */
    constructor(name, filters, keyOf, create, update) {
        Object.assign(this, { name, filters, keyOf, create, update });
    }

    /** Calls a function when the user wants another page. */
    onTurn(reload) {
        const turn = (by) => () => {
            this.#offset = Math.max(0, this.#offset + by);
            reload();
        };
        this.#previous.addEventListener("click", turn(-PAGE));
        this.#next.addEventListener("click", turn(PAGE));
    }

    toFirstPage() {
        this.#offset = 0;
    }

    async show() {
        const filters = Object.entries(this.filters()).filter(([, value]) => value);
        const query = new URLSearchParams([["offset", this.#offset], ["limit", PAGE], ...filters]);
        const { total, [this.name]: items } = await ask(`/api/${this.name}?${query}`);
        put(find(`${this.name}-count`), count(total));
        find(`${this.name}-empty`).hidden = total > 0;
        keyed(find(`${this.name}-rows`), items, this.keyOf, this.create, this.update);
        this.#showPager(total, items.length);
    }

    #showPager(total, shown) {
        if (shown === 0) this.#offset = 0; // the list has become shorter
        const pager = find(`${this.name}-pages`);
        if (total <= PAGE) {
            pager.replaceChildren();
            return;
        }
        put(this.#text, `${count(this.#offset + 1)}–${count(this.#offset + shown)} of ${count(total)}`);
        this.#previous.disabled = this.#offset === 0;
        this.#next.disabled = this.#offset + shown >= total;
        if (!pager.firstChild) pager.append(this.#previous, this.#text, this.#next);
    }
}

const typed = (id) => find(id).value.trim();

const COLUMNS = {
    client: "Client",
    protocol: "Protocol",
    address: "Address",
    since: "Since",
    channels: "Channels",
    number: "Waiting",
};

function sessionRow() {
    const cells = Object.entries(COLUMNS).map(([className, label]) =>
        make("td", { className, "data-label": label }, make("span")),
    );
    const button = make("button", { type: "button", text: "End …" });
    return make("tr", {}, ...cells, make("td", { className: "actions", "data-label": "" }, button));
}

function updateSession(row, session) {
    const cells = [...row.children];
    const { client, protocol, address, channels, queuedBytes } = session;
    const since = new Date(session.since);
    const named = channels.slice(0, 3).join(", ");
    const more = channels.length > 3 ? ` and ${channels.length - 3} more` : "";
    const texts = [client || "no name yet", protocol, address, since.toLocaleTimeString(), named + more || "–"];
    for (const [i, text] of [...texts, bytes(queuedBytes).join(" ")].entries()) put(cells[i].firstElementChild, text);
    cells[0].classList.toggle("muted", !client);
    cells[3].title = since.toLocaleString();
    cells[5].classList.toggle("full", queuedBytes > 100_000);
    const button = cells[6].firstElementChild;
    button.dataset.client = client;
    button.disabled = !client;
    button.setAttribute("aria-label", `End the sessions of ${client || "a client without a name"}`);
}

function channelRow({ channel }) {
    const attributes = { type: "button", className: "link name", text: channel, "data-channel": channel };
    return make("li", {}, make("button", attributes), make("span"));
}

/** Returns a ban's kind, as the API and people call it, and its subject. */
function banned(ban) {
    const kind = ["account", "guest", "address"].find((name) => name in ban);
    return { kind, subject: ban[kind] };
}

function banRow(ban) {
    const { kind, subject } = banned(ban);
    const attributes = { "data-kind": kind, "data-subject": subject, "aria-label": `Lift the ban of ${subject}` };
    const button = make("button", { type: "button", text: "Lift", ...attributes });
    return make("li", {}, make("span", { className: "name" }), button);
}

function updateBan(row, ban) {
    const { kind, subject } = banned(ban);
    const reason = ban.reason && ` (${ban.reason})`;
    put(row.firstElementChild, `${kind} ${subject} until ${new Date(ban.until).toLocaleString()}${reason}`);
}

export const sessions = new List(
    "sessions",
    () => ({ sort: find("sessions-sort").value, client: typed("sessions-client") }),
    ({ session }) => session,
    sessionRow,
    updateSession,
);
export const channels = new List(
    "channels",
    () => ({ contains: typed("channels-contains") }),
    ({ channel }) => channel,
    channelRow,
    (row, one) => put(row.lastElementChild, count(one.sessions)),
);
export const bans = new List(
    "bans",
    () => ({}),
    (ban) => Object.values(banned(ban)).join(" "),
    banRow,
    updateBan,
);
