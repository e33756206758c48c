export type Language = "ko" | "en" | "ja" | "zh";

/** The first language that is spoken here: the one asked for, the page's, one of the browser's. */
export function chooseLanguage(wish: string | undefined): Language {
  for (const name of [wish, document.documentElement.lang, ...navigator.languages]) {
    const spoken = name?.toLowerCase().split(/[-_]/, 1)[0];
    if (spoken === "ko" || spoken === "en" || spoken === "ja" || spoken === "zh") return spoken;
  }
  return "en";
}
