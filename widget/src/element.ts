import type { Address } from "./address";
import { FIELD, makeCaptcha, tokenOf } from "./apis/haechi";
import type { Captcha } from "./captcha";
import { warn } from "./console";
import { Options } from "./options";

const NAME = "haechi-captcha";
const LOOKS = ["sitekey", "theme", "size", "lang", "open", "name"];
const DATA = ["action", "cdata"];

/** Defines `<haechi-captcha sitekey="…">`, which asks in the page's flow. */
export function defineElement(address: Address): void {
  if (customElements.get(NAME)) return;

  class HaechiCaptcha extends HTMLElement {
    /** So that it hears of a reset. What the form sends is in a hidden field, which every library finds. */
    static readonly formAssociated = true;
    static readonly observedAttributes = [...LOOKS, ...DATA];

    private captcha: Captcha | undefined;
    private isPlaced = false;

    get value(): string {
      return this.captcha?.widget.token ?? "";
    }

    get token(): string {
      return this.value;
    }

    execute(): Promise<string> {
      if (this.captcha) return tokenOf(this.captcha);
      return Promise.reject(new Error("haechi: the element is not in the document, or its sitekey is missing"));
    }

    reset(): void {
      this.captcha?.reset();
    }

    connectedCallback(): void {
      this.isPlaced = true;
      if (!this.captcha) this.render();
    }

    /** Being moved is being removed and added at once, and must not cost a person's answer. */
    disconnectedCallback(): void {
      setTimeout(() => {
        this.isPlaced = this.isConnected;
        if (!this.isPlaced) this.clear();
      });
    }

    attributeChangedCallback(name: string, before: string | null, now: string | null): void {
      if (!this.isPlaced || before === now) return;
      if (DATA.includes(name)) {
        this.captcha?.widget.setData({ [name]: now ?? "" });
      } else {
        this.clear();
        this.render();
      }
    }

    formResetCallback(): void {
      this.reset();
    }

    private render(): void {
      const options = new Options(this, this.given());
      // An app may give it later.
      if (!options.text("sitekey")) return void setTimeout(() => this.captcha ?? warn("<haechi-captcha> has no sitekey"), 3_000);
      this.captcha = makeCaptcha(address, this, options, [this.getAttribute("name") || FIELD], {
        passed: (detail) => this.tell("passed", detail),
        expired: () => this.tell("expired"),
        failed: (code) => this.tell("error", { code }),
      });
    }

    private clear(): void {
      this.captcha?.remove();
      this.captcha = undefined;
    }

    private given(): Record<string, unknown> {
      const given = Object.fromEntries([...LOOKS, ...DATA].map((name) => [name, this.getAttribute(name)]));
      return { ...given, language: given["lang"], open: given["open"] ?? "auto" };
    }

    /** `error` does not bubble: at the window it would look like an error of the page. */
    private tell(type: string, detail?: object): void {
      const bubbles = type !== "error";
      this.dispatchEvent(new CustomEvent(type, { detail, bubbles, composed: bubbles }));
    }
  }

  customElements.define(NAME, HaechiCaptcha);
}
