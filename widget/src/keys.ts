import type { Language } from "./language";

/** How far the keys go back and forward, in seconds of the sound: about two characters. */
const STEP = 2;

/** Signs that no answer holds, next to each other on most keyboards, in any width and script. */
const TOGGLE = ".。．｡";
const BACK = ",，､";
const FORWARD = "/／・･";
/** A Chinese keyboard writes the slash as the sign that a Japanese one writes for the comma. */
const COMMA_OR_SLASH = "、";
const SIGNS = TOGGLE + BACK + FORWARD + COMMA_OR_SLASH;

/** By how many seconds a sign in the field moves the sound. Zero plays or pauses it; undefined is for the field. */
function move(sign: string, language: Language): number | undefined {
  if (TOGGLE.includes(sign)) return 0;
  if (BACK.includes(sign)) return -STEP;
  if (FORWARD.includes(sign)) return STEP;
  if (sign === COMMA_OR_SLASH) return language === "zh" ? STEP : -STEP;
  return undefined;
}

/** Has the signs that are typed into the field move the sound, and keeps them out of it. */
export function listenForSigns(field: HTMLInputElement, language: Language, onMove: (seconds: number) => void): void {
  field.addEventListener("beforeinput", (event) => {
    const { data, inputType } = event;
    // An input method's text cannot be held back, and was heard as it grew.
    if (event.isComposing || inputType === "insertFromComposition" || data?.length !== 1) return;
    const seconds = move(data, language);
    if (seconds === undefined) return;
    event.preventDefault();
    onMove(seconds);
  });

  let length = 0;
  field.addEventListener("compositionstart", () => (length = 0));
  field.addEventListener("compositionupdate", ({ data }) => {
    // It grows by what is typed, and not by conversion. To change the field now would end the composition.
    const seconds = data.length > length ? move(data.slice(-1), language) : undefined;
    length = data.length;
    if (seconds !== undefined) onMove(seconds);
  });
  field.addEventListener("compositionend", () => {
    const answer = [...field.value].filter((character) => !SIGNS.includes(character)).join("");
    // Some input methods are on the next syllable already: what is as it should be is left alone.
    if (answer !== field.value) field.value = answer;
  });
}

/** 229 is the key with which Safari ends a composition. */
export function isOfComposition(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}
