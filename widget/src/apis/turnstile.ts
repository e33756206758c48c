import type { Address } from "../address";
import { Captcha } from "../captcha";
import { warn } from "../console";
import type { Dialect } from "../dialect";
import { findElement } from "../elements";
import { type Given, Options } from "../options";
import { randomDigits, Registry } from "../registry";

const FIELD = "cf-turnstile-response";

/** The site keys with which a site's own tests wait for a token that nobody has to ask for. */
const PASSES_UNASKED = /^1x0+(AA|BB)$/;

export function turnstile({ server, query }: Address): Dialect {
  const registry = new Registry<string>(() => `cf-chl-widget-${randomDigits(5)}`);
  const forRecaptcha = query.get("compat") === "recaptcha";

  function render(where: unknown, given?: Given): string {
    const element = findElement(where);
    if (!element) throw new Error(`Unable to find a container for "${where}"`);
    const before = registry.idIn(element);
    if (before !== undefined) {
      warn("Turnstile has already been rendered in this container.");
      return before;
    }
    const id = registry.nextId();
    const captcha = make(element, new Options(element, given ?? {}));
    captcha.nameField(FIELD, `${id}_response`);
    registry.add(id, captcha);
    if (PASSES_UNASKED.test(captcha.options.text("sitekey") ?? "") && !waitsForExecute(captcha.options)) captcha.widget.execute();
    return id;
  }

  function make(element: Element, options: Options): Captcha {
    const sitekey = options.text("sitekey");
    if (!sitekey) throw new Error('Invalid or missing type for parameter "sitekey", expected "string"');
    const interaction = interactions(options);
    return new Captcha(
      element,
      options,
      {
        server,
        api: "turnstile",
        sitekey,
        language: language(options),
        theme: options.oneOf("theme", ["light", "dark", "auto"], "auto"),
        size: isHidden(options) ? "invisible" : options.oneOf("size", ["normal", "compact", "flexible"], "normal"),
        open: false,
        waits: waitsForExecute(options),
        tabindex: options.number("tabindex"),
        ...data(options),
        fields: fields(options, forRecaptcha),
        renews: options.oneOf("refresh-expired", ["auto", "manual", "never"], "auto") === "auto",
      },
      {
        passed: ({ token }) => {
          interaction.ends();
          options.call("callback", token, false);
        },
        expired: (token) => options.call("expired-callback", token),
        failed: (code) => options.call("error-callback", errorCode(code)),
        opened: interaction.begins,
        closed: interaction.ends,
        challengeExpired: () => options.call("timeout-callback"),
      },
    );
  }

  /** Given an id, an element, a selector or nothing. */
  function find(which: unknown): [string, Captcha] | undefined {
    return registry.find(which) ?? registry.find(findElement(which) ?? "");
  }

  function found(which: unknown, purpose: string): [string, Captcha] | undefined {
    const captcha = find(which);
    if (!captcha) warn(`Nothing to ${purpose} found for provided container.`);
    return captcha;
  }

  function execute(which: unknown, given?: Given): void {
    if (given && !find(which)) render(which, given);
    const captcha = found(which, "execute")?.[1];
    if (!captcha) return;
    if (given) {
      captcha.options.add(given);
      captcha.widget.setData(data(captcha.options));
    }
    captcha.widget.execute();
  }

  function remove(which?: unknown): void {
    const captcha = found(which, "remove");
    if (captcha) registry.remove(captcha[0]);
  }

  return {
    name: "turnstile",
    methods: {
      render,
      execute,
      remove,
      reset: (which?: unknown) => found(which, "reset")?.[1].reset(),
      getResponse: (which?: unknown) => find(which)?.[1].widget.token || undefined,
      isExpired: (which?: unknown) => find(which)?.[1].widget.isExpired ?? false,
    },
    selector: ".cf-turnstile",
    render: (element) => void render(element),
    isRendered: (element) => registry.idIn(element) !== undefined,
  };
}

function waitsForExecute(options: Options): boolean {
  return options.text("execution") === "execute";
}

/** Shows nothing until `execute`. Without one coming, something must be there to begin with. */
function isHidden(options: Options): boolean {
  return waitsForExecute(options) && (options.text("size") === "invisible" || (options.text("appearance") ?? "always") !== "always");
}

function fields(options: Options, forRecaptcha: boolean): string[] {
  if (!options.flag("response-field", true)) return [];
  const name = options.text("response-field-name") ?? FIELD;
  return forRecaptcha ? [name, "g-recaptcha-response"] : [name];
}

function language(options: Options): string | undefined {
  const language = options.text("language");
  return language === "auto" ? undefined : language;
}

/** Too long ones would be refused only after the person has answered. */
function data(options: Options): { action?: string; cdata?: string } {
  const action = options.text("action");
  const cdata = options.text("cData") ?? options.text("cdata");
  if (action && action.length > 32) throw new Error(`Invalid input for optional parameter "action", got "${action}"`);
  if (cdata && cdata.length > 255) throw new Error(`Invalid input for optional parameter "cData", got "${cdata}"`);
  return { ...(action && { action }), ...(cdata && { cdata }) };
}

/** The page is told when a person has something to do, and once when that is over. */
function interactions(options: Options): { begins(): void; ends(): void } {
  let goesOn = false;
  return {
    begins: () => {
      goesOn = true;
      options.call("before-interactive-callback");
    },
    ends: () => {
      if (goesOn) options.call("after-interactive-callback");
      goesOn = false;
    },
  };
}

/** Of the original's numbers those that mean the same to a site. */
function errorCode(code: string): string {
  if (code === "unknown-sitekey") return "110100";
  if (code === "hostname-not-allowed") return "110200";
  if (["unreachable", "busy", "unavailable"].includes(code)) return "200500";
  return "300030";
}
