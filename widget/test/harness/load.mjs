// One loading of a page with the widget, over a slow network with an empty cache, and some seconds before the open
// challenge: what it takes.
import { setTimeout as pause } from "node:timers/promises";
import { Trace } from "./trace.mjs";

/** 1.6 Mbit/s down, 750 kbit/s up, and 150 ms for each request: Lighthouse's slow 4G. */
const network = {
  offline: false,
  latency: 150,
  downloadThroughput: 1_600_000 / 8,
  uploadThroughput: 750_000 / 8,
};
const secsOpen = 2;

export class Load {
  /** What the open challenge takes is measured if it is to be thorough. */
  static async measure(browser, site, { content, isThorough = false } = {}) {
    const url = site.show({ app: "words", isObserved: false, content });
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    const devtools = await page.createCDPSession();
    const load = new Load(site, devtools);
    await load.listen();
    await devtools.send("Network.emulateNetworkConditions", network);
    await page.setViewport({ width: 800, height: 800, deviceScaleFactor: 2 });
    await page.evaluateOnNewDocument(watch);
    const loading = await Trace.during(page, async () => {
      await page.goto(url, { waitUntil: "domcontentloaded" });
      await page.evaluate("window.painted");
    });
    load.millis = loading.until("picture painted");
    load.longestTask = loading.longestTask();
    load.shift = await page.evaluate("window.shift()");
    load.waterfall = load.waterfallNow();
    if (isThorough) await load.measureOpen(page, loading.thread);
    await context.close();
    return load;
  }

  async measureOpen(page, thread) {
    this.idle = (await Trace.during(page, () => pause(secsOpen * 1000), thread)).workPerFrame();
    await page.evaluate(play);
    this.playing = (await Trace.during(page, () => pause(secsOpen * 1000), thread)).workPerFrame();
  }

  constructor(site, devtools) {
    this.site = site;
    this.devtools = devtools;
    this.requests = new Map();
  }

  /** What is asked for, when, and how much comes over the wire. */
  async listen() {
    const { devtools, requests } = this;
    await devtools.send("Network.enable");
    devtools.on("Network.requestWillBeSent", ({ requestId, request, timestamp }) => {
      requests.set(requestId, { url: request.url, method: request.method, began: timestamp });
    });
    devtools.on("Network.responseReceived", ({ requestId, response, timestamp }) => {
      const { connectionId, connectionReused } = response;
      Object.assign(requests.get(requestId), { answered: timestamp, connectionId, connectionReused });
    });
    devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength, timestamp }) => {
      Object.assign(requests.get(requestId), { bytes: encodedDataLength, ended: timestamp });
    });
  }

  /** In order, in milliseconds since the page was asked for. Without the page's own, that is. */
  waterfallNow() {
    const [first, ...others] = [...this.requests.values()];
    const since = (time) => (time - first.began) * 1000;
    return others
      .filter(({ url, ended }) => !url.startsWith(this.site.url) && ended)
      .map(({ url, method, began, answered, ended, bytes, connectionId }) => ({
        path: new URL(url).pathname,
        method,
        bytes,
        connectionId,
        began: since(began),
        answered: since(answered),
        ended: since(ended),
      }));
  }
}

// These run in the page.

/** Gives a mark when the frame with the picture is over: the next one begins. */
function watch() {
  let shift = 0;
  new PerformanceObserver((list) => {
    for (const { value } of list.getEntries()) shift += value;
  }).observe({ type: "layout-shift", buffered: true });
  window.shift = () => shift;
  window.painted = new Promise((resolve) => {
    const look = () => {
      const canvas = document.querySelector("haechi-captcha [data-shape]")?.shadowRoot.querySelector("canvas");
      if (!canvas?.width) return requestAnimationFrame(look);
      requestAnimationFrame(() => resolve(performance.mark("picture painted")));
    };
    requestAnimationFrame(look);
  }).then(() => undefined);
}

async function play() {
  const { shadowRoot } = document.querySelector("haechi-captcha [data-shape]");
  shadowRoot.querySelector(".tools button").click();
  const scale = () => new DOMMatrix(getComputedStyle(shadowRoot.querySelector(".time")).transform).a;
  while (!scale()) await new Promise((resolve) => setTimeout(resolve, 20));
}
