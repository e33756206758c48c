import type { Haechi } from "./haechi.js";

export * from "./haechi.js";

export interface LoadOptions {
  /** The server's address with any path prefix: `https://captcha.example.com`. */
  server: string;
  /** Of the page's Content-Security-Policy. */
  nonce?: string | undefined;
}

/** Adds the script once, whoever asks, and gives what it defines. Rejects if it cannot be had; then ask again later. */
export function load(options: LoadOptions): Promise<Haechi>;
