#!/bin/sh
# vue-turnstile 1.0.11 (npm): a component's `reset()` resets whichever widget the page has first, not its own.
#
# It keeps its widget's id, and `remove()` uses it, but `reset()` calls `window.turnstile.reset()` without one, which
# means the first. With two forms in a page, the second form's reset, which a site calls after a submission that failed,
# empties its own v-model and makes the first widget start anew; its own one keeps the token that is spent. So does the
# timer that is to renew a token after 295 seconds, here 0.5: the second form has no token, and its widget shows that it
# is done.
#
# Needs node 20, npm and a package registry. Exits with 0 while it is so, with 1 if the component's own id is given.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
    jsdom@29.1.1 vue@3.5.45 vue-turnstile@1.0.11 >&2
cat > page.mjs <<'JAVASCRIPT'
import { JSDOM } from "jsdom";

const { window } = new JSDOM('<!doctype html><div id="page"></div>', { url: "https://site.example/" });
Object.assign(globalThis, { window });
for (const key of ["document", "Element", "Node", "SVGElement", "MathMLElement"])
  Object.defineProperty(globalThis, key, { value: window[key], configurable: true });
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// As Turnstile has it: without an id the first widget is meant.
const widgets = [];
window.turnstile = {
  render(element, options) {
    widgets.push({ form: element.closest("form").id, options, resets: 0 });
    return `widget-${widgets.length}`;
  },
  reset(id = "widget-1") {
    widgets[id.slice("widget-".length) - 1].resets += 1;
  },
  remove() {},
};

const { createApp, h, reactive } = await import("vue");
const { default: VueTurnstile } = await import("vue-turnstile");
const components = {};
const models = reactive({ "sign-in": "", register: "" });
const widget = (id, resetInterval) =>
  h("form", { id }, [
    h(VueTurnstile, {
      siteKey: "key",
      resetInterval,
      modelValue: models[id],
      "onUpdate:modelValue": (token) => (models[id] = token),
      ref: (component) => (components[id] = component),
    }),
  ]);
createApp({ render: () => [widget("sign-in", 295_000), widget("register", 500)] }).mount("#page");
await pause(50);
const say = (what) => {
  const resets = widgets.map((one) => `${one.form} ${one.resets}`).join(", ");
  console.log(`${what}: resets: ${resets}; models: ${JSON.stringify(models)}`);
};

for (const { form, options } of widgets) options.callback(`token-of-${form}`);
say("both forms have a token");
components.register.reset();
say("register's component is reset");
const called = widgets.map(({ resets }) => resets).join();
widgets[1].options.callback("new-token-of-register");
await pause(1500);
say("register's interval is over");
const timed = widgets.map(({ resets }) => resets);
const lost = models["sign-in"] === "token-of-sign-in" && models.register === "";
process.exit(called === "1,0" && timed[0] > 1 && timed[1] === 0 && lost ? 0 : 1);
JAVASCRIPT
node page.mjs
