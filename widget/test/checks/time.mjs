// The time of challenges and tokens ends.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { check } from "../harness/check.mjs";
import { altered } from "../harness/proxy.mjs";

const behindBar = { attributes: { open: "false" } };
const lasts = (secs) => altered({ expires_in_secs: secs });

export default [
  check("a challenge that is too old becomes another", async (visit) => {
    visit.proxy.next("begin", lasts(1));
    await visit.openAsked(behindBar);
    const { note, focus, isOpen } = await visit.until((widget) => widget.isAsking && widget.note !== "");
    assert.equal(note, "Time is up. Here is a new challenge.");
    assert.deepEqual([focus, isOpen], ["field", true]);
    assert.equal((await visit.seen()).said.at(-1), note);
    assert.equal(visit.proxy.count("renew"), 1);
    await visit.pass();
  }),

  check("somebody who types is told before, and nothing is lost", async (visit) => {
    visit.proxy.next("begin", lasts(21.5));
    await visit.openAsked();
    await visit.click("field");
    await visit.type("ab");
    const { note, answer } = await visit.until((widget) => widget.note !== "");
    assert.equal(note, "A new challenge comes in 20 seconds.");
    assert.equal(answer, "ab");
    assert.equal((await visit.seen()).said.at(-1), note);
  }),

  check("a challenge that nobody opened is not renewed", async (visit) => {
    visit.proxy.next("begin", lasts(0.5));
    await visit.open(behindBar);
    await visit.hover("bar");
    await visit.proxy.until("begin");
    await pause(700);
    assert.deepEqual((await visit.seen()).said, []);
    assert.equal(visit.proxy.count("renew") + visit.proxy.count("begin"), 1);
    await visit.click("bar");
    await visit.until((widget) => widget.isAsking);
    assert.equal(visit.proxy.count("begin"), 2);
    await visit.pass();
  }),

  check("nothing is renewed in a hidden page", async (visit) => {
    visit.proxy.next("begin", lasts(1));
    await visit.openAsked();
    await visit.evaluate(() => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
    });
    await pause(1_200);
    assert.equal(visit.proxy.count("renew"), 0);
    await visit.evaluate(() => {
      delete document.hidden;
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await visit.until((widget) => widget.note === "Time is up. Here is a new challenge.");
    assert.equal(visit.proxy.count("renew"), 1);
  }),

  check("a token that is too old, behind a bar", async (visit) => {
    visit.proxy.next("answer", lasts(1));
    await visit.openAsked(behindBar);
    await visit.pass();
    assert.notEqual(await visit.token(), "");
    const { label, isOpen } = await visit.until((widget) => widget.state === "expired");
    assert.equal(label, "Time is up. Please verify again.");
    assert.equal(isOpen, false);
    assert.equal(await visit.token(), "");
    const { said, events } = await visit.seen();
    assert.equal(said.at(-1), label);
    assert.deepEqual(events, ["passed", "expired"]);
    await visit.proxy.until("begin", 2);
    assert.equal((await visit.look()).isOpen, false, "it opened by itself");
    await visit.click("bar");
    await visit.until((widget) => widget.isAsking);
    assert.equal(visit.proxy.count("begin"), 2);
    await visit.pass();
    assert.notEqual(await visit.token(), "");
  }),

  check("a token that is too old, in the page's flow", async (visit) => {
    visit.proxy.next("answer", lasts(1));
    await visit.openAsked();
    await visit.pass();
    const { note, focus } = await visit.until((widget) => widget.isAsking);
    assert.equal(note, "Time is up. Please verify again.");
    assert.notEqual(focus, "field", "it took the focus");
    assert.equal(await visit.token(), "");
    await visit.pass();
  }),

  check("nobody is asked twice while a token is good", async (visit) => {
    await visit.openAsked(behindBar);
    await visit.pass();
    const token = await visit.token();
    await visit.click("bar");
    assert.equal(await visit.evaluate(() => document.querySelector("haechi-captcha").execute()), token);
    assert.equal((await visit.look()).isOpen, false);
    assert.equal(visit.proxy.count("begin"), 1);
  }),
];
