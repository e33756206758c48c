import puppeteer from "puppeteer-core";
import { list } from "../list.mjs";
import { startHaechi } from "./haechi.mjs";
import { Cache } from "./install.mjs";
import { NotTested } from "./naver.mjs";
import { resolverRules, startVendors } from "./vendors.mjs";

const { program, folder, cacheFolder, clients, certificate, names } = JSON.parse(process.argv[2]);
process.exitCode = (await runAll(new Cache(cacheFolder, clients))) ? 1 : 0;

/** Runs the clients of these names, or all, and prints a line for each. Returns how many failed. */
async function runAll(cache) {
  const unknown = names.filter((name) => !(name in list));
  if (unknown.length) throw new Error(`there is no client ${unknown.join(", ")}, only ${Object.keys(list).join(", ")}`);
  const haechi = await startHaechi(program, folder, certificate);
  const vendorsPort = Number(new URL(haechi.addresses.secure.url).port);
  const vendors = await startVendors(vendorsPort);
  const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    acceptInsecureCerts: true,
    args: ["--no-sandbox", "--lang=en", resolverRules(vendorsPort)],
  });
  const context = { ...haechi, vendors, browser, cache, clients, folder };
  let failed = 0;
  try {
    for (const name of names.length ? names : Object.keys(list)) failed += (await runOne(name, context)) ? 0 : 1;
  } finally {
    await browser.close();
    vendors.stop();
    haechi.stop();
  }
  return failed;
}

async function runOne(name, context) {
  const began = Date.now();
  const { title, run } = list[name];
  const line = (...parts) => console.log([...parts, `${((Date.now() - began) / 1000).toFixed(1)} s`].join(" | "));
  let what = name;
  try {
    what = await title(context);
    line("ok    ", name, what, await run(context));
    return true;
  } catch (error) {
    if (error instanceof NotTested) {
      line("NOT TESTED", name, what, error.message);
      return true;
    }
    line("FAILED", name, what, error.message);
    return false;
  }
}
