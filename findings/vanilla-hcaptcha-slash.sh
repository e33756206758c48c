#!/bin/sh
# @hcaptcha/vanilla-hcaptcha 1.1.4 (npm) does nothing at all when the address of the API begins with a slash or a dot.
#
# `<h-captcha jsapi="…">` takes another address of api.js (so do host, endpoint, assethost, imghost, reportapi). Each
# must match /^\w/, or the element waits, it seems for a framework that has yet to fill a {{placeholder}} in.
# So the ordinary addresses "/captcha/1/api.js", "./1/api.js" and "//captcha.example/1/api.js" wait for ever: no script,
# no "error" event, no word on the console. The same file as "captcha/1/api.js" is loaded.
#
# Needs node 20, npm and a package registry. Exits with 0 while it is so, with 1 if such an address is used or refused
# aloud.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
    jsdom@29.1.1 @hcaptcha/vanilla-hcaptcha@1.1.4 >&2
cat > page.mjs <<'JAVASCRIPT'
import { readFileSync } from "node:fs";
import { JSDOM, VirtualConsole } from "jsdom";

const component = readFileSync("node_modules/@hcaptcha/vanilla-hcaptcha/dist/index.min.js", "utf8");
const addresses = {
  "https://site.example/captcha/1/api.js": true,
  "captcha/1/api.js": true,
  "/captcha/1/api.js": false,
  "./captcha/1/api.js": false,
  "//site.example/captcha/1/api.js": false,
};
let asDescribed = true;
for (const [address, expected] of Object.entries(addresses)) {
  const said = [];
  const virtualConsole = new VirtualConsole();
  for (const level of ["log", "info", "warn", "error", "jsdomError"]) virtualConsole.on(level, (word) => said.push(word));
  const { window } = new JSDOM(`<!doctype html><h-captcha sitekey="key" jsapi="${address}"></h-captcha>`, {
    url: "https://site.example/",
    runScripts: "outside-only",
    virtualConsole,
  });
  const element = window.document.querySelector("h-captcha");
  for (const event of ["error", "loaded"]) element.addEventListener(event, () => said.push(event));
  window.eval(component);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const loads = [...window.document.scripts].map(({ src }) => src.split("?")[0]);
  console.log(`jsapi="${address}": loads ${loads.join(", ") || "nothing"}; events and console: ${said.length}`);
  asDescribed &&= loads.length === Number(expected) && said.length === 0;
}
process.exit(asDescribed ? 0 : 1);
JAVASCRIPT
node page.mjs
