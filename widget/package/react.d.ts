import type { ForwardRefExoticComponent, HTMLAttributes, RefAttributes } from "react";
import type { ErrorCode, LoadOptions } from "./index.js";

export interface HaechiCaptchaProps extends LoadOptions, Omit<HTMLAttributes<HTMLElement>, "onError"> {
  sitekey: string;
  theme?: "light" | "dark" | "auto";
  size?: "normal" | "compact" | "flexible" | "invisible";
  /**
   * Where a word is asked: in the page's flow, where "auto" is a bar as long as none is, and true has room for one from
   * the beginning; or with false over the page, from a bar to press. "auto" is the default.
   */
  open?: boolean | "auto";
  action?: string;
  cdata?: string;
  /** Of the form's field; `haechi-response` without it. */
  name?: string;
  onPassed?(token: string): void;
  onExpired?(): void;
  onError?(code: ErrorCode): void;
}

export interface HaechiCaptchaHandle {
  readonly token: string;
  execute(): Promise<string>;
  reset(): void;
}

export const HaechiCaptcha: ForwardRefExoticComponent<HaechiCaptchaProps & RefAttributes<HaechiCaptchaHandle>>;
