import type { Address } from "../address";
import { Captcha, CLOSED } from "../captcha";
import type { Dialect } from "../dialect";
import { findElement, isElement } from "../elements";
import { type Given, Options } from "../options";
import { randomDigits, Registry } from "../registry";

const FIELDS = ["h-captcha-response", "g-recaptcha-response"];

export function hcaptcha({ server, query }: Address): Dialect {
  const registry = new Registry<string>(() => `0${randomDigits(11)}`);

  function render(where: unknown, given?: Given): string | undefined {
    const element = findElement(where);
    if (!element) {
      console.log(`[hCaptcha] render: invalid container '${where}'.`);
      return undefined;
    }
    const before = registry.idIn(element);
    if (before !== undefined) {
      console.error("Only one captcha is permitted per parent container.");
      return before;
    }
    const id = registry.nextId();
    const captcha = make(element, new Options(element, given ?? {}));
    for (const field of FIELDS) captcha.nameField(field, `${field}-${id}`);
    registry.add(id, captcha);
    return id;
  }

  function make(element: Element, options: Options): Captcha {
    const sitekey = options.text("sitekey");
    if (!sitekey) throw failure("missing-sitekey", "Missing sitekey - https://docs.hcaptcha.com/configuration");
    return new Captcha(
      element,
      options,
      {
        server,
        api: "hcaptcha",
        sitekey,
        language: options.text("hl") ?? query.get("hl") ?? undefined,
        theme: theme(options),
        size: options.oneOf("size", ["normal", "compact", "invisible"], "normal"),
        open: false,
        tabindex: options.number("tabindex"),
        fields: FIELDS,
        renews: false,
      },
      {
        passed: ({ token, key }) => options.call("callback", token, key),
        expired: () => options.call("expired-callback"),
        failed: (code) => options.call("error-callback", errorCode(code)),
        opened: () => options.call("open-callback"),
        closed: () => options.call("close-callback"),
        challengeExpired: () => options.call("chalexpired-callback"),
      },
    );
  }

  function find(which: unknown): Captcha {
    const found = registry.find(which);
    if (found) return found[1];
    if (which === undefined) throw failure("missing-captcha", "No hCaptcha exists.");
    throw failure("invalid-captcha-id", `Invalid hCaptcha id: ${which}`);
  }

  function execute(which?: unknown, request?: Given): Promise<Given> | undefined {
    if (which && typeof which === "object" && !isElement(which)) return execute(undefined, which as Given);
    if (request?.["async"]) return respond(which);
    find(which).execute(() => true);
    return undefined;
  }

  /** Fails with a code of the original, as a plain text. */
  async function respond(which: unknown): Promise<Given> {
    if (!registry.find(which)) throw which === undefined ? "missing-captcha" : "invalid-captcha-id";
    try {
      const { token, key } = await find(which).execute(() => true);
      return { response: token, key };
    } catch (code) {
      throw code === CLOSED ? "challenge-closed" : errorCode(String(code));
    }
  }

  function remove(which?: unknown): void {
    find(which);
    const [id] = registry.find(which) ?? [];
    if (id !== undefined) registry.remove(id);
  }

  return {
    name: "hcaptcha",
    methods: {
      render,
      execute,
      remove,
      reset: (which?: unknown) => find(which).reset(),
      close: (which?: unknown) => find(which).close(),
      getResponse: (which?: unknown) => find(which).widget.token,
      getRespKey: (which?: unknown) => find(which).widget.key,
      setData: (which?: unknown) => void find(typeof which === "object" ? undefined : which),
    },
    selector: ".h-captcha",
    render: (element) => void render(element),
    isRendered: (element) => registry.idIn(element) !== undefined,
  };
}

/** A theme of the page's own is an object; what we take of it is whether it is dark. */
function theme(options: Options): "light" | "dark" {
  const value = options.value("theme") as { palette?: { mode?: unknown } } | string | undefined;
  const mode = typeof value === "object" ? value.palette?.mode : value;
  return mode === "dark" ? "dark" : "light";
}

function errorCode(code: string): string {
  if (code === "rate-limited") return code;
  if (["unreachable", "busy", "unavailable"].includes(code)) return "network-error";
  if (["unknown-sitekey", "hostname-not-allowed", "bad-request"].includes(code)) return "invalid-data";
  return "challenge-error";
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { cause: code });
}
