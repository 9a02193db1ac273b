/*
 * How far others have read a conversation, as far as is known: from receipts, and because one who writes has read what was
 * there. Receipts are asked for where few are, for each that reads is told to all.
 */

const FEW = 20; // clients

export class Seen {
    #client;
    #name;

    /** @param {import("./chat-client.js").ChatClient} client @param {() => string} name of this person */
    constructor(client, name) {
        this.#client = client;
        this.#name = name;
    }

    /** Returns whether a channel is small enough for receipts. Where the server does not say, it is not. */
    async isSmall(channel) {
        const page = await this.#client.list({ prefix: channel, limit: 1 }).catch(() => null);
        const known = page?.channels.find((one) => one.channel === channel);
        return known ? known.clients < FEW : page !== null && !page.more;
    }

    /** Notes that a client has read up to an offset. */
    note(conversation, client, epoch, offset) {
        const { seen } = conversation;
        const before = seen.get(client);
        if (client !== this.#name() && !(before?.epoch === epoch && before.offset >= offset)) {
            seen.delete(client); // in the order in which they have read
            seen.set(client, { epoch, offset });
            if (seen.size > FEW * 2) {
                seen.delete(seen.keys().next().value);
            }
        }
    }
}

/** Returns the clients that have seen the newest own message, and that message; null if none has. */
export function seenBy({ messages, pending, seen }) {
    const newest = pending.length > 0 ? null : messages.findLast(({ own, isDeleted }) => own && !isDeleted);
    const names = [...seen]
        .filter(([, { epoch, offset }]) => newest && epoch === newest.epoch && offset >= newest.offset)
        .map(([name]) => name);
    return names.length > 0 ? { message: newest, names } : null;
}
