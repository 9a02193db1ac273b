/* Who is signed in: in this tab, and in the browser, for tabs that are opened later. */

/**
 * @typedef {{kind: "guest" | "account", name: string, stays?: boolean, token?: string}} Person `stays`: whether an account is to
 *     stay signed in on this device; `token`: by which it does
 */

export const SERVER = new URL("./", globalThis.location.href).pathname; // one origin may have several, at different paths
const KEY = `seleucia\n${SERVER}\nperson`;

function read(area) {
    try {
        const { kind, name } = JSON.parse(globalThis[area].getItem(KEY));
        return typeof name === "string" && (kind === "guest" || kind === "account") ? { kind, name } : null;
    } catch {
        return null; // no storage, or nothing kept
    }
}

function attempt(action) {
    for (const area of ["sessionStorage", "localStorage"]) {
        try {
            action(globalThis[area], area);
        } catch {
            // no storage: the page asks again
        }
    }
}

/** Removes what earlier versions of the page have left in the browser, direct messages among it. */
export function forgetFormer() {
    attempt((area) => {
        const keys = Array.from({ length: area.length }, (_, place) => area.key(place));
        for (const key of keys.filter((one) => one.startsWith("seleucia."))) {
            area.removeItem(key);
        }
    });
}

/** Returns the person of this tab; if the tab has none, the one that signed in last in this browser. @returns {Person?} */
export const knownPerson = () => read("sessionStorage") ?? read("localStorage");

/** @param {Person} person */
export function keepPerson({ kind, name }) {
    attempt((area) => area.setItem(KEY, JSON.stringify({ kind, name })));
}

/** Forgets a person, in the browser only if no other has signed in there since. @param {Person} person */
export function forgetPerson({ kind, name }) {
    attempt((area, which) => {
        const kept = read(which);
        if (kept?.kind === kind && kept.name === name) {
            area.removeItem(KEY);
        }
    });
}

/** Returns what the values of a person on this server are kept under. A guest is not the account of the same name. */
export const scopeOf = ({ kind, name }) => `${SERVER}\n${kind} ${name}`;
