// A person: in a browser, or, for clients that are on a site's server alone, by the widget's own calls.
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { solveChallenge } from "altcha-lib";
import { deriveKey } from "altcha-lib/algorithms/pbkdf2";
import { solveChallenge as solveFirst } from "altcha-lib/v1";
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

/** ALTCHA's widget: it computes, and asks for a code. Until that is verified, the form has what must not pass. */
export async function passAltcha(page) {
  await typeCode(page, answer);
  await page.waitForSelector("[data-state=verified]");
}

/** The same, after a code that is wrong: the widget begins anew. */
export async function passAltchaAtSecondTry(page) {
  await typeCode(page, "WRONG");
  await page.waitForSelector(".altcha-error", { visible: true });
  await passAltcha(page);
}

async function typeCode(page, code) {
  await startAltcha(page);
  const field = await page.waitForSelector(".altcha-code-challenge input", { visible: true });
  await field.type(code);
  await page.keyboard.press("Enter");
}

/** ALTCHA's widget where it only computes. */
export async function passAltchaWork(page) {
  await startAltcha(page);
  await page.waitForSelector("[data-state=verified]");
}

/** Cap's widget, which computes. */
export async function passCap(page) {
  const box = await page.waitForSelector("cap-widget >>> [role=button]");
  await box.click();
}

async function startAltcha(page) {
  const box = await page.waitForSelector("altcha-widget input[type=checkbox]");
  await box.click();
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

/** What a form gets of ALTCHA's widget, in this version; with what was verified here, or with the work alone. */
export async function payloadOf({ url, siteKey }, { version, isVerified }) {
  const at = `${url}/altcha/${version}`;
  const challenge = await (await fetch(`${at}/challenge?sitekey=${siteKey}`, { headers: { origin } })).json();
  const solved = btoa(JSON.stringify(version === "v1" ? await solvedFirst(challenge) : await solvedSecond(challenge)));
  if (!isVerified) return solved;
  const body = JSON.stringify({ payload: solved, code: answer });
  const headers = { origin, "content-type": "application/json" };
  const reply = await (await fetch(`${at}/verify`, { method: "POST", body, headers })).json();
  if (!reply.verified) throw new Error(`it is not verified: ${reply.reason}`);
  return reply.payload;
}

async function solvedFirst({ algorithm, challenge, maxnumber, salt, signature }) {
  const { number, took } = await solveFirst(challenge, salt, algorithm, maxnumber).promise;
  return { algorithm, challenge, number, salt, signature, took };
}

async function solvedSecond({ parameters, signature }) {
  const challenge = { parameters, signature };
  return { challenge, solution: await solveChallenge({ challenge, deriveKey }) };
}

async function post(url, fields) {
  const reply = await fetch(url, { method: "POST", body: new URLSearchParams(fields), headers: { origin } });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${url} answers ${reply.status} ${text}`);
  return JSON.parse(text);
}
