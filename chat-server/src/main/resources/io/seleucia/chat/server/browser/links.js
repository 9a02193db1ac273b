/* Web addresses in texts of others. */

// What ends an address in a text: spaces, quotation marks and brackets that none has, punctuation of Chinese, Japanese
// and Korean, which stands beside it without a space, and characters that show nothing or turn what follows around.
const ENDS =
    '\\s<>"`{}|\\\\^\\u00ab\\u00bb\\u2018-\\u201f\\u3000-\\u303f\\uff01-\\uff0f\\uff1a-\\uff20\\uff3b-\\uff40' +
    "\\uff5b-\\uff65\\p{Default_Ignorable_Code_Point}\\p{Bidi_Control}\\p{Control}";
const ADDRESSES = new RegExp(`https?://[^${ENDS}]+`, "giu");
const TRAILING = /[.,;:!?…'*_~]+$/u;
const BRACKETS = [
    ["(", ")"],
    ["[", "]"],
];

/** Returns a text in parts: texts, and addresses that can be followed. @returns {{text: string, isLink: boolean}[]} */
export function partsOf(text) {
    const parts = [];
    let end = 0;
    for (const match of text.matchAll(ADDRESSES)) {
        const address = trimmed(match[0]);
        if (isSafe(address)) {
            parts.push({ text: text.slice(end, match.index), isLink: false }, { text: address, isLink: true });
            end = match.index + address.length;
        }
    }
    return [...parts, { text: text.slice(end), isLink: false }].filter((part) => part.text !== "");
}

/** Returns an address without the punctuation of its sentence, or a bracket opened before it. */
function trimmed(address) {
    const text = address.replace(TRAILING, "");
    const isOpenedBefore = BRACKETS.some(
        ([open, close]) => text.endsWith(close) && text.split(close).length > text.split(open).length,
    );
    return isOpenedBefore ? trimmed(text.slice(0, -1)) : text;
}

/** Returns whether an address shows its host honestly: no user name, no look-alike letters. */
function isSafe(address) {
    if (!URL.canParse(address)) {
        return false;
    }
    const { protocol, username, password, hostname } = new URL(address);
    return /^https?:$/.test(protocol) && !username && !password && address.toLowerCase().includes(`://${hostname}`);
}
