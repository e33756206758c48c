import type { DefineComponent } from "vue";
import type { ErrorCode } from "./index.js";

/** Other attributes go to the element: `theme`, `size`, `lang`, `open`, `action`, `cdata`, `name`. */
export interface HaechiCaptchaProps {
  /** The server's address with any path prefix. */
  server: string;
  sitekey: string;
  nonce?: string;
  /** The token, for `v-model`. */
  modelValue?: string;
  "onUpdate:modelValue"?: (token: string) => void;
  onPassed?: (token: string) => void;
  onExpired?: () => void;
  onError?: (code: ErrorCode) => void;
}

export interface HaechiCaptchaHandle {
  execute(): Promise<string>;
  reset(): void;
}

export const HaechiCaptcha: DefineComponent<HaechiCaptchaProps, HaechiCaptchaHandle>;
