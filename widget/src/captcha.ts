import { addBox, byId, isButton } from "./elements";
import type { Options } from "./options";
import { Widget, type WidgetOptions } from "./widget";
import { isPassing } from "./wire";

export interface Passed {
  token: string;
  key: string;
}

/** What an api tells the page when something has happened. */
export interface Reactions {
  passed(passed: Passed): void;
  expired?(token: string): void;
  failed(code: string): void;
  opened?(): void;
  closed?(): void;
  challengeExpired?(): void;
}

export type Settings = Pick<
  WidgetOptions,
  "server" | "api" | "sitekey" | "language" | "theme" | "size" | "open" | "folds" | "waits" | "tabindex" | "action" | "cdata" | "fields" | "renews"
>;

/** Says whether an `execute` fails with a code, or goes on waiting for a token. */
export type Fails = (code: string) => boolean;

interface Waiting {
  fails: Fails;
  resolve(passed: Passed): void;
  reject(code: string): void;
}

/** The code for a challenge that was closed. */
export const CLOSED = "closed";

export const whenOver: Fails = (code) => !isPassing(code);

/** A widget in an element of the page, or behind a button of it, with those who wait for its token. */
export class Captcha {
  readonly widget: Widget;
  private readonly box: Element;
  private readonly content: Element | null;
  private waiters: Waiting[] = [];
  private lastToken = "";
  private letsClickThrough = false;

  constructor(
    readonly element: Element,
    readonly options: Options,
    settings: Settings,
    private readonly reactions: Reactions,
  ) {
    const button = isButton(element);
    this.box = button ? addBox(element.form ?? element.parentElement ?? document.body) : element;
    this.widget = new Widget(this.box, {
      ...settings,
      ...(button && { size: "invisible", open: false }),
      ...this.listeners(),
    });
    this.content = this.box.lastElementChild;
    if (button) element.addEventListener("click", this.clicked);
  }

  /** Gives a token's field the id that it has with the original, unless something in the page has it. */
  nameField(name: string, id: string): void {
    const field = this.box.querySelector(`[name="${name}"]`);
    if (field && !byId(id)) field.id = id;
  }

  /** False once the page has emptied the element without a word. */
  get isIntact(): boolean {
    return !this.content || this.content.parentNode === this.box;
  }

  /** Fails with a code. Most callers want no promise, and are told by callbacks. */
  execute(fails: Fails): Promise<Passed> {
    const outcome = new Promise<Passed>((resolve, reject) => {
      this.waiters.push({ fails, resolve, reject });
    });
    outcome.catch(() => undefined);
    this.widget.execute();
    return outcome;
  }

  close(): void {
    this.widget.close();
    this.giveUp(CLOSED);
  }

  reset(): void {
    this.widget.reset();
    this.giveUp(CLOSED);
  }

  remove(): void {
    this.element.removeEventListener("click", this.clicked);
    this.widget.remove();
    if (this.box !== this.element) this.box.remove();
    this.giveUp(CLOSED);
  }

  private listeners(): Pick<
    WidgetOptions,
    "onPassed" | "onExpired" | "onError" | "onOpened" | "onClosed" | "onChallengeExpired"
  > {
    const { reactions } = this;
    return {
      onPassed: (token, key) => this.passed({ token, key }),
      onExpired: () => reactions.expired?.(this.lastToken),
      onError: (code) => {
        reactions.failed(code);
        this.giveUp(code);
      },
      onOpened: () => reactions.opened?.(),
      onClosed: () => {
        reactions.closed?.();
        this.giveUp(CLOSED);
      },
      onChallengeExpired: () => reactions.challengeExpired?.(),
    };
  }

  private passed(passed: Passed): void {
    this.lastToken = passed.token;
    this.reactions.passed(passed);
    for (const { resolve } of this.takeWaiting(() => true)) resolve(passed);
    if (isButton(this.element) && this.options.value("callback") === undefined) this.clickThrough(this.element);
  }

  /** A page without a callback has the button do what it did before. */
  private clickThrough(button: HTMLElement): void {
    this.letsClickThrough = true;
    button.click();
    this.letsClickThrough = false;
  }

  private giveUp(code: string): void {
    for (const { reject } of this.takeWaiting(({ fails }) => fails(code))) reject(code);
  }

  private takeWaiting(which: (waiting: Waiting) => boolean): Waiting[] {
    const taken = this.waiters.filter(which);
    this.waiters = this.waiters.filter((one) => !taken.includes(one));
    return taken;
  }

  private readonly clicked = (event: Event): void => {
    if (this.letsClickThrough) return;
    event.preventDefault();
    this.widget.execute();
  };
}
