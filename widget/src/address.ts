export type Family = "recaptcha" | "hcaptcha" | "turnstile" | "haechi";

/** Where this script came from, which says what it has to be. */
export interface Address {
  family: Family;
  /** The server's address with any path prefix and no slash at its end. */
  server: string;
  query: URLSearchParams;
  /** The element that runs the script, if that can be known. */
  script: HTMLScriptElement | null;
}

/** Turnstile stands first, for its address may have any version name in it: `/turnstile/v0/1/api.js`. */
const PATHS: readonly [Family, RegExp][] = [
  ["turnstile", /\/turnstile\/v0\/(?:.+\/)?api\.js$/],
  ["recaptcha", /\/recaptcha\/(?:api|enterprise)\.js$/],
  ["hcaptcha", /\/1\/(?:secure-)?api\.js$/],
  ["haechi", /\/widget\/v1\/api\.js$/],
];

/** Must be called while the script runs. A module or a script in a shadow root has no `currentScript`. */
export function ownAddress(): Address | undefined {
  const current = document.currentScript;
  for (const script of isScript(current) ? [current] : Array.from(document.scripts)) {
    const address = isScript(script) && readAddress(script.src);
    if (address) return { ...address, script: script === current ? script : null };
  }
  return undefined;
}

/** Elements with the names of the document's own properties hide these, and must not say where the server is. */
function isScript(value: unknown): value is HTMLScriptElement {
  return value instanceof HTMLScriptElement;
}

function readAddress(source: string): Omit<Address, "script"> | undefined {
  if (!/^https?:/.test(source)) return undefined;
  const { origin, pathname, searchParams } = new URL(source);
  for (const [family, path] of PATHS) {
    const at = pathname.search(path);
    if (at >= 0) return { family, server: origin + pathname.slice(0, at), query: searchParams };
  }
  return undefined;
}
