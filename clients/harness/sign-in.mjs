// What is asked of every client: who passes the captcha signs in, and nobody else.
import { submit } from "./application.mjs";
import { passAltcha, passAltchaAtSecondTry, passAltchaWork, passBar, passCap, passFallback, payloadOf, tokenOf } from "./person.mjs";

/** What the form of a site asks for beside the captcha, and what the site shows to who is in. */
const usual = { form: { name: "Ada" }, greeting: "Signed in as Ada" };

const msToWait = 15_000;

/** What is passed before the form is sent. */
const beforeTheForm = [passAltcha, passAltchaAtSecondTry, passAltchaWork, passBar, passCap, passFallback];

/** In a browser, with the widget. Returns the token that the form had. */
export async function byWidget(browser, url, wanted) {
  const { field, form, greeting, pass } = { ...usual, pass: passBar, ...wanted };
  const visit = await browser.createBrowserContext();
  const page = await visit.newPage();
  page.setDefaultTimeout(msToWait);
  await page.setJavaScriptEnabled(pass !== passFallback);
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => isFault(message) && faults.push(message.text()));
  let token;
  page.on("request", (request) => {
    if (request.method() === "POST" && request.isNavigationRequest()) token = fieldOf(request.postData(), field) ?? token;
  });
  try {
    await page.goto(url);
    for (const [name, value] of Object.entries(form)) await page.type(`[name="${name}"]`, value);
    const isBefore = beforeTheForm.includes(pass);
    if (isBefore) await pass(page, field);
    if (isBefore) await page.waitForFunction(isFilled, {}, field);
    await page.click(`form[method=post] [type=submit]`);
    if (!isBefore) await pass(page);
    await page.waitForFunction((text) => document.body?.innerText.includes(text), {}, greeting);
  } catch (error) {
    const shown = await page.evaluate(() => document.body?.innerText ?? "").catch(() => "");
    throw new Error(`${error.message}; the page shows ${JSON.stringify(shown.slice(0, 300))} ${faults.join("; ")}`);
  } finally {
    await visit.close();
  }
  expect(faults.length === 0, `the browser's console: ${faults.join("; ")}`);
  expect(token, `the form had no ${field}`);
  return token;
}

/** For clients that are on the server alone. */
export async function byToken(url, haechi, { api, field, payload }) {
  const { form, greeting } = usual;
  const token = payload ? await payloadOf(haechi, payload) : await tokenOf(haechi, api);
  const { status, text } = await submit(url, { ...form, [field]: token });
  expect(status === 200 && text.includes(greeting), `a good token got ${status} ${textOf(text)}`);
  return token;
}

/** A used, a made-up, an empty and a missing token: each is refused, and the application says so in its page. */
export async function isRefused(url, token, wanted) {
  const { field, form, formOfNext = form, greeting, says } = { ...usual, ...wanted };
  const bad = {
    "used again": [{ [field]: token }, says.used],
    "made up": [{ [field]: "made.up-token_" }, says.madeUp],
    empty: [{ [field]: "" }, says.missing],
    missing: [{}, ""],
  };
  for (const [what, [captcha, words]] of Object.entries(bad)) {
    const { status, text } = await submit(url, { ...formOfNext, ...captcha });
    expect(status < 500 && !text.includes(greeting), `a token that is ${what} got ${status} ${textOf(text)}`);
    expect(text.includes(words), `a token that is ${what}: the page does not say ${words}: ${textOf(text)}`);
  }
}

export function expect(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

/** What can be read of a page. */
function textOf(html) {
  return html.replace(/<(script|style)\b.*?<\/\1>|<[^>]*>/gs, " ").replace(/\s+/g, " ").slice(0, 600);
}

/** Not every site has an icon. */
function isFault(message) {
  return message.type() === "error" && !message.location().url?.endsWith("/favicon.ico");
}

/** A form may have several of one name. */
function isFilled(field) {
  return [...document.querySelectorAll(`[name="${field}"]`)].some(({ value }) => value);
}

function fieldOf(body, field) {
  return new URLSearchParams(body).getAll(field).find(Boolean);
}
