/* Addresses of conversations and messages, in the fragment, which browsers do not send to servers. */

/** @typedef {{key: string, message?: {epoch: string, offset: number}}} Place */

/** Returns the fragment of a place; that of the list of conversations if there is no place. @param {Place?} place */
export function fragmentOf(place) {
    if (!place) {
        return "#";
    }
    const { key, message } = place;
    const at = message ? `?at=${encodeURIComponent(message.epoch)}:${message.offset}` : "";
    return `#/${encodeURIComponent(key).replace("%40", "@")}${at}`;
}

/** Returns the place of a fragment; null if it names none. @returns {Place?} */
export function placeOf(fragment) {
    const parts = /^#\/([^?]+)(?:\?at=([^:]+):(\d{1,15}))?$/.exec(fragment);
    if (!parts) {
        return null;
    }
    try {
        const key = decodeURIComponent(parts[1]).normalize("NFC");
        const message = parts[2] && { epoch: decodeURIComponent(parts[2]), offset: Number(parts[3]) };
        return key === "@" ? null : message ? { key, message } : { key };
    } catch {
        return null; // not UTF-8
    }
}
