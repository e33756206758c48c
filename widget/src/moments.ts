import { warn } from "./console";
import { callSafely, lookUp } from "./options";

/** How long a page may take to define the function that it named in the script's address. */
const LATE_MS = 1000;

/**
 * A task of its own after the script has run and its load event is over: wrappers set themselves up in that event,
 * and do not survive being called before.
 */
export function afterLoad(script: HTMLScriptElement | null, callback: () => void): void {
  if (script) script.addEventListener("load", () => setTimeout(callback), { once: true });
  else setTimeout(callback);
}

export function whenParsed(callback: () => void): void {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", callback, { once: true });
  else callback();
}

/** Calls the function that the script's address names, or waits for it a while. */
export function callNamed(name: string, isLate = false): void {
  const call = lookUp(name);
  if (call) callSafely(call);
  else if (isLate) warn(`onload: there is no function ${name}`);
  else setTimeout(callNamed, LATE_MS, name, true);
}

/** Functions that are called once the page is ready, each in a task of its own. */
export class Readiness {
  private waiting: (() => unknown)[] | undefined = [];

  readonly add = (callback: unknown): void => {
    if (typeof callback !== "function") return;
    const call = () => callback();
    if (this.waiting) this.waiting.push(call);
    else setTimeout(call);
  };

  reached(): void {
    for (const call of this.waiting ?? []) setTimeout(call);
    this.waiting = undefined;
  }
}
