/** A page's own object: not one of the browser's, such as the element whose id is the global's name. */
type Plain = Record<PropertyKey, unknown>;

function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

const page = window as unknown as Plain;

export function find(name: string): Plain | undefined {
  const value = page[name];
  return isPlain(value) ? value : undefined;
}

/** What a page has defined before it loaded the script stays the same object, for parts of it may hold it already. */
export function define(name: string, methods: Readonly<Plain>, holder: Plain = page): void {
  const before = holder[name];
  holder[name] = Object.assign(isPlain(before) ? before : {}, methods);
}

/** The place where pages for reCAPTCHA leave functions while there is no `grecaptcha.ready` yet. */
export function takeQueued(ready: (callback: unknown) => void): void {
  const queue = find("___grecaptcha_cfg");
  const left = queue?.["fns"];
  if (!queue || !Array.isArray(left)) return;
  for (const callback of left) ready(callback);
  queue["fns"] = { push: ready };
}
