#!/bin/sh
# reaptcha 1.12.1 (npm) never loads reCAPTCHA in a page that has any script whose path contains "/recaptcha".
#
# To load the vendor's script once, it asks whether one is there, by `/(http|https):\/\/(www)?.+\/recaptcha/` over the
# addresses of all scripts of the page. That was meant for Google's address and is true for the site's own
# https://site.example/js/recaptcha-form.js too. Then no script is added, and the component looks twice a second for a
# `grecaptcha` that nobody loads: no captcha, no event, no error. A bundler that names a chunk after its source file is
# enough. Under the name captcha-form.js all is well.
#
# Needs node 20, npm and a package registry. Exits with 0 while it is so, with 1 if the vendor's script is loaded.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps --prefix "$folder" \
    jsdom@29.1.1 react@19.3.1 react-dom@19.3.1 reaptcha@1.12.1 >&2
cat > page.mjs <<'JAVASCRIPT'
import { JSDOM } from "jsdom";

const [, , own, loaded] = process.argv;
const html = `<!doctype html><div id="page"></div><script src="${own}"></script>`;
const { window } = new JSDOM(html, { url: "https://site.example/" });
Object.assign(globalThis, { window });
for (const key of ["document", "navigator", "HTMLElement", "HTMLIFrameElement"])
  Object.defineProperty(globalThis, key, { value: window[key], configurable: true });
const complaints = [];
for (const level of ["warn", "error"]) console[level] = (...words) => complaints.push(words);

const { createElement } = await import("react");
const { createRoot } = await import("react-dom/client");
const module = await import("reaptcha");
const Reaptcha = module.default.default ?? module.default;
const on = (what) => () => complaints.push(what);
const events = { onVerify: on("verify"), onError: on("error"), onLoad: on("load"), onRender: on("render") };
createRoot(document.querySelector("#page")).render(createElement(Reaptcha, { sitekey: "key", ...events }));
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
for (let tries = 0; !document.querySelector(".g-recaptcha") && tries < 100; tries += 1) await pause(100);
await pause(1200);

const vendors = [...document.scripts].map(({ src }) => src).filter((src) => !src.startsWith("https://site.example/"));
console.log(`a page with ${own}: scripts added: ${vendors.join(", ") || "none"}; events and complaints: ${complaints.length}`);
process.exit(document.querySelector(".g-recaptcha") && vendors.length === Number(loaded) && complaints.length === 0 ? 0 : 1);
JAVASCRIPT
node page.mjs /js/captcha-form.js 1
node page.mjs /js/recaptcha-form.js 0
