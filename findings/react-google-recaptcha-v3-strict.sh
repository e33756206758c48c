#!/bin/sh
# react-google-recaptcha-v3 1.11.0 (npm): a page's own script tag is used in a production build, and replaced by one for
# www.google.com in development.
#
# A provider loads nothing if an element with the id of its script (`scriptProps.id`, or google-recaptcha-v3) is there,
# so a page can bring the script itself, from another host. But when it unmounts it removes the element of that id,
# whoever made it, and sets `window.___grecaptcha_cfg` to undefined; `window.grecaptcha` stays. Mounted again, it adds
# Google's tag, whose script then meets the other one's global. React's StrictMode mounts each component twice in
# development and once in production, so that there the page's own tag goes at once.
#
# Needs node 20, npm and a package registry. Exits with 0 while it is so, with 1 if the page's own tag stays.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps --prefix "$folder" \
    jsdom@29.1.1 react@19.3.1 react-dom@19.3.1 react-google-recaptcha-v3@1.11.0 >&2
cat > page.mjs <<'JAVASCRIPT'
import { JSDOM } from "jsdom";

const [, , ...expected] = process.argv;
const own = '<script id="google-recaptcha-v3" src="https://captcha.example/recaptcha/api.js?render=key"></script>';
const { window } = new JSDOM(`<!doctype html>${own}<div id="page"></div>`, { url: "https://site.example/" });
Object.assign(globalThis, { window });
for (const key of ["document", "navigator", "HTMLElement", "HTMLIFrameElement"])
  Object.defineProperty(globalThis, key, { value: window[key], configurable: true });
window.grecaptcha = { ready: (then) => then(), execute: async () => "token" };

const { StrictMode, createElement, useEffect } = await import("react");
const { createRoot } = await import("react-dom/client");
const { GoogleReCaptchaProvider } = await import("react-google-recaptcha-v3");
const hosts = [];
const pause = () => new Promise((resolve) => setTimeout(resolve, 100));
let isMounted = false;
const Child = () => useEffect(() => void (isMounted = true), []);
const look = async (what, there) => {
  for (let tries = 0; there && !isMounted && tries < 100; tries += 1) await pause();
  await pause();
  hosts.push([...document.scripts].map(({ src }) => new URL(src).host).join() || "none");
  console.log(`${process.env.NODE_ENV}, ${what}: script of ${hosts.at(-1)}; window.grecaptcha is ${typeof window.grecaptcha}`);
};
const mount = () => {
  const root = createRoot(document.querySelector("#page"));
  const provider = createElement(GoogleReCaptchaProvider, { reCaptchaKey: "key" }, createElement(Child));
  isMounted = false;
  root.render(createElement(StrictMode, null, provider));
  return root;
};
const root = mount();
await look("mounted", true);
root.unmount();
await look("unmounted");
mount();
await look("mounted again", true);
process.exit(hosts.join(" ") === expected.join(" ") ? 0 : 1);
JAVASCRIPT
NODE_ENV=production node page.mjs captcha.example none www.google.com
NODE_ENV=development node page.mjs www.google.com none www.google.com
