// Somebody's visit to a site's page in some browser: what they do there, and what they see.
import assert from "node:assert/strict";
import { testAnswer } from "./haechi.mjs";
import { Proxy } from "./proxy.mjs";
import { Site } from "./site.mjs";
import { source } from "./source.mjs";

const msToWait = 10_000;

export class Visit {
  /** Each has a proxy and a site of its own, and so origins that the browser has never seen. */
  static async begin(engine, haechi, reader) {
    const visit = new Visit();
    visit.proxy = await Proxy.start(haechi.url);
    visit.site = await Site.start(haechi, visit.proxy.url);
    visit.tab = await engine.open(reader);
    Object.assign(visit, { engine, haechi, reader });
    return visit;
  }

  async end() {
    await this.tab.close();
    this.site.stop();
    this.proxy.stop();
  }

  /** Opens a page; `page` is as for `Site.show`. */
  async open(page) {
    await this.tab.go(this.site.show(page));
  }

  /** Opens a page and waits for its challenge, which is behind a bar if the page says so. */
  async openAsked(page) {
    await this.open(page);
    if (page?.attributes?.open === "false") await this.click("bar");
    await this.until((widget) => widget.isAsking);
  }

  /** The function runs in the page, where only what is given to it is known: other functions, or data. */
  evaluate(inPage, ...given) {
    return this.tab.evaluate(source(inPage, given));
  }

  look(index = 0) {
    return this.evaluate((which) => window.test.look(which), index);
  }

  seen() {
    return this.evaluate(() => window.test.seen);
  }

  /**
   * Waits until a widget looks so: `holds` runs in the page, with what `look` gives and what else is given. Returns how
   * it looks then.
   */
  async until(holds, { index = 0, ms = msToWait, given = [] } = {}) {
    const { last, isSo } = await this.evaluate(waitInPage, holds, given, index, ms);
    assert(isSo, `waited in vain for ${holds}: ${JSON.stringify(last)}`);
    return last;
  }

  /** Waits until it says so, beside its challenge or on its bar. */
  async untilItSays(text) {
    return this.until(({ note, label }, wanted) => [note, label].includes(wanted), { given: [text] });
  }

  /** As the browser itself says so to its pages, or, where it cannot be told to, as it would. */
  async setOffline(isOffline) {
    this.proxy.isCutOff = isOffline;
    if (this.tab.setOffline) await this.tab.setOffline(isOffline);
    else await this.evaluate((type) => dispatchEvent(new Event(type)), isOffline ? "offline" : "online");
  }

  async click(part, index = 0) {
    await this.tab.click(await this.#placeOf(part, index));
  }

  async hover(part, index = 0) {
    await this.tab.move(await this.#placeOf(part, index));
  }

  type(text) {
    return this.tab.type(text);
  }

  press(key) {
    return this.tab.press(key);
  }

  /** Types into the field, wherever the focus was, and sends it. */
  async reply(text = testAnswer, index = 0) {
    if ((await this.look(index)).focus !== "field") await this.click("field", index);
    await this.type(text);
    await this.press("Enter");
  }

  async pass(index = 0) {
    await this.reply(testAnswer, index);
    return this.until((widget) => widget.state === "passed", { index });
  }

  /** The key of the challenge that the server gave last. */
  get key() {
    const begun = this.proxy.log.map(({ reply }) => reply?.next ?? reply).filter((reply) => reply?.key);
    return begun.at(-1).key;
  }

  /** What the word of an app without a known answer is. */
  get answer() {
    return this.haechi.answerOf(this.key);
  }

  /** Presses the button of the page's form. */
  async send() {
    await this.evaluate(() => document.querySelector("form button").focus());
    await this.press("Enter");
  }

  /** The token that the page's form would send. */
  token(name = "haechi-response") {
    return this.evaluate((field) => new FormData(document.forms[0]).get(field), name);
  }

  /** For whoever has to find out why a check fails. */
  async story() {
    const [widget, seen] = await Promise.all([this.look(), this.seen()]).catch((error) => [String(error)]);
    const asked = this.proxy.log.map(({ call, fields, reply }) => `${call} ${shortened(fields)} ${shortened(reply)}`);
    return [JSON.stringify(widget), JSON.stringify(seen), ...asked].join("\n");
  }

  #placeOf(part, index) {
    return this.evaluate(placeOf, part, index);
  }
}

function shortened(reply) {
  return JSON.stringify(reply)?.slice(0, 160);
}

// These run in the page.

async function waitInPage(holds, given, index, ms) {
  const end = performance.now() + ms;
  for (;;) {
    const last = window.test.look(index);
    const isSo = Boolean(holds(last, ...given));
    if (isSo || performance.now() > end) return { last, isSo };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function placeOf(part, index) {
  const element = window.test.part(part, index);
  element.scrollIntoView({ block: "nearest" });
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: Math.round(left + width / 2), y: Math.round(top + height / 2) };
}
