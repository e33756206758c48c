import { type Address, type Family, ownAddress } from "./address";
import { haechi } from "./apis/haechi";
import { hcaptcha } from "./apis/hcaptcha";
import { recaptcha } from "./apis/recaptcha";
import { turnstile } from "./apis/turnstile";
import { renderAll } from "./automatic";
import { warn } from "./console";
import type { Dialect } from "./dialect";
import { defineElement } from "./element";
import { define, find, takeQueued } from "./globals";
import { afterLoad, callNamed, Readiness, whenParsed } from "./moments";

const DIALECTS: Record<Family, (address: Address) => Dialect> = { recaptcha, hcaptcha, turnstile, haechi };

/** Under this the global has what a second copy of the script calls, which finds the first one there. */
const AGAIN = Symbol.for("haechi");

const address = ownAddress();
if (address) start(address);
else console.error("[haechi] api.js cannot tell its own address: load it by a script element with src");

function start(address: Address): void {
  const dialect = DIALECTS[address.family](address);
  const first = find(dialect.name)?.[AGAIN];
  if (typeof first === "function") first(address);
  else install(dialect, address);
}

function install(dialect: Dialect, address: Address): void {
  const readiness = new Readiness();
  const ready = readiness.add;
  const standsIn = standsInForRecaptcha(address);
  const shown = standsIn ? { ...dialect, selector: `${dialect.selector},.g-recaptcha` } : dialect;
  const methods = { ready, ...dialect.methods };
  let isTold = false;
  const again = (later: Address) => {
    if (!isTold) warn("api.js is loaded more than once");
    isTold = true;
    begin(shown, later, readiness);
  };
  define(dialect.name, { ...methods, [AGAIN]: again });
  if (standsIn) define("grecaptcha", methods);
  if (address.family === "recaptcha") define("enterprise", methods, find("grecaptcha"));
  if (address.family === "turnstile") define("turnstile", { implicitRender: () => renderAll(shown) });
  if (address.family === "haechi") defineElement(address);
  takeQueued(ready);
  begin(shown, address, readiness);
}

/** Then pages for reCAPTCHA need no change. One that has the real thing keeps it. */
function standsInForRecaptcha({ family, query }: Address): boolean {
  if (find("grecaptcha")?.["render"]) return false;
  if (family === "turnstile") return query.get("compat") === "recaptcha";
  return family === "hcaptcha" && query.get("recaptchacompat") !== "off";
}

function begin(dialect: Dialect, { script, query }: Address, readiness: Readiness): void {
  const render = query.get("render") ?? "";
  // With a site key there the original renders nothing by itself either.
  if (["", "onload", "auto"].includes(render)) whenParsed(() => renderAll(dialect));
  afterLoad(script, () =>
    whenParsed(() =>
      setTimeout(() => {
        const onload = query.get("onload");
        if (onload) callNamed(onload);
        readiness.reached();
      }),
    ),
  );
}
