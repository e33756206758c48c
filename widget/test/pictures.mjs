// The widget's pictures in docs/images: `HAECHI=target/debug/haechi node widget/test/pictures.mjs`. Look at them before
// you commit them. The challenges in them are real, and spent.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Chromium } from "./harness/engines/chromium.mjs";
import { startHaechi } from "./harness/haechi.mjs";
import { need } from "./harness/programs.mjs";
import { altered, held, refused, unreachable } from "./harness/proxy.mjs";
import { makePuzzle } from "./harness/puzzles.mjs";
import { Visit } from "./harness/visit.mjs";

const images = fileURLToPath(new URL("../../docs/images/", import.meta.url));
/** Three widgets beside each other. */
const width = 990;
const density = 1.5;
/** Around a widget, as the page has it on a small screen. */
const margin = 8;
const screen = { width: 300 + 2 * margin, height: 640 };
const bar = { app: "words", attributes: { open: "false" } };
const panel = { app: "words", attributes: { open: "true" } };

const isIn = (widget, state) => widget.state === state;
const until = (visit, state) => visit.until(isIn, { given: [state] });

/** What the bar says, and how it comes to say so. */
const bars = {
  "ready": async (visit) => {
    await visit.open(bar);
    await until(visit, "ready");
  },
  "checks or works": async (visit) => {
    visit.proxy.always("begin", held().rule);
    await visit.open(bar);
    await visit.click("bar");
    await until(visit, "checking");
  },
  "verified": async (visit) => {
    await visit.openAsked(bar);
    await visit.reply(visit.answer);
    await until(visit, "passed");
  },
  "the token is too old": async (visit) => {
    visit.proxy.next("answer", altered({ expires_in_secs: 1 }));
    await visit.openAsked(bar);
    await visit.reply(visit.answer);
    await until(visit, "expired");
  },
  "too many calls": (visit) => refuse(visit, refused(429, "rate-limited", 12)),
  "a busy server": (visit) => refuse(visit, refused(503, "busy", 12)),
  "unreachable": (visit) => refuse(visit, unreachable),
  "not set up": (visit) => refuse(visit, refused(400, "unknown-sitekey")),
};

/** What the panel shows where a word is asked. */
const panels = {
  "asks": (visit) => visit.openAsked(panel),
  "wrong": async (visit) => {
    await visit.openAsked(panel);
    await visit.reply("WRONG");
    await visit.until((widget) => widget.isBad && widget.isAsking);
  },
  "works instead of asking": async (visit) => {
    // About 15 s of one processor.
    const { asked } = await makePuzzle("PBKDF2/SHA-256", { cost: 30_000, counter: 1_999, counters: 2_000 });
    visit.proxy.next("renew", asked);
    await visit.openAsked(panel);
    await visit.click("other");
    await visit.until((widget) => widget.isWorking && widget.note !== "" && widget.progress > 0.2, { ms: 60_000 });
  },
};

if (!process.env.HAECHI) throw new Error("HAECHI must be the path of the server's program");
need(Chromium.needs);
const folder = await mkdtemp(join(tmpdir(), "haechi-pictures-"));
const haechi = await startHaechi(resolve(process.env.HAECHI), folder);
const chromium = new Chromium();
try {
  await chromium.start({ sound: {} });
  for (const [theme, isDark] of [["light", false], ["dark", true]]) {
    const shown = { bars: await take(bars, isDark), panels: await take(panels, isDark) };
    await writeFile(join(images, `widget-${theme}.webp`), await compose(shown, isDark));
  }
} finally {
  await chromium.stop();
  await haechi.stop();
}
await rm(folder, { recursive: true });
process.exit();

async function refuse(visit, rule) {
  visit.proxy.always("begin", rule);
  await visit.open(bar);
  await visit.click("bar");
  await visit.until((widget) => !["ready", "checking"].includes(widget.state));
}

/** A picture of each state, with what it is. */
async function take(states, isDark) {
  const taken = [];
  for (const [name, reach] of Object.entries(states)) {
    const visit = await Visit.begin(chromium, haechi, { ...screen, isDark, isStill: true });
    const { page } = visit.tab;
    await page.setViewport({ ...screen, deviceScaleFactor: density });
    await reach(visit);
    await visit.evaluate(wear, groundOf(isDark));
    const clip = await visit.evaluate(boxOf, margin);
    taken.push({ name, clip, png: await page.screenshot({ clip, encoding: "base64" }) });
    await visit.end();
  }
  return taken;
}

/** The states beside each other, as one picture. */
async function compose({ bars, panels }, isDark) {
  const figure = ({ name, clip, png }) => `<figure><figcaption>${name}</figcaption>
    <img src="data:image/png;base64,${png}" width="${clip.width}" height="${clip.height}"></figure>`;
  const page = await chromium.browser.newPage();
  await page.setViewport({ width, height: 100, deviceScaleFactor: density });
  await page.setContent(`<!doctype html><style>
    body { margin: 0; padding: 12px; font: 16px system-ui, sans-serif; color: ${isDark ? "#dde3ee" : "#1c2330"};
      background: ${groundOf(isDark)}; }
    section { display: flex; flex-wrap: wrap; gap: 8px; margin-bottom: 8px; }
    figure { margin: 0; } figcaption { margin-left: ${margin}px; } img { display: block; }
    </style><section>${bars.map(figure).join("")}</section><section>${panels.map(figure).join("")}</section>`);
  const picture = await page.screenshot({ fullPage: true, type: "webp", quality: 90 });
  await page.close();
  return picture;
}

/** The documents' own, around the widget and within its corners. */
function groundOf(isDark) {
  return isDark ? "#161a21" : "#fff";
}

// These run in the page.

function wear(ground) {
  document.documentElement.style.background = ground;
  document.querySelector("form button").hidden = true;
  document.activeElement?.blur();
}

/** The widget with what is around it. */
function boxOf(margin) {
  const boxes = ["panel", "bar"].map((part) => window.test.part(part)?.closest("#panel, .bar").getBoundingClientRect());
  const { left, right, top, bottom } = boxes.find((box) => box?.height > 0);
  return { x: left - margin, y: top - margin, width: right - left + 2 * margin, height: bottom - top + 2 * margin };
}
