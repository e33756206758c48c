import type { Address } from "../address";
import { Captcha, type Reactions, whenOver } from "../captcha";
import type { Dialect } from "../dialect";
import { findElement } from "../elements";
import { type Given, Options } from "../options";
import { Registry } from "../registry";

export const FIELD = "haechi-response";

/** Our own. */
export function haechi(address: Address): Dialect {
  const registry = new Registry<string>((count) => `haechi-${count + 1}`);

  function render(where: unknown, given?: Given): string {
    const element = findElement(where);
    if (!element) throw new Error(`haechi.render: there is no element ${where}`);
    const before = registry.idIn(element);
    if (before !== undefined) return before;
    const id = registry.nextId();
    const options = new Options(element, given ?? {});
    const captcha = makeCaptcha(address, element, options, [FIELD], {
      passed: ({ token }) => options.call("callback", token),
      expired: () => options.call("expired-callback"),
      failed: (code) => options.call("error-callback", code),
    });
    registry.add(id, captcha);
    return id;
  }

  /** Given an id, an element, a selector or nothing. */
  function find(which: unknown): [string, Captcha] {
    const found = registry.find(which) ?? registry.find(findElement(which) ?? "");
    if (!found) throw new Error(which === undefined ? "haechi: there is no widget" : `haechi: there is no ${which}`);
    return found;
  }

  return {
    name: "haechi",
    methods: {
      render,
      execute: (which?: unknown) => tokenOf(find(which)[1]),
      reset: (which?: unknown) => find(which)[1].reset(),
      remove: (which?: unknown) => registry.remove(find(which)[0]),
      getResponse: (which?: unknown) => find(which)[1].widget.token,
    },
    selector: ".haechi-captcha",
    render: (element) => void render(element),
    isRendered: (element) => registry.idIn(element) !== undefined,
  };
}

export function makeCaptcha(
  { server, query }: Address,
  element: Element,
  options: Options,
  fields: string[],
  reactions: Reactions,
): Captcha {
  const sitekey = options.text("sitekey");
  if (!sitekey) throw new Error("haechi: the sitekey is missing");
  const settings = {
    server,
    api: "haechi",
    sitekey,
    language: options.text("language") ?? query.get("hl") ?? undefined,
    theme: options.oneOf("theme", ["light", "dark", "auto"], "auto"),
    size: options.oneOf("size", ["normal", "compact", "flexible", "invisible"], "normal"),
    open: options.flag("open", false),
    folds: options.text("open") === "auto",
    tabindex: options.number("tabindex"),
    action: options.text("action"),
    cdata: options.text("cdata"),
    fields,
    renews: true,
  } as const;
  return new Captcha(element, options, settings, reactions);
}

export function tokenOf(captcha: Captcha): Promise<string> {
  const token = captcha.execute(whenOver).then(
    (passed) => passed.token,
    (code) => {
      throw new Error(`haechi: ${code}`);
    },
  );
  token.catch(() => undefined); // a page with callbacks needs no promise
  return token;
}
