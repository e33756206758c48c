// What the widget looks like to readers with settings of their own.
import assert from "node:assert/strict";
import { check } from "../harness/check.mjs";
import { altered, held } from "../harness/proxy.mjs";
import { makePuzzle, passed } from "../harness/puzzles.mjs";

const behindBar = { attributes: { open: "false" } };
const withRoom = { attributes: { open: "true" } };
const narrow = { width: 320, height: 640 };

/** A layout shift by so much is that of a mark in its circle. */
const unnoticed = 0.001;

/** Where the text below the widget is. */
function placeBelow(visit) {
  return visit.evaluate(() => document.getElementById("below").getBoundingClientRect().top);
}

/** An answer that is wrong, one that passes, and the challenge after its token's time: where the text below is each time. */
async function placesUntilAskedAgain(visit) {
  const places = [await placeBelow(visit)];
  await visit.reply("NOPE");
  await visit.until((widget) => widget.isBad && widget.isAsking);
  places.push(await placeBelow(visit));
  await visit.pass();
  places.push(await placeBelow(visit));
  await visit.until((widget) => widget.isAsking);
  return [...places, await placeBelow(visit)];
}

/** Since there were so many shifts nothing of the page has moved, and hardly anything of the widget. */
async function assertStill(visit, shiftsBefore) {
  const shifts = (await visit.seen()).shifts.slice(shiftsBefore);
  assert.deepEqual(shifts.flatMap(({ of }) => of).filter((name) => name), [], "something of the page has moved");
  assert(shifts.every(({ value }) => value < unnoticed), `the widget moves in itself: ${JSON.stringify(shifts)}`);
}

/** Nothing sticks out sideways, nothing is cut, and all that is pressed is large enough. */
async function fits(visit) {
  const found = await visit.evaluate(measure);
  assert.deepEqual(found, { sticksOut: [], isCut: [], isSmall: [] });
}

async function looksRight(visit) {
  await visit.openAsked(behindBar);
  const { width, textSize = 16 } = visit.reader;
  assert.equal(await visit.evaluate(() => innerWidth), width);
  assert.equal(await visit.evaluate(() => getComputedStyle(window.test.part("panel")).fontSize), `${textSize}px`);
  await fits(visit);
  await visit.reply("NOPE");
  await visit.until((widget) => widget.isBad && widget.isAsking);
  await fits(visit);
  await visit.pass();
  await fits(visit);
  await visit.openAsked();
  await fits(visit);
  await visit.reply("NOPE");
  await visit.until((widget) => widget.isBad && widget.isAsking);
  await fits(visit);
}

async function movesWhileChecking(visit, moves) {
  const { rule, release } = held();
  visit.proxy.always("begin", rule);
  await visit.open(behindBar);
  await visit.click("bar");
  await visit.until((widget) => widget.state === "checking");
  assert.equal(await visit.evaluate(countAnimations) > 0, moves);
  release();
  await visit.until((widget) => widget.isAsking);
  assert.equal(await visit.evaluate(countAnimations), 0);
}

/** The page's, attributes, and what comes of them. */
const languages = [
  ["en", {}, "en", "I am a person"],
  ["ko-KR", {}, "ko", "사람인지 확인하기"],
  ["ja", {}, "ja", "人間であることを確認"],
  ["en", { lang: "zh_CN" }, "zh", "确认我是真人"],
];

export default [
  check("text of twice the size, with wider spacing", async (visit) => {
    await looksRight(visit);
    await visit.evaluate(spaceOut);
    await fits(visit);
  }, { reader: { textSize: 32, width: 400 } }),

  check("text of twice the size on a small screen", looksRight, { reader: { textSize: 32, ...narrow } }),

  check("320 pixels", looksRight, { reader: narrow }),

  check("the language of the page, and of the element", async (visit) => {
    for (const [lang, attributes, language, label] of languages) {
      await visit.open({ lang, attributes: { open: "false", ...attributes } });
      const widget = await visit.until(({ state }) => state === "ready");
      assert.deepEqual([widget.lang, widget.label], [language, label]);
    }
  }),

  check("a page from right to left", async (visit) => {
    await visit.open({ dir: "rtl", ...behindBar });
    await visit.click("bar");
    await visit.until((widget) => widget.isAsking);
    await fits(visit);
    const { isAligned, directions } = await visit.evaluate(readDirections);
    assert(isAligned, "the challenge is not below the right end of its bar");
    assert.deepEqual(directions, { page: "rtl", task: "ltr", field: "ltr", label: "ltr" });
    await visit.pass();
  }),

  check("colours of the reader's system", async (visit) => {
    await visit.openAsked(behindBar);
    const { isForced, colours } = await visit.evaluate(readColours);
    assert(isForced);
    const { canvas, text } = colours;
    for (const part of ["panel", "field"]) assert.deepEqual(colours[part], { ground: canvas, ink: text });
    await visit.click("slower");
    const { ground, ink } = (await visit.evaluate(readColours)).colours.slower;
    assert.deepEqual([ground, ink], [colours.highlight, colours.highlightText], "slower does not look pressed");
    await visit.pass();
    const { mark } = (await visit.evaluate(readColours)).colours;
    assert.equal(mark, colours.highlight, "the mark does not look verified");
  }, { reader: { hasForcedColors: true } }),

  check("a ring turns while the server is awaited", (visit) => movesWhileChecking(visit, true)),

  check("nothing turns where less motion is wanted", (visit) => movesWhileChecking(visit, false), {
    reader: { isStill: true },
  }),

  check("dark where the reader wants it, and light again", async (visit) => {
    await visit.openAsked();
    assert.equal(visit.proxy.asked("begin")[0].fields.theme, "dark");
    const [dark] = await visit.evaluate(readGround);
    assert(dark < 64, "the ground is light");
  }, { reader: { isDark: true } }),

  check("the page's own colour, as far as it stands out", async (visit) => {
    const least = [];
    for (const theme of ["light", "dark"]) {
      await visit.openAsked({ attributes: { theme } });
      const usual = await visit.evaluate(readAccent, "");
      for (const colour of ["#ffd400", "#0000ff", "#ff0000", "#00ff00", "#808080", "#000000", "#ffffff"]) {
        const { accent, onGround, ofLetters } = await visit.evaluate(readAccent, colour);
        assert.notDeepEqual(accent, usual.accent, `${colour} is not taken`);
        assert(onGround >= 4.5 && ofLetters >= 4.5, `${colour}, ${theme}: ${onGround}, ${ofLetters}`);
        least.push(onGround, ofLetters);
      }
    }
    return `contrast is ${Math.min(...least).toFixed(1)} or more`;
  }),

  check("the page below stays where it is", async (visit) => {
    const { rule, release } = held();
    visit.proxy.next("begin", rule);
    visit.proxy.always("answer", altered({ expires_in_secs: 1 }));
    await visit.open(withRoom);
    await visit.until((widget) => widget.state === "checking");
    const before = await placeBelow(visit);
    const { length: shiftsBefore } = (await visit.seen()).shifts;
    release();
    await visit.until((widget) => widget.isAsking);
    const places = await placesUntilAskedAgain(visit);
    assert.deepEqual(places, places.map(() => before));
    await assertStill(visit, shiftsBefore);
  }),

  check("a bar until a word is asked, for which the page below moves once", async (visit) => {
    const { rule, release } = held();
    visit.proxy.next("begin", rule);
    visit.proxy.always("answer", altered({ expires_in_secs: 1 }));
    await visit.open();
    await visit.until((widget) => widget.state === "checking");
    assert.deepEqual(await visit.evaluate(sizeOfHost), { width: 480, height: 65 });
    await fits(visit);
    const before = await placeBelow(visit);
    release();
    await visit.until((widget) => widget.isAsking);
    const { height } = await visit.evaluate(sizeOfHost);
    const { shifts } = await visit.seen();
    const places = await placesUntilAskedAgain(visit);
    assert(Math.abs(places[0] - before - (height - 65)) < 0.1, "it moves by more than the widget grows");
    assert.deepEqual(places, places.map(() => places[0]));
    await assertStill(visit, shifts.length);
    return `it moves by ${height - 65} pixels; layout shifts: ${shifts.map(({ value }) => value.toFixed(4)).join(" ")}`;
  }),

  check("a bar that stays one where the device works alone", async (visit) => {
    await visit.open({ app: "work" });
    await visit.until((widget) => widget.isThere);
    const before = await placeBelow(visit);
    const { length: shiftsBefore } = (await visit.seen()).shifts;
    await visit.until((widget) => widget.state === "passed");
    assert.equal(await placeBelow(visit), before);
    assert.deepEqual(await visit.evaluate(sizeOfHost), { width: 480, height: 65 });
    await fits(visit);
    await assertStill(visit, shiftsBefore);
  }),

  check("a bar that is to ask for a word after its token's time waits until it is pressed", async (visit) => {
    visit.proxy.next("begin", (await makePuzzle("SHA-256")).asked);
    visit.proxy.next("answer", passed(1));
    await visit.open();
    await visit.until((widget) => widget.state === "passed");
    const before = await placeBelow(visit);
    await visit.proxy.until("begin", 2);
    const { isOpen } = await visit.until((widget) => widget.state === "expired");
    assert.deepEqual([isOpen, await placeBelow(visit)], [false, before]);
    await visit.click("bar");
    assert.equal((await visit.until((widget) => widget.isAsking)).focus, "field");
    assert.equal(visit.proxy.count("begin"), 2, "what was fetched was fetched again");
    await visit.pass();
  }),
];

// These run in the page.

function sizeOfHost() {
  const { width, height } = window.test.hosts()[0].getBoundingClientRect();
  return { width, height };
}

function measure() {
  const root = window.test.hosts()[0].shadowRoot;
  const elements = Array.from(root.querySelectorAll(":not(.status, .status *)"));
  const shown = elements.filter((element) => element.checkVisibility({ visibilityProperty: true }));
  const texts = shown.filter((element) => element.matches("label, button, p, .label"));
  const name = (element) => element.id || element.className || element.localName;
  const { scrollWidth, clientWidth } = document.documentElement;
  const sticksOut = shown.filter((element) => {
    const { left, right, width } = element.getBoundingClientRect();
    return width > 1 && (left < 0 || right > clientWidth + 0.5);
  });
  const small = shown.filter((element) => {
    const { width, height } = element.getBoundingClientRect();
    return element.matches("button, input") && Math.min(width, height) < 24;
  });
  return {
    sticksOut: [...(scrollWidth > clientWidth ? ["the page"] : []), ...sticksOut.map(name)],
    isCut: texts.filter(({ scrollWidth, clientWidth }) => clientWidth > 0 && scrollWidth > clientWidth + 1).map(name),
    isSmall: small.map(name),
  };
}

/** As WCAG 1.4.12 has it. */
function spaceOut() {
  const sheet = new CSSStyleSheet();
  const spacing = ["line-height: 1.5", "letter-spacing: .12em", "word-spacing: .16em"];
  sheet.replaceSync(`* { ${spacing.map((rule) => `${rule} !important;`).join(" ")} }`);
  const { shadowRoot } = window.test.hosts()[0];
  shadowRoot.adoptedStyleSheets = [...shadowRoot.adoptedStyleSheets, sheet];
}

function readDirections() {
  const { part } = window.test;
  const direction = (element) => getComputedStyle(element).direction;
  const [panel, bar] = [part("panel"), part("bar").parentNode].map((element) => element.getBoundingClientRect());
  return {
    isAligned: Math.abs(panel.right - bar.right) < 1,
    directions: {
      page: direction(document.documentElement),
      task: direction(part("panel").querySelector("label")),
      field: direction(part("field")),
      label: direction(part("bar").querySelector(".label")),
    },
  };
}

function readColours() {
  const { part } = window.test;
  const system = (name) => {
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.setProperty("color", name);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
  const of = (element) => {
    const { backgroundColor: ground, color: ink } = getComputedStyle(element);
    return { ground, ink };
  };
  return {
    isForced: matchMedia("(forced-colors: active)").matches,
    colours: {
      canvas: system("Canvas"),
      text: system("CanvasText"),
      highlight: system("Highlight"),
      highlightText: system("HighlightText"),
      panel: of(part("panel")),
      field: of(part("field")),
      slower: of(part("slower")),
      mark: of(part("bar").querySelector(".mark")).ground,
    },
  };
}

function countAnimations() {
  return window.test.hosts()[0].shadowRoot.getAnimations().length;
}

/** What the button that sends an answer looks like where the page says this colour: red, green and blue, and contrasts. */
function readAccent(colour) {
  document.documentElement.style.setProperty("--haechi-accent", colour);
  const { part } = window.test;
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const seen = (text) => {
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  // Relative luminance and contrast as WCAG 2.2 defines them.
  const light = (channel) => channel <= 10 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4;
  const luminance = (rgb) => rgb.map(light).reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0.05);
  const contrast = (one, other) => Math.max(one, other) / Math.min(one, other);
  const style = getComputedStyle(part("panel").querySelector(".check"));
  const accent = seen(style.backgroundColor);
  const ground = seen(getComputedStyle(part("panel")).backgroundColor);
  return {
    accent,
    onGround: contrast(luminance(accent), luminance(ground)),
    ofLetters: contrast(luminance(accent), luminance(seen(style.color))),
  };
}

function readGround() {
  return getComputedStyle(window.test.part("panel")).backgroundColor.match(/\d+/g).map(Number);
}
