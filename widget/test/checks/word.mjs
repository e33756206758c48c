// A word is asked, read and typed.
import assert from "node:assert/strict";
import { check } from "../harness/check.mjs";

const behindBar = { attributes: { open: "false" } };

const showsAnother = (widget, print) => widget.isAsking && widget.picture.print !== print && widget.note !== "";

export default [
  check("a word by its picture", async (visit) => {
    await visit.openAsked();
    assert.equal(await visit.evaluate(() => document.activeElement === document.body), true, "it took the focus");
    const asked = await visit.look();
    assert.equal(asked.keyboard, "text");
    assert.equal(asked.task, "Type the 5 letters and digits you see or hear");
    assert.equal(asked.picture.name, "A picture of 5 distorted letters and digits. The sound says the same ones.");
    await visit.reply("test5");
    const { focus } = await visit.until((widget) => widget.state === "passed");
    assert.equal(focus, "bar");
    assert.deepEqual((await visit.seen()).events, ["passed"]);
    const [{ fields }] = visit.proxy.asked("answer");
    assert.equal(fields.how, "picture");
    assert.equal(fields.answer, "test5");
  }),

  check("digits alone", async (visit) => {
    await visit.openAsked({ app: "digits" });
    const asked = await visit.look();
    assert.equal(asked.task, "Type the 6 digits you see or hear");
    assert.equal(asked.picture.name, "A picture of 6 distorted digits. The sound says the same ones.");
    assert.equal(asked.keyboard, "numeric");
    await visit.reply(" ");
    assert.equal((await visit.until((widget) => widget.isBad)).note, "Please type the digits first.");
    await visit.type(visit.answer);
    await visit.click("check");
    await visit.until((widget) => widget.state === "passed");
  }),

  check("a wrong answer", async (visit) => {
    await visit.openAsked({ app: "words" });
    const before = await visit.look();
    await visit.reply("NOPE");
    const after = await visit.until(showsAnother, { given: [before.picture.print] });
    assert.equal(after.answer, "");
    assert.equal(after.isBad, true);
    assert.equal(after.focus, "field");
    assert.equal(after.note, "Wrong. Here is a new challenge.");
    const { said, events } = await visit.seen();
    assert.equal(said.at(-1), after.note);
    assert.deepEqual(events, []);
    assert.equal(await visit.evaluate(() => location.pathname), "/", "Enter sent the page's form");
    await visit.type(visit.answer);
    await visit.click("check");
    await visit.until((widget) => widget.state === "passed");
  }),

  check("an empty answer is not sent", async (visit) => {
    await visit.openAsked();
    await visit.reply(" ");
    const { note, focus } = await visit.until((widget) => widget.isBad);
    assert.equal(note, "Please type the letters and digits first.");
    assert.equal(focus, "field");
    assert.equal((await visit.seen()).said.at(-1), note);
    assert.equal(visit.proxy.count("answer"), 0);
  }),

  check("another challenge", async (visit) => {
    await visit.openAsked({ app: "words" });
    const before = await visit.look();
    await visit.click("field");
    await visit.type("ab");
    await visit.click("another");
    const after = await visit.until(showsAnother, { given: [before.picture.print] });
    assert.equal(after.note, "Here is a new challenge.");
    assert.equal(after.answer, "");
    assert.equal(after.focus, "field");
    assert.equal((await visit.seen()).said.at(-1), after.note);
    assert.equal(visit.proxy.asked("renew")[0].fields.key, visit.proxy.asked("begin")[0].reply.key);
  }),

  check("behind a bar", async (visit) => {
    await visit.open(behindBar);
    await visit.until((widget) => widget.state === "ready");
    assert.equal(visit.proxy.count("begin"), 0, "it asked before anybody came near");
    await visit.hover("bar");
    await visit.proxy.until("begin");
    assert.equal((await visit.look()).isOpen, false, "it opened by itself");
    await visit.click("bar");
    const open = await visit.until((widget) => widget.isAsking);
    assert.equal(open.focus, "field");
    assert.equal(open.isExpanded, true);
    assert.equal(visit.proxy.count("begin"), 1, "what was fetched ahead was fetched again");
    await visit.pass();
  }),

  check("Escape closes, the focus returns, and what was typed stays", async (visit) => {
    await visit.openAsked(behindBar);
    await visit.type("ab");
    await visit.press("Escape");
    const closed = await visit.until((widget) => !widget.isOpen);
    assert.equal(closed.focus, "bar");
    assert.equal(closed.isExpanded, false);
    await visit.press("Enter");
    const again = await visit.until((widget) => widget.isAsking);
    assert.equal(again.answer, "ab");
    assert.equal(again.focus, "field");
    assert.equal(visit.proxy.count("begin"), 1);
    await visit.click("close");
    await visit.until((widget) => !widget.isOpen && widget.focus === "bar");
    assert.deepEqual((await visit.seen()).keys, [], "the page saw what was typed");
  }),

  check("a dialog, and the focus back where it was", async (visit) => {
    await visit.open({ attributes: { open: "false", size: "invisible" } });
    assert.equal((await visit.look()).isThere, false);
    await visit.evaluate(() => {
      document.querySelector("form button").focus();
      void document.querySelector("haechi-captcha").execute();
    });
    const open = await visit.until((widget) => widget.isAsking);
    assert.equal(open.focus, "field");
    await visit.press("Escape");
    await visit.until((widget) => !widget.isOpen);
    assert.equal(await visit.evaluate(() => document.activeElement.localName), "button");
    await visit.evaluate(() => {
      window.promised = document.querySelector("haechi-captcha").execute();
    });
    await visit.until((widget) => widget.isAsking);
    await visit.reply();
    assert.equal(await visit.evaluate(() => window.promised), await visit.token());
  }),

  check("all parts by keyboard, and out again", async (visit) => {
    await visit.openAsked(behindBar);
    await visit.evaluate(() => window.test.part("bar").focus());
    const stops = [];
    for (let count = 0; count < 7; count++) {
      await visit.press("Tab");
      const { focus } = await visit.look();
      stops.push(focus);
      assert(await visit.evaluate(hasRing, focus), `nothing shows that the focus is on ${focus}`);
    }
    assert.deepEqual(stops, ["close", "listen", "slower", "another", "field", "check", "other"]);
    await visit.press("Tab");
    assert.equal(await visit.evaluate(() => document.activeElement.textContent), "Join");
  }),
];

// This runs in the page.

function hasRing(part) {
  const { outlineStyle, outlineWidth } = getComputedStyle(window.test.part(part));
  return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
}
