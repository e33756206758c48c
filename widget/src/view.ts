import { Bar, type State } from "./bar";
import { element } from "./dom";
import { isOfComposition } from "./keys";
import type { Language } from "./language";
import { darkness, themeOf } from "./looks";
import { Modal } from "./modal";
import { Panel, type Media } from "./panel";
import { Popup } from "./popup";
import type { WidgetOptions } from "./settings";
import { dress } from "./styling";
import { Inline, type Surface } from "./surface";
import type { Texts } from "./texts";

interface Actions {
  press(): void;
  approach(): void;
  /** Somebody sees the bar. */
  see(): void;
  submit(): void;
  renew(): void;
  /** Nobody can read or hear the word, or somebody wants one again. */
  swap(): void;
  /** The person closes the challenge. */
  dismiss(): void;
}

/** All that there is to see of a widget. */
export class View {
  readonly panel: Panel;
  /** There is none where the challenge opens as a dialog. */
  readonly bar: Bar | undefined;
  private readonly host = element("div");
  readonly root: ShadowRoot;
  private readonly box: HTMLElement;
  private readonly status = element("p", { class: "status", role: "status" });
  private readonly surface: Surface;
  private readonly sight: IntersectionObserver;
  private readonly darkness = darkness();

  constructor(
    container: Element,
    private readonly options: WidgetOptions,
    language: Language,
    texts: Texts,
    media: Media,
    actions: Actions,
  ) {
    const { open, size, tabindex = 0, server } = options;
    const shape = open ? "open" : size;
    this.host.setAttribute("data-shape", shape);
    // Only so does a place in the page's order of focus hold for what is inside.
    this.root = this.host.attachShadow({ mode: "open", delegatesFocus: tabindex > 0 });
    if (tabindex > 0) this.host.tabIndex = tabindex;
    this.panel = new Panel(texts, language, media, { ...actions, close: actions.dismiss });
    this.panel.onSay = (text) => this.announce(text);
    this.box = element("div", { lang: language }, this.status);
    if (shape === "invisible") {
      this.surface = new Modal(this.host, this.panel.element, this.status, actions.dismiss);
    } else {
      this.bar = new Bar(texts, actions);
      if (tabindex < 0) this.bar.button.tabIndex = tabindex;
      this.surface = this.placeBar(this.bar);
      container.append(this.host);
    }
    // WebKit lays out without a style sheet that a root got before it was in the page, as long as that is being loaded.
    dress(this.root, this.box, server, shape === "invisible");
    this.sight = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      this.sight.disconnect();
      actions.see();
    });
    this.watch();
    this.darkness.addEventListener("change", this.onDarkness);
    this.colour();
    this.root.addEventListener("keydown", (event) => this.escape(event as KeyboardEvent, actions));
    for (const name of ["keydown", "keypress", "keyup"]) this.root.addEventListener(name, keepFromPage);
  }

  get isOpen(): boolean {
    return this.surface.isOpen;
  }

  get isConnected(): boolean {
    return this.host.isConnected;
  }

  /** Whether the page below would move if it opened. */
  get isFolded(): boolean {
    return !this.panel.element.classList.contains("tall");
  }

  open(takesFocus: boolean): void {
    this.surface.open();
    if (takesFocus) this.panel.field.focus();
  }

  /** The focus does not get lost with the panel. Says whether the button has it now, which is then read out. */
  close(): boolean {
    this.panel.hush();
    const hadFocus = this.isOpen && this.panel.element.contains(this.root.activeElement);
    this.surface.close();
    if (hadFocus) this.bar?.button.focus({ preventScroll: true });
    return hadFocus && this.bar !== undefined;
  }

  /** Whether nobody is elsewhere in the page. */
  get mayTakeFocus(): boolean {
    const active = document.activeElement;
    return !active || active === document.body || this.root.activeElement !== null;
  }

  /** Says when the bar is seen, once more if it is seen already. */
  watch(): void {
    this.sight.disconnect();
    if (this.bar && !this.options.open) this.sight.observe(this.host);
  }

  advance(done: number): void {
    this.bar?.advance(done);
    this.panel.advance(done);
  }

  show(state: State, text: string): void {
    this.bar?.show(state, text);
    this.panel.element.setAttribute("aria-busy", String(state === "checking" && !this.panel.isWorking));
  }

  /** Has a text read out, as a new element: one that was just read would not be read again. */
  announce(text: string): void {
    this.status.replaceChildren(element("span", {}, text));
  }

  remove(): void {
    this.panel.clear();
    this.surface.close();
    this.sight.disconnect();
    this.darkness.removeEventListener("change", this.onDarkness);
    this.host.remove();
  }

  private escape(event: KeyboardEvent, { dismiss }: Actions): void {
    if (event.key !== "Escape" || isOfComposition(event) || this.options.open || !this.isOpen) return;
    event.preventDefault();
    event.stopPropagation();
    dismiss();
  }

  private readonly onDarkness = (): void => {
    if (this.options.theme !== "auto") return;
    this.colour();
    this.panel.repaint();
  };

  private colour(): void {
    const isTall = this.host.dataset["shape"] === "compact";
    this.box.className = `box ${themeOf(this.options.theme)} ${isTall ? "tall" : ""}`;
  }

  private placeBar({ element: bar, button }: Bar): Surface {
    const { element: panel } = this.panel;
    const { open, folds } = this.options;
    this.box.prepend(bar);
    this.box.append(panel);
    return open ? new Inline(panel, bar, folds) : new Popup(panel, bar, button);
  }
}

/** A page's own keys must not take what is typed here. Tab and Escape may be awaited by a dialog of the page around us. */
function keepFromPage(event: Event): void {
  if (!["Tab", "Escape"].includes((event as KeyboardEvent).key)) event.stopPropagation();
}
