import { warn } from "./console";

/** Options as a page gives them: nothing about them is sure. */
export type Given = Readonly<Record<string, unknown>>;

/** What a page asked of a widget: the options it gave, and below them the `data-*` attributes of the element. */
export class Options {
  constructor(
    private readonly element: Element,
    private given: Given,
  ) {}

  add(given: Given): void {
    this.given = { ...this.given, ...given };
  }

  /** Undefined, null and an empty text all mean the default. */
  value(name: string): unknown {
    const value = this.raw(name);
    return value === null || value === "" ? undefined : value;
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    return value === undefined || typeof value === "object" ? undefined : String(value);
  }

  number(name: string): number | undefined {
    const number = Number(this.text(name));
    return Number.isInteger(number) ? number : undefined;
  }

  /** An attribute without a value says yes. */
  flag(name: string, otherwise: boolean): boolean {
    return String(this.raw(name) ?? otherwise) !== "false";
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], otherwise: T): T {
    const text = this.text(name);
    return allowed.find((one) => one === text) ?? otherwise;
  }

  /** A callback may be a name, which is looked up only now: the page may define it after the widget. */
  call(name: string, ...values: unknown[]): unknown {
    const callback = this.value(name);
    if (callback === undefined) return undefined;
    const found = typeof callback === "string" ? lookUp(callback) : callback;
    if (typeof found === "function") return callSafely(() => found(...values));
    warn(`${name}: there is no function ${String(callback)}`);
    return undefined;
  }

  private raw(name: string): unknown {
    return this.given[name] ?? Element.prototype.getAttribute.call(this.element, `data-${name.toLowerCase()}`);
  }
}

/** A function of the page by its name, which may have dots in it. */
export function lookUp(path: string): (() => unknown) | undefined {
  let holder: unknown;
  let found: unknown = window;
  for (const name of path.split(".")) {
    holder = found;
    found = (found as Given | null | undefined)?.[name];
  }
  return typeof found === "function" ? found.bind(holder) : undefined;
}

/** What a page's function throws must reach the page's error handlers, but not stop the widget. */
export function callSafely(callback: () => unknown): unknown {
  try {
    return callback();
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
    return undefined;
  }
}
