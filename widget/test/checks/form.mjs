// The form gets the token, and the site redeems it.
import assert from "node:assert/strict";
import { check } from "../harness/check.mjs";
import { redeem, host } from "../harness/haechi.mjs";

export default [
  check("the form sends the token, which says what the page was about", async (visit) => {
    const data = { action: "join", cdata: "cart 7 · 장바구니" };
    await visit.openAsked({ app: "words", attributes: data });
    await visit.reply(visit.answer);
    await visit.until((widget) => widget.state === "passed");
    const joined = visit.site.joined();
    await visit.send();
    const { fields, verdict } = await joined;
    const { success, hostname, action, cdata, challenge_ts } = verdict;
    assert.deepEqual({ success, hostname, action, cdata }, { success: true, hostname: host, ...data });
    assert(Math.abs(Date.now() - Date.parse(challenge_ts)) < 60_000);
    const again = await redeem(visit.haechi.url, visit.site.app, fields["haechi-response"]);
    assert.deepEqual([again.success, again["error-codes"]], [false, ["timeout-or-duplicate"]]);
  }),

  check("a form without a passed challenge sends no token", async (visit) => {
    await visit.openAsked();
    const joined = visit.site.joined();
    await visit.send();
    const { fields, verdict } = await joined;
    assert(!fields["haechi-response"]);
    assert.equal(verdict.success, false);
  }),

  check("a form that is reset, and a field of another name", async (visit) => {
    await visit.openAsked({ attributes: { name: "proof" } });
    await visit.pass();
    assert.notEqual(await visit.token("proof"), "");
    await visit.evaluate(() => document.forms[0].reset());
    await visit.until((widget) => widget.isAsking);
    assert.equal(await visit.token("proof"), "");
    await visit.pass();
  }),
];
