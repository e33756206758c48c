/** For which api.js a token is. */
export type Api = "haechi" | "recaptcha" | "recaptcha-v3" | "hcaptcha" | "turnstile";

export interface WidgetOptions {
  /** The server's address with any path prefix and no slash at its end. */
  server: string;
  api: Api;
  sitekey: string;
  /** In any spelling: "zh_CN", "KO-kr". One that is not spoken here falls back to the page's, then to the browser's. */
  language?: string | undefined;
  theme: "light" | "dark" | "auto";
  size: "normal" | "compact" | "flexible" | "invisible";
  /** Asks at once, in the page's flow, instead of a bar whose button opens the challenge. */
  open: boolean;
  /** There, it is a bar as long as no word is asked. */
  folds?: boolean;
  /** Does nothing, not even work, before `execute`, somebody who comes near, or a press. */
  waits?: boolean;
  tabindex?: number | undefined;
  action?: string | undefined;
  cdata?: string | undefined;
  /** Names of the hidden inputs kept in the container, whose value is the token or nothing. */
  fields: string[];
  /** Begins anew by itself when a token has expired and the page is visible. */
  renews: boolean;
  onPassed(token: string, key: string): void;
  /** The token's time is over. */
  onExpired(): void;
  /** A code of the wire, or "unreachable". The widget tries again by itself where that makes sense. */
  onError(code: string): void;
  /** The challenge is shown. */
  onOpened(): void;
  /** The challenge was closed without passing, by the person or by `close()`. */
  onClosed(): void;
  /** The challenge, not the token, ran out before an answer. */
  onChallengeExpired(): void;
}
