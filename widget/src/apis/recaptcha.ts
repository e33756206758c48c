import type { Address } from "../address";
import { Captcha, whenOver } from "../captcha";
import type { Dialect } from "../dialect";
import { addBox, findElement, isButton, isElement } from "../elements";
import { type Given, Options } from "../options";
import { Registry } from "../registry";

const FIELD = "g-recaptcha-response";

/** What there is to know of a token for version 3, whose replies have a score and an action. */
interface Scored {
  action?: string | undefined;
}

/** `grecaptcha`, in which version 2 asks in the page and version 3 by a call. */
export function recaptcha({ server, query }: Address): Dialect {
  const registry = new Registry<number>((count) => count);
  const inTurn = turns();

  /** Without an element, as version 3 may be, it is for calls alone. */
  function render(where: unknown, given?: Given): number {
    if (where && typeof where === "object" && !isElement(where)) {
      return render(addBox(document.body), { size: "invisible", ...where });
    }
    const element = findElement(where);
    if (!element) throw new Error("reCAPTCHA placeholder element must be an element or id");
    if (registry.idIn(element) !== undefined) throw new Error("reCAPTCHA has already been rendered in this element");
    const options = new Options(element, given ?? {});
    const action = options.text("action");
    const id = registry.nextId();
    place(id, element, options, isButton(element) && action ? { action } : undefined);
    return id;
  }

  function place(id: number, element: Element, options: Options, scored?: Scored): Captcha {
    const sitekey = options.text("sitekey") ?? loadedKey(query);
    if (!sitekey) throw new Error("Missing required parameters: sitekey");
    const captcha = make(element, options, sitekey, [FIELD], scored);
    captcha.nameField(FIELD, id ? `${FIELD}-${id}` : FIELD);
    registry.add(id, captcha);
    return captcha;
  }

  function make(element: Element, options: Options, sitekey: string, fields: string[], scored?: Scored): Captcha {
    return new Captcha(
      element,
      options,
      {
        server,
        api: scored ? "recaptcha-v3" : "recaptcha",
        sitekey,
        language: options.text("hl") ?? query.get("hl") ?? undefined,
        theme: options.oneOf("theme", ["light", "dark", "auto"], "light"),
        size: options.oneOf("size", ["normal", "compact", "invisible"], "normal"),
        open: false,
        tabindex: options.number("tabindex"),
        action: scored ? scored.action : options.text("action"),
        fields,
        renews: false,
      },
      {
        passed: ({ token }) => options.call("callback", token),
        expired: () => options.call("expired-callback"),
        failed: () => options.call("error-callback"),
      },
    );
  }

  function find(which: unknown): [number, Captcha] {
    const found = registry.find(which);
    if (found) return found;
    throw new Error(which === undefined ? "No reCAPTCHA clients exist." : `Invalid reCAPTCHA client id: ${which}`);
  }

  function execute(which?: unknown, request?: Given): Promise<string> {
    if (which && typeof which === "object" && !isElement(which)) return execute(undefined, which as Given);
    const action = request?.["action"];
    const scored = { action: action === undefined ? undefined : String(action) };
    const sitekey = typeof which === "string" ? which : which === undefined ? loadedKey(query) : undefined;
    if (sitekey && !registry.find(which)) return inTurn(() => score(sitekey, scored));
    const [id, captcha] = find(which);
    if (scored.action !== undefined) return inTurn(() => scoreAt(id, captcha, scored));
    // As with the original, a closed challenge may be opened again, and errors have a callback.
    return captcha.execute(() => false).then(({ token }) => token);
  }

  /** Each call asks anew and leaves nothing in the page. */
  async function score(sitekey: string, scored: Scored): Promise<string> {
    const box = document.createElement("div");
    const captcha = make(box, new Options(box, { size: "invisible" }), sitekey, [], scored);
    try {
      return await tokenOf(captcha);
    } finally {
      captcha.remove();
    }
  }

  /** A rendered widget becomes one for version 3 when a call has an action, as keys cannot tell. */
  function scoreAt(id: number, { element, options }: Captcha, scored: Scored): Promise<string> {
    registry.remove(id);
    return tokenOf(place(id, element, options, scored));
  }

  const calls = {
    render,
    execute,
    reset: (which?: unknown) => find(which)[1].reset(),
    getResponse: (which?: unknown) => find(which)[1].widget.token,
  };
  return {
    name: "grecaptcha",
    methods: calls,
    selector: ".g-recaptcha",
    render: (element) => void render(element),
    isRendered: (element) => registry.idIn(element) !== undefined,
  };
}

/** The site key in the script's address, for version 3. */
function loadedKey(query: URLSearchParams): string | undefined {
  const render = query.get("render");
  return render && render !== "explicit" && render !== "onload" ? render : undefined;
}

async function tokenOf(captcha: Captcha): Promise<string> {
  try {
    return (await captcha.execute(whenOver)).token;
  } catch (code) {
    throw new Error(`reCAPTCHA: ${code}`);
  }
}

/** Two dialogs at once would be one too many. */
function turns(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const turn = last.then(task, task);
    last = turn;
    return turn;
  };
}
