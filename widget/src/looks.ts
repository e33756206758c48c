import type { Language } from "./language";
import type { WidgetOptions } from "./settings";
import type { Looks } from "./wire";

/** The densest pictures that the server draws. */
const LARGEST_SCALE = 3;

/** What challenges are to look like now. Nothing need be in the page for that. */
export function looksOf({ theme }: WidgetOptions, lang: Language): Looks {
  const scale = Math.min(Math.max(Math.ceil(devicePixelRatio), 1), LARGEST_SCALE);
  const plain = crypto.subtle ? undefined : "1";
  return { lang, scale: String(scale), theme: themeOf(theme), plain };
}

export function themeOf(theme: WidgetOptions["theme"]): "light" | "dark" {
  if (theme === "auto") return darkness().matches ? "dark" : "light";
  return theme;
}

/** Whether the reader likes it dark, and whether that changes. */
export function darkness(): MediaQueryList {
  return matchMedia("(prefers-color-scheme: dark)");
}
