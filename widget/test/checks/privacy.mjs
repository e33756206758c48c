// What a visit leaves behind, and whom it tells.
import assert from "node:assert/strict";
import { check } from "../harness/check.mjs";

export default [
  check("no other host, no cookie, nothing stored, no sound unasked", async (visit) => {
    await visit.openAsked({ app: "words" });
    await visit.reply("NOPE");
    await visit.until((widget) => widget.isBad && widget.isAsking);
    await visit.reply(visit.answer);
    await visit.until((widget) => widget.state === "passed");
    const { addresses, ...left } = await visit.evaluate(whatIsLeft);
    assert.deepEqual(left, { cookie: "", stored: 0, databases: [], caches: [], workers: 0 });
    const origins = new Set([...addresses, ...(visit.tab.addresses ?? [])].map((address) => new URL(address).origin));
    assert.deepEqual([...origins].sort(), [visit.site.url, visit.proxy.url].sort());
    const { log } = visit.proxy;
    assert.deepEqual(log.map(({ call }) => call), ["script", "begin", "answer", "answer"]);
    assert(log.every(({ method }) => method !== "OPTIONS"), "a preflight cost a round trip");
    assert(log.every(({ headers }) => headers.cookie === undefined));
    assert(log.every(({ setsCookie }) => !setsCookie));
    assert.deepEqual((await visit.seen()).faults, [], "the page's policy forbade something");
  }),
];

async function whatIsLeft() {
  return {
    addresses: performance.getEntriesByType("resource").map(({ name }) => name),
    cookie: document.cookie,
    stored: localStorage.length + sessionStorage.length,
    databases: await indexedDB.databases(),
    caches: window.caches ? await caches.keys() : [],
    workers: navigator.serviceWorker ? (await navigator.serviceWorker.getRegistrations()).length : 0,
  };
}
