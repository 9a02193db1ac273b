/* Web addresses in texts of others. */

// What ends an address in a text: spaces, quotation marks and brackets that none has, punctuation of Chinese, Japanese
// and Korean, which stands beside it without a space, and characters that show nothing or turn what follows around.
const ENDS =
    '\\s<>"`{}|\\\\^\\u00ab\\u00bb\\u2018-\\u201f\\u3000-\\u303f\\uff01-\\uff0f\\uff1a-\\uff20\\uff3b-\\uff40' +
    "\\uff5b-\\uff65\\p{Default_Ignorable_Code_Point}\\p{Bidi_Control}\\p{Control}";
const ADDRESSES = new RegExp(`https?://[^${ENDS}]+`, "giu");
const TRAILING = new Set(".,;:!?…'*_~");
const CLOSING = { "(": ")", "[": "]" };

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
    const surplus = { ")": 0, "]": 0 }; // of closing brackets
    for (const sign of address) {
        if (sign in surplus) {
            surplus[sign]++;
        } else if (sign in CLOSING) {
            surplus[CLOSING[sign]]--;
        }
    }
    let end = address.length;
    while (TRAILING.has(address[end - 1]) || surplus[address[end - 1]] > 0) {
        end--;
        if (address[end] in surplus) {
            surplus[address[end]]--;
        }
    }
    return address.slice(0, end);
}

/** Returns whether an address shows its host honestly: no user name, no look-alike letters. */
function isSafe(address) {
    if (!URL.canParse(address)) {
        return false;
    }
    const { protocol, username, password, hostname } = new URL(address);
    return /^https?:$/.test(protocol) && !username && !password && address.toLowerCase().includes(`://${hostname}`);
}
