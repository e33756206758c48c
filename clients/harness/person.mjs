// A person: in a browser, or, for clients that are on a site's server alone, by the widget's own calls.
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { answer } from "./haechi.mjs";

/** What the widget lets a person see and press. */
const widget = { button: ">>> .go", field: ">>> #answer" };

export async function passBar(page) {
  const button = await page.waitForSelector(widget.button, { visible: true });
  await button.click();
  await passChallenge(page);
}

/** Types the answer, after as many seconds of reading. */
export async function passChallenge(page, secs = 0) {
  const field = await page.waitForSelector(widget.field, { visible: true });
  await pause(secs * 1000);
  await field.type(answer);
  await page.keyboard.press("Enter");
}

/** Without JavaScript: answers in the frame that the page has for that, and pastes the token below it. */
export async function passFallback(page, field) {
  const element = await page.waitForSelector("iframe[src*='/recaptcha/api/fallback']");
  const frame = await element.contentFrame();
  await (await frame.waitForSelector("#answer")).type(answer);
  await (await frame.waitForSelector("button[type=submit]")).click();
  const copied = await (await frame.waitForSelector("#token")).evaluate((text) => text.value);
  await page.type(`textarea[name="${field}"]`, copied);
}

/** The page in which that widget would be. */
const origin = "http://localhost";

/** A token, as the widget of this api.js gets it. */
export async function tokenOf({ url, siteKey }, api) {
  const looks = { api, lang: "en" };
  const { key } = await post(`${url}/widget/v1/begin`, { sitekey: siteKey, ...looks });
  const request = randomBytes(16).toString("hex");
  const reply = await post(`${url}/widget/v1/answer`, { key, answer, how: "picture", request, ...looks });
  if (reply.verdict !== "passed") throw new Error(`the challenge was not passed: ${JSON.stringify(reply)}`);
  return reply.token;
}

async function post(url, fields) {
  const reply = await fetch(url, { method: "POST", body: new URLSearchParams(fields), headers: { origin } });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${url} answers ${reply.status} ${text}`);
  return JSON.parse(text);
}
