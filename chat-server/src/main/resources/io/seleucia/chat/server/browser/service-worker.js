/*
 * Keeps the files of the page for when the server can't be reached. The server is asked first for every file, so that
 * nothing old is shown while it answers; what is kept is of one version as a whole. The server writes version and files.
 */

const SCOPE = new URL("./", self.location.href);
const MINE = `seleucia page ${SCOPE.pathname} `; // one origin may have several servers, at different paths
const CACHE = `${MINE}VERSION`;
const FILES = ["FILES"];

self.addEventListener("install", (event) => {
    event.waitUntil(keep());
});

async function keep() {
    const cache = await caches.open(CACHE);
    await cache.addAll(FILES.map((file) => new Request(file, { cache: "no-cache" })));
    await self.skipWaiting();
}

self.addEventListener("activate", (event) => {
    event.waitUntil(begin());
});

async function begin() {
    for (const name of await caches.keys()) {
        if (name.startsWith(MINE) && name !== CACHE) {
            await caches.delete(name);
        }
    }
    await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
    const { method, url } = event.request;
    const { origin, pathname } = new URL(url);
    const file = pathname.slice(SCOPE.pathname.length);
    if (method === "GET" && origin === SCOPE.origin && pathname.startsWith(SCOPE.pathname) && isKept(file)) {
        event.respondWith(answer(event.request));
    }
});

const isKept = (file) => FILES.includes(file === "" ? "./" : file);

async function answer(request) {
    const response = await fetch(request).catch(() => null);
    if (response && response.status < 500) {
        return response;
    }
    const cache = await caches.open(CACHE);
    return (await cache.match(request, { ignoreSearch: true, ignoreVary: true })) ?? response ?? Response.error();
}

self.addEventListener("notificationclick", (event) => {
    event.notification.close();
    event.waitUntil(open(event.notification.data));
});

async function open({ key, person, address }) {
    const [window] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    if (window) {
        await window.focus();
        window.postMessage({ open: key, person });
    } else {
        await self.clients.openWindow(SCOPE.href + address);
    }
}
