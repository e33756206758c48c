#!/bin/sh
# Of two captchas that a page shows at once, one never appears, with vue-turnstile 1.0.11, vue3-recaptcha2 1.8.0 and
# next-turnstile 1.0.7 (npm).
#
# A page with a form to sign in and one to register has a component in each. Both mount before the vendor's script has
# come, and each package keeps but one thing to call when it comes: vue-turnstile the last component's promise
# (`n = {resolve, reject}` for the whole module), vue3-recaptcha2 the last one's `window.recaptchaReady` (though it puts
# the script into the page twice), next-turnstile the first one's `window.onloadTurnstileCallback` (the second sees a
# script tag, and no `window.turnstile` yet, and does nothing). The other form stays without a captcha: no event, no
# error. A page that has the script already, from a visit to another route, shows both, so that it comes and goes.
#
# Needs node 20, npm and a package registry. Exits with 0 while one of two is missing in all three, with 1 otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps --prefix "$folder" jsdom@29.1.1 \
    vue@3.5.45 vue-turnstile@1.0.11 vue3-recaptcha2@1.8.0 react@19.3.1 react-dom@19.3.1 next-turnstile@1.0.7 >&2
cat > page.mjs <<'JAVASCRIPT'
import { JSDOM } from "jsdom";

const [, , name, missing] = process.argv;
const { window } = new JSDOM('<!doctype html><div id="page"></div>', { url: "https://site.example/" });
Object.assign(globalThis, { window });
for (const key of ["document", "navigator", "HTMLElement", "HTMLIFrameElement", "Element", "Node", "SVGElement", "MathMLElement"])
  Object.defineProperty(globalThis, key, { value: window[key], configurable: true });
const pause = () => new Promise((resolve) => setTimeout(resolve, 100));

const appeared = [];
const vendor = {
  render(element) {
    appeared.push(element.closest("form").id);
    return `widget-${appeared.length}`;
  },
  remove() {},
};
const forms = ["sign-in", "register"];
const page = document.querySelector("#page");
if (name === "next-turnstile") {
  const { createElement } = await import("react");
  const { createRoot } = await import("react-dom/client");
  const { Turnstile } = (await import(name)).default;
  const form = (id) => createElement("form", { id, key: id }, createElement(Turnstile, { id: `${id}-widget`, siteKey: "key" }));
  createRoot(page).render(forms.map(form));
} else {
  const { createApp, h } = await import("vue");
  const { default: component } = await import(name);
  const properties = name === "vue-turnstile" ? { siteKey: "key", modelValue: "" } : { sitekey: "key" };
  createApp({ render: () => forms.map((id) => h("form", { id }, [h(component, properties)])) }).mount(page);
}
for (let tries = 0; !document.scripts.length && tries < 100; tries += 1) await pause();

// The vendor's script comes: it sets its global and calls the function that its address names, for each tag.
const tags = [...document.scripts];
for (const tag of tags) {
  window[name === "vue3-recaptcha2" ? "grecaptcha" : "turnstile"] = vendor;
  window[new URL(tag.src).searchParams.get("onload")]();
}
await pause();
const seen = appeared.join(", ") || "nothing";
console.log(`${name}: the forms are ${forms.join(" and ")}; script tags: ${tags.length}; a captcha appears in: ${seen}`);
process.exit(appeared.length === 1 && appeared[0] !== missing ? 0 : 1);
JAVASCRIPT
node page.mjs vue-turnstile sign-in
node page.mjs vue3-recaptcha2 sign-in
node page.mjs next-turnstile register
