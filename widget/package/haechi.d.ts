/** What `BASE/widget/v1/api.js` defines. A page with its own script tag needs only this file. */

export interface Haechi {
  /** Into an element, the one with an id, or the first that a selector takes. Gives the widget's id. */
  render(where: Element | string, options?: RenderOptions): string;
  /** Opens the challenge. Rejects when it is closed or cannot be had. Without `which`: the first widget. */
  execute(which?: string | Element): Promise<string>;
  /** As new: no token. */
  reset(which?: string | Element): void;
  remove(which?: string | Element): void;
  /** The token, or an empty text. */
  getResponse(which?: string | Element): string;
  /** Calls back once the page is parsed and the script ready. */
  ready(callback: () => void): void;
}

/** Each may stand at the element instead, as `data-sitekey`, `data-expired-callback` and so on. */
export interface RenderOptions {
  sitekey?: string;
  theme?: "light" | "dark" | "auto";
  size?: "normal" | "compact" | "flexible" | "invisible";
  language?: string;
  /**
   * Asks at once, in the page's flow, instead of a bar whose button opens the challenge over the page. With "auto" it is a
   * bar there too, until a word is asked.
   */
  open?: boolean | "auto";
  tabindex?: number;
  /** What the person is about to do: your server reads it from the verdict. */
  action?: string;
  /** Anything else that your server is to read there. */
  cdata?: string;
  /** A callback may be the name of a global function. */
  callback?: string | ((token: string) => void);
  "expired-callback"?: string | (() => void);
  "error-callback"?: string | ((code: ErrorCode) => void);
}

export type ErrorCode =
  | "unreachable"
  | "rate-limited"
  | "busy"
  | "unavailable"
  | "unknown-sitekey"
  | "hostname-not-allowed"
  | "network-denied"
  | "alternative-not-allowed"
  | "bad-request"
  | "internal"
  | "no-solution"
  | "bad-solution";

/** `<haechi-captcha sitekey="…">`. In a form it submits `haechi-response`, or what its attribute `name` says. */
export interface HaechiCaptchaElement extends HTMLElement {
  /** The token, or an empty text. */
  readonly value: string;
  readonly token: string;
  execute(): Promise<string>;
  reset(): void;
}

export interface HaechiCaptchaEventMap {
  passed: CustomEvent<{ token: string; key: string }>;
  expired: CustomEvent<null>;
  error: CustomEvent<{ code: ErrorCode }>;
}

declare global {
  interface Window {
    haechi?: Haechi;
  }

  interface HTMLElementTagNameMap {
    "haechi-captcha": HaechiCaptchaElement;
  }
}
