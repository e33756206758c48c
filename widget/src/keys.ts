import type { Language } from "./language";

/** How far the keys go back and forward, in seconds of the sound: about two characters. */
const STEP = 2;

/** Signs that no answer holds, next to each other on most keyboards, in any width and script. */
const TOGGLE = ".。．｡";
const BACK = ",，､";
const FORWARD = "/／・･";
/** A Chinese keyboard writes the slash as the sign that a Japanese one writes for the comma. */
const COMMA_OR_SLASH = "、";

/** By how many seconds a key typed into the field moves the sound. Zero plays or pauses it; undefined is for the field. */
export function controlKey(event: InputEvent, language: Language): number | undefined {
  const { data } = event;
  if (event.isComposing || data?.length !== 1) return undefined;
  if (TOGGLE.includes(data)) return 0;
  if (BACK.includes(data)) return -STEP;
  if (FORWARD.includes(data)) return STEP;
  if (data === COMMA_OR_SLASH) return language === "zh" ? STEP : -STEP;
  return undefined;
}

/** 229 is the key with which Safari ends a composition. */
export function isOfComposition(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}
