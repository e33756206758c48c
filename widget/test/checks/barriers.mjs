// What axe-core finds in the way of people, in every state, on light and on dark grounds.
import assert from "node:assert/strict";
import { check } from "../harness/check.mjs";
import { readPackaged } from "../harness/packages.mjs";
import { endless } from "../harness/puzzles.mjs";
import { given, held, refused, unreachable } from "../harness/proxy.mjs";

const endlessWork = await endless();
const axe = readPackaged("axe-core/axe.min.js");
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const script = '<script src="{host}/widget/v1/api.js" async></script>';
const bar = (size) => `<p><haechi-captcha sitekey="{site_key}" open="false" size="${size}"></haechi-captcha></p>`;
/** A bar of each size. */
const bars = { content: script + ["normal", "compact", "flexible"].map(bar).join("") };
const inFlow = {};
const withRoom = { attributes: { open: "true" } };
const behindBar = { attributes: { open: "false" } };
const dialog = { attributes: { open: "false", size: "invisible" } };

const token = (secs) => given({ token: "a.token", expires_in_secs: secs });
const is = (widget, state) => widget.state === state;
const goes = (state) => (visit) => visit.until(is, { index: 2, given: [state] });
const asks = (visit) => visit.until((widget) => widget.isAsking);

async function isWrong(visit) {
  await asks(visit);
  await visit.reply("NOPE");
  await visit.until((widget) => widget.isBad && widget.isAsking);
}

async function playsSlowly(visit) {
  await asks(visit);
  await visit.click("listen");
  await visit.click("slower");
  await visit.until((widget) => widget.offers === "Pause" && widget.isSlower);
}

async function works(visit) {
  await asks(visit);
  visit.proxy.next("renew", endlessWork.asked);
  await visit.click("other");
  await visit.until((widget) => widget.isWorking && widget.note !== "");
}

/** Name, page, what the server says to a wish for a challenge, and what else happens. */
const states = [
  ["bars: ready", bars, undefined, undefined],
  ["bars: checking", bars, held().rule, goes("checking")],
  ["bars: verified", bars, token(60), goes("passed")],
  // One token for each. A bar begins anew when its token's time is over, and stays expired if it is to ask then.
  ["bars: expired", bars, [token(0.3), token(0.3), token(0.3)], goes("expired")],
  ["bars: refused", bars, refused(429, "rate-limited", 60), goes("refused")],
  ["bars: busy", bars, refused(503, "busy", 60), goes("busy")],
  ["bars: unreachable", bars, unreachable, goes("unreachable")],
  ["bars: broken", bars, refused(403, "hostname-not-allowed"), goes("broken")],
  ["over the page: asks", behindBar, undefined, asks],
  ["over the page: wrong", behindBar, undefined, isWrong],
  ["over the page: plays slowly", behindBar, undefined, playsSlowly],
  ["in the flow: waits", inFlow, held().rule, (visit) => visit.until((widget) => widget.state === "checking")],
  ["in the flow: asks", inFlow, undefined, asks],
  ["in the flow: wrong", inFlow, undefined, isWrong],
  ["in the flow: verified", inFlow, token(60), (visit) => visit.until((widget) => widget.state === "passed")],
  ["in the flow, with room: waits", withRoom, held().rule, (visit) => visit.until((widget) => widget.state === "checking")],
  ["in the flow, with room: verified", withRoom, token(60), (visit) => visit.until((widget) => widget.state === "passed")],
  ["in the flow: refused", inFlow, refused(429, "rate-limited", 60), (visit) => visit.until((widget) => widget.state === "refused")],
  ["dialog: asks", dialog, undefined, asks],
  ["over the page: works", behindBar, undefined, works],
  ["bars: works", bars, endlessWork.asked, (visit) => visit.until((widget) => widget.done > 0)],
];

export default states.map(([name, page, rule, happens]) =>
  check(`no barriers: ${name}`, async (visit) => {
    if (rule) visit.proxy[Array.isArray(rule) ? "next" : "always"]("begin", ...[rule].flat());
    await visit.open(page);
    await visit.evaluate(() => customElements.whenDefined("haechi-captcha").then(() => {}));
    if (happens && page !== inFlow && page !== withRoom) await visit.evaluate(executeAll);
    await happens?.(visit);
    await visit.tab.evaluate(axe);
    for (const isDark of [false, true]) {
      await visit.tab.prefer({ isDark });
      if (isDark) await visit.until((widget) => !widget.isThere || widget.isDark);
      assert.deepEqual(await visit.evaluate(findBarriers, tags), [], isDark ? "on a dark ground" : "on a light ground");
    }
  }, { engines: ["chromium"], why: "axe-core finds the same in every engine" }),
);

// These run in the page.

function executeAll() {
  for (const captcha of document.querySelectorAll("haechi-captcha")) captcha.execute().catch(() => {});
}

async function findBarriers(tags) {
  // The form's button is the site's.
  const { violations } = await window.axe.run({ exclude: ["form > button"] }, { runOnly: tags });
  const where = ({ target, failureSummary }) => `${target} ${failureSummary}`;
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(where).join("; ")}`);
}
