import { drawing, element } from "./dom";
import type { Texts } from "./texts";

/** What the widget is about. `Texts` has a text for each. */
export type State = "ready" | "checking" | "passed" | "expired" | "refused" | "busy" | "unreachable" | "broken";

/** In these there is nothing to press for. */
const AT_REST: readonly State[] = ["checking", "passed", "refused", "busy"];
const WELL: readonly State[] = ["ready", "checking", "passed"];

interface Actions {
  press(): void;
  /** Somebody is about to press. */
  approach(): void;
}

/** The box with the state of things and the button that opens the challenge. */
export class Bar {
  readonly element: HTMLElement;
  readonly button: HTMLButtonElement;
  private readonly label = element("span", { class: "label" });
  private readonly progress = element("progress", { value: 0, "aria-hidden": "true" });

  constructor(texts: Texts, actions: Actions) {
    this.button = element("button", { type: "button", class: "go" }, mark(), this.label);
    this.element = element("div", { class: "bar" }, this.button, brand(), this.progress);
    this.button.addEventListener("click", () => {
      if (this.button.getAttribute("aria-disabled") !== "true") actions.press();
    });
    for (const name of ["pointerenter", "focus"]) this.button.addEventListener(name, () => actions.approach());
    this.show("ready", texts.ready);
  }

  /** The button stays, so that the focus does, even if it cannot be pressed. A shorter text makes no smaller box. */
  show(state: State, text: string): void {
    const { offsetHeight } = this.element;
    if (offsetHeight) this.element.style.setProperty("min-height", `${offsetHeight}px`);
    this.element.dataset["state"] = state;
    this.element.classList.toggle("trouble", !WELL.includes(state));
    this.button.setAttribute("aria-disabled", String(AT_REST.includes(state)));
    this.label.textContent = text;
    this.advance(0);
  }

  /** How far the work is, from 0 to 1. */
  advance(done: number): void {
    this.progress.value = done;
  }
}

function mark(): Element {
  return drawing("mark", 24, ["M6 12.5l4 4 8-9", "tick"], ["M12 6.5v7M12 17v.5", "alert"]);
}

function brand(): Element {
  const face = drawing(
    "face",
    32,
    ["M16 2l3 4 5-1 1 5 5 1-1 5 2 4-3 4-1 5-5 0-2 2H12l-2-2-5 0-1-5-3-4 2-4-1-5 5-1 1-5 5 1z", "mane"],
    ["M8 13q3-2 5 0M19 13q2-2 5 0M10 18v.1M22 18v.1M10 24q6 4 12 0", "lines"],
  );
  return element("span", { class: "brand" }, face, "haechi");
}
