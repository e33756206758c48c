// From an empty folder to a protected form, its figures and an alert, by keyboard alone, in real browsers:
// `HAECHI=target/debug/haechi node e2e/walk/run.mjs [ENGINE…]`. Engines are chromium, firefox and webkit.
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { Chromium } from "../../widget/test/harness/engines/chromium.mjs";
import { Firefox } from "../../widget/test/harness/engines/firefox.mjs";
import { WebKit } from "../../widget/test/harness/engines/webkit.mjs";
import { need, start, stop } from "../../widget/test/harness/programs.mjs";
import { Bell } from "./bell.mjs";
import { Person } from "./person.mjs";
import { Shop } from "./shop.mjs";

const engines = { chromium: Chromium, firefox: Firefox, webkit: WebKit };
/** Wide enough for the navigation to stand in the page. */
const screen = { width: 1100, height: 900 };
const password = "correct horse battery";

if (!process.env.HAECHI) throw new Error("HAECHI must be the path of the server's program");
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(engines);
need(Object.assign({}, ...names.map((name) => engines[name].needs)));
for (const name of names) await walkIn(name);

async function walkIn(name) {
  const folder = await mkdtemp(join(tmpdir(), "haechi-walk-"));
  const engine = new engines[name]();
  const version = await engine.start({ sound: {}, folder });
  const server = await startServer(join(folder, "data"));
  const [shop, bell] = [await Shop.open(), await Bell.hang()];
  const began = Date.now();
  try {
    const person = new Person(await engine.open(screen));
    await walk(person, server, shop, bell);
    const secs = ((Date.now() - began) / 1_000).toFixed(1);
    console.log(`ok | ${name} (${version}) | ${person.presses} keys, ${secs} s`);
  } finally {
    shop.close();
    bell.takeDown();
    await engine.stop();
    await stop(server.program);
  }
  await rm(folder, { recursive: true });
}

async function walk(person, server, shop, bell) {
  await makeAdministrator(person, server);
  const { appkey, secret } = await makeApp(person);
  await protectForm(person, server, shop, secret);
  await passAsVisitor(person, shop);
  await seeFigures(person, server);
  await askForAlerts(person, bell);
  await answerLikeMachine(server, appkey);
  await beAlerted(person, server, bell);
}

async function makeAdministrator(person, { first }) {
  await person.go(first);
  await person.type("#first-name", "ann");
  await person.type("#first-password", password);
  await person.follow("main form button.main");
  await person.until("location.pathname === '/console'");
}

/** Returns its appkey and its secret, which are shown this once. */
async function makeApp(person) {
  await person.follow("a[href='/console/apps/new']");
  await person.type("#app-name", "shop");
  await person.follow("#settings button.main");
  const shown = (await person.read("main")).replace(/\s/g, " ");
  const [[appkey], [secret]] = [/\b[0-9a-f]{64}\b/, /\b0x[0-9a-f]{40}\b/].map((pattern) => shown.match(pattern) ?? []);
  if (!appkey || !secret) throw new Error(`they are not shown:\n${shown}`);
  return { appkey, secret };
}

async function protectForm(person, { url }, shop, secret) {
  await person.follow("main a[href$='/integration']");
  const example = await person.read("pre[aria-label='HTML: haechi-captcha']");
  shop.protect({ example, secret, haechi: url });
}

/** The browser works by itself, as most visitors' do: there is nothing to press but the form's button. */
async function passAsVisitor(person, shop) {
  await person.go(shop.url);
  await person.until("document.querySelector('[name=haechi-response]')?.value");
  await person.follow("form > button");
  const [verdict, ...others] = shop.verdicts;
  if (!verdict?.success || others.length > 0) throw new Error(`the shop was told ${JSON.stringify(shop.verdicts)}`);
}

/** They are counted a little later than what they count. */
async function seeFigures(person, { url }) {
  const end = Date.now() + 20_000;
  for (;;) {
    await person.go(`${url}/console`);
    await person.follow("main a[href='/console/apps/2']");
    const figures = await person.read("#figures");
    if (/Work issued\s+1\b/.test(figures) && /Tokens issued\s+1\b/.test(figures)) return;
    if (Date.now() > end) throw new Error(`the figures are not there:\n${figures}`);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

/** Makes a webhook, keeps its secret, and has it tried. */
async function askForAlerts(person, bell) {
  await person.follow("nav a[href='/console/webhooks']");
  await person.type("#webhook-url", bell.url);
  await person.follow("main form button.main");
  [bell.secret] = (await person.read("main")).match(/whsec_\S+/) ?? [];
  await person.follow("main a[href='/console/webhooks']");
  await person.follow("form[action$='/test'] button");
  await bell.rings("test");
}

/** So quickly that nobody takes it for a person. */
async function answerLikeMachine({ url, data }, appkey) {
  const app = `${url}/captcha/v1.0/appkeys/${appkey}`;
  for (let count = 0; count < 24; count++) {
    const { key } = await (await fetch(`${app}/keys`, { method: "POST" })).json();
    const told = execFileSync(resolve(process.env.HAECHI), ["inspect", key, "--answer", "--json", "--data", data]);
    const { header } = await (await fetch(`${app}/keys/${key}/verification?answer=${JSON.parse(told).answer}`)).json();
    if (header.resultCode !== 0) throw new Error(`the answer was refused: ${JSON.stringify(header)}`);
  }
}

/** The same is told by the webhook, in its log and on the app's page. */
async function beAlerted(person, { url }, bell) {
  const { data } = await bell.rings("mark.began");
  if (data.app.name !== "shop") throw new Error(`it rings for ${JSON.stringify(data)}`);
  await person.go(`${url}/console/webhooks`);
  await person.until("document.querySelectorAll('#deliveries tbody tr').length >= 2");
  await person.go(`${url}/console`);
  await person.follow("main a[href='/console/apps/2']");
  await person.until("document.querySelector('.marks.found')");
}

async function startServer(data) {
  const program = start(resolve(process.env.HAECHI), ["serve", "--print-secrets", "--listen", "127.0.0.1:0", "--data", data], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [first, listening] = await Promise.all([
    lineWith(program.stdout, /http:\S*\/console\/first\?code=\S+/),
    lineWith(program.stderr, /listening on (http:\S+)/),
  ]);
  return { program, data, first: first[0], url: listening[1] };
}

function lineWith(stream, pattern) {
  return new Promise((resolve, reject) => {
    const lines = createInterface(stream);
    lines.on("line", (line) => {
      const found = line.match(pattern);
      if (found) resolve(found);
    });
    lines.once("close", () => reject(new Error(`haechi did not say ${pattern}`)));
  });
}
