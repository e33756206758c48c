// Where a page may have its widget, and what becomes of it there.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { check } from "../harness/check.mjs";
import { altered } from "../harness/proxy.mjs";

const script = '<script src="{host}/widget/v1/api.js" async></script>';
const captcha = '<haechi-captcha sitekey="{site_key}"></haechi-captcha>';

/** Elements that the vendors' scripts render by themselves, with the field of each one's token. */
const vendors = {
  recaptcha: ["/recaptcha/api.js", "g-recaptcha", "g-recaptcha-response"],
  hcaptcha: ["/1/api.js", "h-captcha", "h-captcha-response"],
  turnstile: ["/turnstile/v0/api.js", "cf-turnstile", "cf-turnstile-response"],
  haechi: ["/widget/v1/api.js", "haechi-captcha", "haechi-response"],
};

const automatic = Object.entries(vendors).map(([vendor, [path, className, field]]) =>
  check(`an element by its class: ${vendor}`, async (visit) => {
    const element = `<div class="${className}" data-sitekey="{site_key}" data-callback="passed"></div>`;
    await visit.open({ content: `<script src="{host}${path}" async></script><form>${element}</form>` });
    await visit.evaluate(() => {
      window.passed = (token) => (window.given = token);
    });
    await visit.until((widget) => widget.state === "ready");
    await visit.click("bar");
    await visit.until((widget) => widget.isAsking);
    await visit.pass();
    const token = await visit.token(field);
    assert.equal(await visit.evaluate(() => window.given), token);
    assert.notEqual(token, "");
    const { api } = visit.proxy.asked("answer")[0].fields;
    assert.equal(api, vendor);
  }),
);

export default [
  check("two on a page", async (visit) => {
    await visit.open({ content: `${script}<form>${captcha}</form><form>${captcha}</form>` });
    for (const index of [0, 1]) await visit.until((widget) => widget.isAsking, { index });
    await visit.pass(1);
    assert.equal((await visit.look(0)).isAsking, true, "the other one passed too");
    await visit.pass(0);
    const tokens = await visit.evaluate(() => {
      return Array.from(document.forms, (form) => new FormData(form).get("haechi-response"));
    });
    assert.equal(new Set(tokens).size, 2);
    assert(tokens.every((token) => token));
    assert.equal(visit.proxy.count("begin"), 2);
  }),

  check("removed and added, as views of an app are", async (visit) => {
    await visit.openAsked();
    await visit.click("listen");
    await visit.until((widget) => widget.offers === "Pause");
    await visit.evaluate(() => {
      window.form = document.forms[0];
      window.captcha = document.querySelector("haechi-captcha");
      window.captcha.remove();
    });
    await visit.until((widget) => !widget.isThere && !window.captcha.childElementCount);
    await visit.evaluate(() => window.form.prepend(window.captcha));
    await visit.until((widget) => widget.isAsking && widget.offers === "Listen");
    await visit.pass();
    assert.notEqual(await visit.token(), "");
    assert.deepEqual((await visit.seen()).events, ["passed"]);
  }),

  check("moved, with what was typed", async (visit) => {
    await visit.openAsked();
    await visit.click("field");
    await visit.type("TES");
    await visit.evaluate(() => document.forms[0].append(document.querySelector("haechi-captcha")));
    assert.equal((await visit.look()).answer, "TES");
    await visit.reply("T5");
    await visit.until((widget) => widget.state === "passed");
    assert.equal(visit.proxy.count("begin"), 1);
  }),

  check("in a form inside a shadow root", async (visit) => {
    await visit.open({ content: `${script}<div id="app"></div>` });
    await visit.evaluate((siteKey) => {
      const root = document.getElementById("app").attachShadow({ mode: "open" });
      window.form = document.createElement("form");
      const captcha = document.createElement("haechi-captcha");
      captcha.setAttribute("sitekey", siteKey);
      window.form.append(captcha);
      root.append(window.form);
    }, visit.site.app.site_key);
    await visit.until((widget) => widget.isAsking);
    await visit.pass();
    const token = await visit.evaluate(() => new FormData(window.form).get("haechi-response"));
    assert.match(token, /^\S{20,}$/);
  }),

  check("back to the page, with a token that is still good, or anew", async (visit) => {
    await visit.openAsked();
    await visit.pass();
    const token = await visit.token();
    await visit.tab.go(`${visit.site.url}/elsewhere`);
    await visit.tab.back();
    const { state } = await visit.until((widget) => widget.isAsking || widget.state === "passed");
    if (state === "passed") {
      assert.equal(await visit.token(), token);
      return "the browser kept the page";
    }
    assert.equal(await visit.token(), "");
    await visit.pass();
    return "the browser loaded the page again";
  }),

  check("back to the page after the token's time", async (visit) => {
    visit.proxy.next("answer", altered({ expires_in_secs: 1 }));
    await visit.openAsked();
    await visit.pass();
    await visit.tab.go(`${visit.site.url}/elsewhere`);
    await pause(1_200);
    await visit.tab.back();
    await visit.until((widget) => widget.isAsking);
    assert.equal(await visit.token(), "");
    await visit.pass();
  }),

  ...automatic,
];
