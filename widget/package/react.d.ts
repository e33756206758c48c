import type { ForwardRefExoticComponent, HTMLAttributes, RefAttributes } from "react";
import type { ErrorCode, LoadOptions } from "./index.js";

export interface HaechiCaptchaProps extends LoadOptions, Omit<HTMLAttributes<HTMLElement>, "onError"> {
  sitekey: string;
  theme?: "light" | "dark" | "auto";
  size?: "normal" | "compact" | "flexible" | "invisible";
  /** Asks at once, in the page's flow. This is the default; with false there is a bar to press. */
  open?: boolean;
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
