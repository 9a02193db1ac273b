/* Makes the page open without a connection, where the browser can. */

/** Has a service worker keep the files of the page. */
export async function keepFiles() {
    await navigator.serviceWorker?.register("service-worker.js").catch(() => {}); // not over plain HTTP, nor in private
}
