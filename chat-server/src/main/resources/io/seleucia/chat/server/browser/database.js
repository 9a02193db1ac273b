/*
 * The browser's database (IndexedDB), for values that are too large for localStorage. Where there is none, or it can't
 * be opened, `open` returns null.
 */

const NAME = "seleucia";
const VALUES = "values";
const PATIENCE = 5_000; // milliseconds for opening it; some private windows never answer

export class Database {
    #database;

    constructor(database) {
        this.#database = database;
    }

    /** @returns {Promise<Database | null>} */
    static async open() {
        try {
            const request = globalThis.indexedDB.open(NAME, 1);
            request.onupgradeneeded = () => request.result.createObjectStore(VALUES);
            const database = await Promise.race([
                resultOf(request),
                new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), PATIENCE)),
            ]);
            database.onversionchange = () => database.close(); // the data of the page are being deleted
            return new Database(database);
        } catch {
            return null;
        }
    }

    /** Returns all values whose key begins with a prefix, by key. @returns {Promise<Map<string, any>>} */
    async read(prefix) {
        const values = this.#store("readonly");
        const [keys, found] = await Promise.all([
            resultOf(values.getAllKeys(rangeOf(prefix))),
            resultOf(values.getAll(rangeOf(prefix))),
        ]);
        return new Map(keys.map((key, place) => [key, found[place]]));
    }

    /** Returns a value; undefined if there is none. */
    get(key) {
        return resultOf(this.#store("readonly").get(key));
    }

    /** Rejected if there is no room. */
    put(key, value) {
        return this.#change((values) => values.put(value, key));
    }

    remove(key) {
        return this.#change((values) => values.delete(key));
    }

    /** Removes all values whose key begins with a prefix. */
    clear(prefix) {
        return this.#change((values) => values.delete(rangeOf(prefix)));
    }

    close() {
        this.#database.close();
    }

    #store(mode) {
        return this.#database.transaction(VALUES, mode).objectStore(VALUES);
    }

    /** Fulfilled when a change is written, not only requested. */
    #change(action) {
        return new Promise((resolve, reject) => {
            const values = this.#store("readwrite");
            const { transaction } = values;
            transaction.oncomplete = () => resolve();
            transaction.onabort = transaction.onerror = () => reject(transaction.error);
            action(values);
        });
    }
}

const rangeOf = (prefix) => IDBKeyRange.bound(prefix, `${prefix}\uffff`);

function resultOf(request) {
    return new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
}
