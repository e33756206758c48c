// Replies are lost, the network is gone, the server is busy.
import assert from "node:assert/strict";
import { check } from "../harness/check.mjs";
import { redeem } from "../harness/haechi.mjs";
import { held, lost, refused, unreachable, withoutPicture } from "../harness/proxy.mjs";

const behindBar = { attributes: { open: "false" } };

async function redeemed(visit) {
  const { success } = await redeem(visit.haechi.url, visit.site.app, await visit.token());
  return success;
}

export default [
  check("a lost reply to an answer: the same verdict", async (visit) => {
    await visit.openAsked();
    visit.proxy.next("answer", lost, lost);
    await visit.pass();
    const sent = visit.proxy.asked("answer").map(({ fields }) => fields);
    assert.equal(sent.length, 3);
    assert.deepEqual(sent[1], sent[0]);
    assert.deepEqual(sent[2], sent[0]);
    assert.match(sent[0].request, /^[0-9a-f]{32}$/);
    assert.deepEqual((await visit.seen()).events, ["passed"], "the page heard of it");
    assert(await redeemed(visit));
  }),

  check("a lost reply to a wrong answer: wrong, once", async (visit) => {
    await visit.openAsked();
    visit.proxy.next("answer", lost);
    await visit.reply("NOPE");
    const { note } = await visit.until((widget) => widget.isBad && widget.isAsking);
    assert.equal(note, "Wrong. Here is a new challenge.");
    await visit.pass();
  }),

  check("replies that stay lost are said so, and the answer is still right", async (visit) => {
    await visit.openAsked();
    visit.proxy.always("answer", lost);
    await visit.reply();
    await visit.untilItSays("No connection. Trying again…");
    visit.proxy.mend();
    await visit.press("Enter");
    await visit.until((widget) => widget.state === "passed");
    assert.deepEqual((await visit.seen()).events, ["error unreachable", "passed"]);
    assert.equal(new Set(visit.proxy.asked("answer").map(({ fields }) => fields.request)).size, 1);
    assert(await redeemed(visit));
  }),

  check("offline and back", async (visit) => {
    await visit.open(behindBar);
    await visit.setOffline(true);
    await visit.click("bar");
    const { label } = await visit.until((widget) => widget.state === "unreachable");
    assert.equal(label, "No connection. Trying again…");
    const { said, events } = await visit.seen();
    // It tries twice if it hears of the first try before the press, and says so each time.
    assert.deepEqual([new Set(said), new Set(events)], [new Set([label]), new Set(["error unreachable"])]);
    await visit.setOffline(false);
    await visit.until((widget) => widget.isAsking);
    assert.equal((await visit.look()).label, "I am a person");
    await visit.pass();
  }),

  check("a server that comes back is found without anybody's doing", async (visit) => {
    visit.proxy.next("begin", unreachable);
    await visit.open();
    await visit.untilItSays("No connection. Trying again…");
    await visit.until((widget) => widget.isAsking && widget.note === "");
    assert.equal(visit.proxy.count("begin"), 2);
  }),

  check("refused, with a countdown", async (visit) => {
    const { rule, release } = held(refused(429, "rate-limited", 3));
    visit.proxy.next("begin", rule);
    await visit.open(behindBar);
    await visit.click("bar");
    release();
    const { label } = await visit.untilItSays("Too many requests. Trying again in 3 s.");
    await visit.click("bar");
    await visit.untilItSays("Too many requests. Trying again in 2 s.");
    await visit.untilItSays("Too many requests. Trying again in 1 s.");
    assert.equal(visit.proxy.count("begin"), 1, "a press did not wait");
    assert.deepEqual((await visit.seen()).said, [label], "it is said again and again");
    await visit.until((widget) => widget.isAsking);
    assert.deepEqual((await visit.seen()).events, ["error rate-limited"]);
    await visit.pass();
  }),

  check("a busy server, with a countdown in the page's flow", async (visit) => {
    visit.proxy.next("begin", refused(503, "busy", 2));
    await visit.open();
    await visit.untilItSays("The server is busy. Trying again in 2 s.");
    await visit.untilItSays("The server is busy. Trying again in 1 s.");
    await visit.until((widget) => widget.isAsking && widget.note === "");
  }),

  check("a page of a host that may not use the app", async (visit) => {
    await visit.open(behindBar);
    const elsewhere = visit.site.url.replace("localhost", "127.0.0.1");
    const { rule, release } = held();
    visit.proxy.next("begin", rule);
    await visit.tab.go(`${elsewhere}/`);
    await visit.click("bar");
    release();
    const { label } = await visit.until((widget) => widget.state === "broken");
    assert.equal(label, "Not available: a fault in this site's setup.");
    const { events, faults } = await visit.seen();
    assert.deepEqual(events, ["error hostname-not-allowed"]);
    assert.match(faults.join(), /^haechi: hostname-not-allowed: /, "it says so to developers");
  }),

  check("a picture that is refused is asked for once more", async (visit) => {
    visit.proxy.next("begin", withoutPicture);
    visit.proxy.next("picture", refused(503, "busy", 1));
    await visit.openAsked();
    await visit.proxy.until("picture", 2);
    assert.deepEqual(visit.proxy.asked("picture").map(({ reply }) => typeof reply?.error), ["string", "undefined"]);
    await visit.pass();
  }),

  check("a picture that stays refused is said so", async (visit) => {
    visit.proxy.next("begin", withoutPicture);
    visit.proxy.always("picture", refused(429, "limit", 9));
    await visit.open();
    await visit.untilItSays("The picture cannot be shown. Please try a new one.");
    assert.equal(visit.proxy.count("picture"), 2, "and no notice is drawn as if it were the challenge");
  }),
];
