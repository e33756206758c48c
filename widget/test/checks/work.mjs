// The device works: beside the page, in the page, alone, beside a word, instead of one.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { check } from "../harness/check.mjs";
import { given, held, unreachable } from "../harness/proxy.mjs";
import { algorithms, endless, makePuzzle, passed } from "../harness/puzzles.mjs";

const behindBar = { attributes: { open: "false" } };
const withoutFrames = { ...behindBar, mayFrame: false };
/** What the button for it says. */
const offer = "I cannot read or hear this: wait about 2 seconds instead, 15 on an old phone";
/** For how long the page may be kept busy at a stretch. */
const longestMs = 8;

const has = (widget, state) => widget.state === state;
const until = (visit, state, index = 0) => visit.until(has, { given: [state], index });

/** A page whose server asks for this work first, and takes its solution. */
async function openWorking(visit, puzzle, page = behindBar) {
  visit.proxy.always("early", puzzle.asked);
  visit.proxy.always("begin", puzzle.asked);
  visit.proxy.always("answer", passed());
  await visit.open(page);
}

async function assertSolved(visit, { work, solve }) {
  // A machine that does other things meanwhile needs longer.
  const { fields } = await visit.proxy.until("answer", 1, 40);
  const { key, work: worked, counter, derived_key } = fields;
  assert.deepEqual({ key, worked, counter, derived_key }, { key: work.key, worked: work.key, ...(await solve()) });
  await until(visit, "passed");
}

const beside = Object.keys(algorithms).map((algorithm) =>
  check(`work in workers of the server: ${algorithm}`, async (visit) => {
    const puzzle = await makePuzzle(algorithm);
    await openWorking(visit, puzzle);
    await assertSolved(visit, puzzle);
    assert.equal(visit.proxy.count("begin"), 0, "nobody came near");
    assert.equal((await visit.look()).isOpen, false);
    const { said, events, faults, stretches } = await visit.seen();
    assert.deepEqual({ said, events, faults }, { said: ["Verified"], events: ["passed"], faults: [] });
    assert.deepEqual(stretches, [], "the page worked itself");
    assert.equal(await visit.evaluate(countFrames), 0);
  }),
);

const inPage = Object.keys(algorithms).map((algorithm) =>
  check(`work in the page, which allows no frames: ${algorithm}`, async (visit) => {
    const puzzle = await makePuzzle(algorithm, algorithm === "SHA-256" ? { counter: 100_000, counters: 100_001 } : { counter: 400, counters: 401 });
    await openWorking(visit, puzzle, withoutFrames);
    await visit.evaluate(watchGaps);
    await assertSolved(visit, puzzle);
    assert.equal(visit.proxy.count("frame"), 0);
    const { faults, stretches } = await visit.seen();
    assert.equal(faults.filter((fault) => fault.startsWith("haechi: ")).length, 1, "it complains once");
    return told(stretches, await visit.evaluate(() => window.gaps()));
  }),
);

export default [
  ...beside,
  ...inPage,

  check("work in the page after two seconds without a frame", async (visit) => {
    const puzzle = await makePuzzle("SHA-256");
    visit.proxy.always("frame", held().rule);
    await openWorking(visit, puzzle);
    await assertSolved(visit, puzzle);
    assert.equal(await visit.evaluate(countFrames), 0);
  }),

  check("work on a page without encryption", async (visit) => {
    const puzzle = await makePuzzle("PBKDF2/SHA-256");
    await openWorking(visit, puzzle);
    await visit.tab.go(`${visit.site.url.replace("localhost", "plain.test")}/`);
    assert.equal(await visit.evaluate(() => isSecureContext), false);
    await until(visit, "passed");
    await assertSolved(visit, puzzle);
    assert.deepEqual(visit.proxy.asked("early").map(({ fields }) => fields.plain), [undefined, "1"]);
  }, { engines: ["chromium", "firefox"], why: "WebKitGTK takes no names of hosts" }),

  check("a browser without WebCrypto gets what plain code computes soonest", async (visit) => {
    await visit.open({ app: "work", content: '<form><haechi-captcha sitekey="{site_key}"></haechi-captcha></form>' });
    assert.equal(await visit.evaluate(takeCryptoAway), true, "the page is not secure");
    await visit.evaluate(addScript, `${visit.site.server}/widget/v1/api.js`);
    await until(visit, "passed");
    const [{ fields, reply }] = visit.proxy.asked("begin");
    assert.deepEqual([fields.plain, reply.work.parameters.algorithm], ["1", "SCRYPT"]);
    assert.equal(visit.proxy.asked("answer")[0].fields.plain, "1");
    assert.deepEqual((await visit.seen()).faults, []);
  }),

  check("the bar shows how far the work is", async (visit) => {
    await openWorking(visit, await endless());
    const { label, done } = await visit.until((widget) => widget.done > 0);
    assert.equal(label, "Checking…");
    const more = await visit.until((widget, before) => widget.done > before, { given: [done] });
    assert(more.done < 1);
    assert.deepEqual((await visit.seen()).said, []);
  }),

  check("work stops when its element goes", async (visit) => {
    await openWorking(visit, await endless());
    await visit.until((widget) => widget.done > 0);
    await visit.evaluate(() => document.querySelector("haechi-captcha").remove());
    await visit.until((widget) => !widget.isThere);
    assert.equal(await visit.evaluate(countFrames), 0);
    await assertSilence(visit);
  }),

  check("work in the page stops when its element goes", async (visit) => {
    await openWorking(visit, await endless(), withoutFrames);
    await visit.until((widget) => widget.done > 0);
    await visit.evaluate(() => document.querySelector("haechi-captcha").remove());
    await assertSilence(visit);
  }),

  check("work rests while the page is hidden for long", async (visit) => {
    await openWorking(visit, await endless(), withoutFrames);
    await visit.until((widget) => widget.done > 0);
    await visit.evaluate(hide);
    await assertSilence(visit);
    const { done } = await visit.look();
    await visit.evaluate(unhide);
    await visit.until((widget, before) => widget.done > before, { given: [done] });
  }),

  check("work in workers rests while the page is hidden for long", async (visit) => {
    await openWorking(visit, await endless());
    await visit.until((widget) => widget.done > 0);
    const frame = visit.tab.page.frames().find((one) => one.url().endsWith("/widget/v1/work"));
    const workers = async () => (await frame.evaluate(() => window.ended)).length;
    await frame.evaluate(() => {
      window.ended = [];
      const { terminate } = Worker.prototype;
      Worker.prototype.terminate = function () {
        window.ended.push(this);
        terminate.call(this);
      };
    });
    await frame.evaluate(hide);
    await assertSilence(visit);
    assert((await workers()) > 0);
    const { done } = await visit.look();
    await frame.evaluate(unhide);
    await visit.until((widget, before) => widget.done > before, { given: [done] });
  }, { engines: ["chromium"], why: "the frame's clock is set in Chromium alone" }),

  check("a look at a page that gets no reply is not repeated", async (visit) => {
    visit.proxy.always("early", unreachable);
    await visit.open({ ...behindBar, app: "work" });
    await visit.proxy.until("early");
    await pause(1_500);
    const { said, events } = await visit.seen();
    assert.deepEqual([said, events, visit.proxy.count("early"), (await visit.look()).state], [[], [], 1, "ready"]);
    await visit.click("bar");
    await until(visit, "passed");
  }),

  check("two that work on a page", async (visit) => {
    const [one, two] = await Promise.all([makePuzzle("SHA-256"), makePuzzle("SHA-256")]);
    visit.proxy.next("early", one.asked, two.asked);
    visit.proxy.always("answer", passed());
    const captcha = '<haechi-captcha sitekey="{site_key}" open="false"></haechi-captcha>';
    await visit.open({ content: `<script src="{host}/widget/v1/api.js" async></script><form>${captcha}</form><form>${captcha}</form>` });
    for (const index of [0, 1]) await until(visit, "passed", index);
    const keys = visit.proxy.asked("answer").map(({ fields }) => fields.key);
    assert.deepEqual(keys.sort(), [one.work.key, two.work.key].sort());
  }),

  check("work that the server asks for, and the site's token of it", async (visit) => {
    await visit.open({ ...behindBar, app: "work" });
    await until(visit, "passed");
    const joined = visit.site.joined();
    await visit.send();
    const { verdict } = await joined;
    assert.equal(verdict.success, true);
  }),

  check("a word and work: the device works while somebody reads", async (visit) => {
    await visit.open({ ...behindBar, app: "both" });
    // A press that comes before the early call takes its place.
    const { reply } = await visit.proxy.until("early");
    assert.equal(reply.key, undefined, "a word was asked for that nobody looks at");
    await visit.click("bar");
    await visit.until((widget) => widget.isAsking);
    await visit.until(() => window.test.seen.reports > 1);
    await visit.pass();
    const { fields } = await visit.proxy.until("answer");
    assert.equal(fields.answer, "TEST5");
    assert.equal(fields.work, visit.proxy.asked("begin")[0].reply.work.key);
    assert.match(fields.derived_key, /^[0-9a-f]{64}$/);
    assert.deepEqual((await visit.seen()).events, ["passed"]);
  }),

  check("a word and work: an answer waits for the work", async (visit) => {
    const { rule, release } = held();
    visit.proxy.always("work", rule);
    await visit.openAsked({ ...behindBar, app: "both" });
    await visit.reply();
    const { note } = await visit.until((widget) => widget.note !== "");
    assert.equal(note, "Checking…");
    await pause(300);
    assert.equal(visit.proxy.count("answer"), 0);
    release();
    await until(visit, "passed");
    assert.equal(visit.proxy.count("answer"), 1);
  }),

  check("a word and work: a wrong answer brings both anew", async (visit) => {
    await visit.openAsked({ ...behindBar, app: "both" });
    await visit.reply("NOPE");
    await visit.until((widget) => widget.isBad && widget.isAsking);
    await visit.pass();
    const [first, second] = visit.proxy.asked("answer").map(({ fields }) => fields);
    assert.notEqual(first.work, second.work);
  }),

  check("longer work instead of a word, by keyboard", async (visit) => {
    const puzzle = await makePuzzle("PBKDF2/SHA-256", { cost: 20_000, counter: 590, counters: 600 });
    visit.proxy.next("renew", puzzle.asked);
    visit.proxy.always("answer", passed());
    await visit.openAsked(behindBar);
    while ((await visit.look()).focus !== "other") await visit.press("Tab");
    assert.equal((await visit.look()).other, offer);
    await visit.press("Enter");
    const working = await visit.until((widget) => widget.isWorking && widget.progress > 0);
    assert.equal(working.task, "Your device works instead");
    assert.equal(working.other, "Back to letters and digits");
    assert.equal(working.focus, "other");
    assert.equal(visit.proxy.asked("renew")[0].fields.how, "work");
    const { note } = await visit.until((widget) => widget.note !== "");
    assert.match(note, /^This takes about \d+ seconds, at most \d+\. You need do nothing\.$/);
    const { focus, isOpen } = await visit.until((widget) => widget.state === "passed", { ms: 40_000 });
    assert.deepEqual([focus, isOpen], ["bar", false]);
    const { said, events } = await visit.seen();
    assert.equal(said.filter((text) => text === note).length, 1, "its time is told once");
    assert.deepEqual(events, ["passed"]);
    return said.join(" | ");
  }),

  check("longer work is told at its beginning and in the middle", async (visit) => {
    // About 15 s of one processor, of which all are needed.
    const puzzle = await makePuzzle("PBKDF2/SHA-256", { cost: 30_000, counter: 1_999, counters: 2_000 });
    visit.proxy.next("renew", puzzle.asked);
    visit.proxy.always("answer", passed());
    await visit.openAsked(behindBar);
    await visit.click("other");
    await visit.until(() => window.test.seen.said.length > 1, { ms: 50_000 });
    const { said } = await visit.seen();
    const [begun, half] = said;
    assert.match(begun, /^This takes about/);
    assert.match(half, /^Half of the time is over\. At most \d+ more seconds\.$/);
    return said.join(" | ");
  }),

  check("back from longer work to a word", async (visit) => {
    visit.proxy.next("renew", (await endless()).asked);
    await visit.openAsked(behindBar);
    await visit.click("other");
    await visit.until((widget) => widget.isWorking && widget.other === "Back to letters and digits");
    await visit.click("other");
    const { focus, isWorking, other } = await visit.until((widget) => widget.isAsking);
    assert.deepEqual([focus, isWorking, other], ["field", false, offer]);
    assert.equal(await visit.evaluate(countFrames), 0);
    assert.equal(visit.proxy.asked("renew")[1].fields.how, undefined);
    await visit.pass();
  }),

  check("longer work goes on behind the bar when its panel is closed", async (visit) => {
    visit.proxy.next("renew", (await endless()).asked);
    await visit.openAsked(behindBar);
    await visit.click("other");
    await visit.until((widget) => widget.isWorking && widget.progress > 0);
    await visit.press("Escape");
    const { state, done } = await visit.until((widget) => !widget.isOpen);
    assert.equal(state, "checking");
    await visit.until((widget, before) => widget.done > before, { given: [done] });
  }),

  check("longer work in a dialog", async (visit) => {
    await visit.open({ attributes: { open: "false", size: "invisible" } });
    await visit.evaluate(() => {
      window.promised = document.querySelector("haechi-captcha").execute();
    });
    await visit.until((widget) => widget.isAsking);
    await visit.click("other");
    await visit.until((widget) => widget.isWorking);
    assert.equal(await visit.evaluate(() => window.promised), await visit.token());
    assert.notEqual(await visit.token(), "");
  }),

  check("work in the page's flow", async (visit) => {
    const puzzle = await makePuzzle("PBKDF2/SHA-256");
    await openWorking(visit, puzzle, {});
    await assertSolved(visit, puzzle);
    assert.equal((await visit.look()).isOpen, false);
  }),

  check("work by a call, with nothing to see", async (visit) => {
    const puzzle = await makePuzzle("PBKDF2/SHA-256");
    await openWorking(visit, puzzle, { attributes: { open: "false", size: "invisible" } });
    await visit.evaluate(() => customElements.whenDefined("haechi-captcha").then(() => {}));
    assert.equal(visit.proxy.count("early") + visit.proxy.count("begin"), 0);
    assert.equal(await visit.evaluate(() => document.querySelector("haechi-captcha").execute()), "a.token");
    assert.equal((await visit.look()).isThere, false, "a dialog opened");
    assert.equal(await visit.token(), "a.token");
  }),

  check("work for version 3 of reCAPTCHA", async (visit) => {
    const puzzle = await makePuzzle("PBKDF2/SHA-256");
    const script = '<script src="{host}/recaptcha/api.js?render={site_key}" async></script>';
    await openWorking(visit, puzzle, { content: script });
    await visit.evaluate(waitForRecaptcha);
    assert.equal(await visit.evaluate(() => window.grecaptcha.execute(undefined, { action: "join" })), "a.token");
    assert.equal((await visit.proxy.until("answer")).fields.action, "join");
    assert.equal(await visit.evaluate(countFrames), 0);
  }),

  check("work that Turnstile's page has wait for a call", async (visit) => {
    const puzzle = await makePuzzle("PBKDF2/SHA-256");
    const element = '<div class="cf-turnstile" data-sitekey="{site_key}" data-execution="execute"></div>';
    await openWorking(visit, puzzle, { content: `<script src="{host}/turnstile/v0/api.js" async></script><form>${element}</form>` });
    await until(visit, "ready");
    await pause(300);
    assert.equal(visit.proxy.count("early"), 0);
    await visit.evaluate(() => window.turnstile.execute(".cf-turnstile"));
    await assertSolved(visit, puzzle);
  }),

  check("a token by work that is too old is renewed without a word", async (visit) => {
    const [one, two] = await Promise.all([makePuzzle("SHA-256"), makePuzzle("SHA-256")]);
    visit.proxy.next("early", one.asked);
    visit.proxy.next("begin", two.asked);
    visit.proxy.next("answer", passed(1), passed());
    await visit.open(behindBar);
    await visit.proxy.until("answer", 2);
    await until(visit, "passed");
    const { said, events } = await visit.seen();
    assert.deepEqual(said, ["Verified"]);
    assert.deepEqual(events, ["passed", "expired", "passed"]);
  }),

  check("work that is too old becomes other work", async (visit) => {
    const [old, other] = [await endless(), await makePuzzle("SHA-256")];
    visit.proxy.next("early", given({ key: old.work.key, expires_in_secs: 1, work: old.work }));
    visit.proxy.next("renew", other.asked);
    visit.proxy.always("answer", passed());
    await visit.open(behindBar);
    await assertSolved(visit, other);
    assert.equal(visit.proxy.asked("renew")[0].fields.key, old.work.key);
  }),

  check("work of an unknown kind is given up", async (visit) => {
    const { work } = await makePuzzle("SHA-256");
    const unknown = { ...work, parameters: { ...work.parameters, algorithm: "MD5" } };
    for (const page of [behindBar, withoutFrames]) {
      visit.proxy.next("early", given({ key: work.key, expires_in_secs: 180, work: unknown }));
      await visit.open(page);
      await until(visit, "broken");
      assert.match((await visit.seen()).faults.join(), /haechi: no-solution: .*there is no MD5 here/);
    }
  }),

  check("a server that takes no solution is given up", async (visit) => {
    const puzzles = await Promise.all(Array.from({ length: 4 }, () => makePuzzle("SHA-256")));
    const replies = puzzles.map(({ work }) => ({ key: work.key, expires_in_secs: 180, work }));
    visit.proxy.next("early", given(replies[0]));
    visit.proxy.next("answer", ...replies.slice(1).map((next) => given({ verdict: "wrong", next })));
    await visit.open(behindBar);
    await until(visit, "broken");
    assert.equal(visit.proxy.count("answer"), 3);
    assert.match((await visit.seen()).faults.join(), /haechi: bad-solution/);
  }),

  check("a script for work that cannot be had is asked for again", async (visit) => {
    const puzzle = await makePuzzle("SHA-256");
    visit.proxy.next("work", unreachable);
    await openWorking(visit, puzzle, withoutFrames);
    await until(visit, "unreachable");
    await assertSolved(visit, puzzle);
  }),
];

/**
 * Sees that the page was kept busy for no longer than it may, and says for how long it was. A machine that does other
 * things meanwhile has stretches look longer than they were, so that it is the shortest tenth that counts: if the page got
 * its turn too late, it would get it too late each time.
 */
function told(stretches, gap) {
  const sorted = stretches.filter((ms) => ms > 0.5).sort((one, other) => one - other);
  if (sorted.length === 0) return `the browser did all; the page's turns were ${gap} ms apart at most`;
  const [least, median, most, longest] = [0.1, 0.5, 0.95, 1].map((part) => sorted[Math.ceil(sorted.length * part) - 1].toFixed(1));
  assert(least <= longestMs, `${sorted.length} stretches took ${least} ms`);
  return `${sorted.length} stretches: ${median} ms, 95 % up to ${most}, at most ${longest}; turns ${gap} ms apart at most`;
}

/** Nothing more is heard of the work. */
async function assertSilence(visit) {
  // What was on its way may still come.
  await pause(500);
  const { reports } = await visit.seen();
  await pause(500);
  assert.equal((await visit.seen()).reports, reports, "the work went on");
}

// These run in the page.

/** Says whether the page had it as secure pages have. */
function takeCryptoAway() {
  const hadIt = isSecureContext && crypto.subtle !== undefined;
  Object.defineProperty(Crypto.prototype, "subtle", { get: () => undefined });
  return hadIt;
}

function addScript(src) {
  document.head.append(Object.assign(document.createElement("script"), { src }));
}

function countFrames() {
  return window.length;
}

function waitForRecaptcha() {
  return new Promise((resolve) => {
    const look = () => (window.grecaptcha ? window.grecaptcha.ready(resolve) : setTimeout(look, 20));
    look();
  });
}

/** As if the page were hidden, and half a minute took a tenth of a second. */
function hide() {
  const { setTimeout } = window;
  window.setTimeout = (action, ms) => setTimeout(action, ms === 30_000 ? 100 : ms);
  Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
  document.dispatchEvent(new Event("visibilitychange"));
}

function unhide() {
  delete document.hidden;
  document.dispatchEvent(new Event("visibilitychange"));
}

/** How long the page had to wait for its next turn, at most. */
function watchGaps() {
  const { port1, port2 } = new MessageChannel();
  let [last, longest] = [performance.now(), 0];
  port1.onmessage = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    port2.postMessage(0);
  };
  port2.postMessage(0);
  window.gaps = () => longest.toFixed(1);
}
