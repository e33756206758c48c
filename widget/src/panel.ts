import { drawing, element } from "./dom";
import { isOfComposition, listenForSigns } from "./keys";
import type { Language } from "./language";
import { Picture } from "./picture";
import { Player } from "./player";
import { counted, type Texts } from "./texts";
import { follow } from "./timeline";
import type { Challenge, Word } from "./wire";

/** Where the picture and the sound of a key are, as they are wanted just now. */
export interface Media {
  pictureOf(key: string): string;
  soundOf(key: string): string;
}

interface Actions {
  submit(): void;
  renew(): void;
  swap(): void;
  close(): void;
}

type Tone = "plain" | "bad";

/** A challenge with all that it takes to answer it. */
export class Panel {
  readonly element: HTMLElement;
  readonly field = field();
  /** Gets what is to be read out. */
  onSay: (text: string) => void = () => undefined;
  private readonly task = element("label", { id: "task", for: "answer" });
  private readonly picture = new Picture();
  private readonly progress = element("progress", { value: 0, "aria-labelledby": "task", "aria-hidden": "true" });
  private readonly timeline = element("div", { class: "time" });
  /** Grows by what leaves the panel while the device works, so that the page below stays where it is. */
  private readonly screen = element("div", { class: "screen" }, this.picture.canvas, this.timeline, this.progress);
  private readonly play: HTMLButtonElement;
  /** The same node all the time, as the style sheet says of what is in buttons. */
  private readonly playText: Text;
  private readonly slower: HTMLButtonElement;
  /** What the status says to those who listen. */
  private readonly note = element("p", { class: "note", "aria-hidden": "true" });
  /** The way to work instead of a word, and back. */
  private readonly other = element("button", { type: "button", class: "other", disabled: "" });
  private readonly player: Player;
  /** The device works instead of the person. */
  isWorking = false;
  private challenge: Challenge | undefined;

  constructor(
    private readonly texts: Texts,
    private readonly language: Language,
    private readonly media: Media,
    private readonly actions: Actions,
  ) {
    this.player = new Player({
      onTurn: () => this.showSound(),
      onSilent: () => this.say(texts.silent, "bad"),
    });
    this.playText = new Text(texts.play);
    this.play = tool(this.playText, ["M7 4l13 8-13 8z", "play"], ["M6 4h4v16H6zM14 4h4v16h-4z", "pause"]);
    this.slower = element("button", { type: "button", "aria-pressed": "false" }, texts.slower);
    this.element = this.build();
    this.listen();
    this.clear();
  }

  get answer(): string {
    return this.field.value;
  }

  /** Whether somebody is at it, whom a new challenge would interrupt. */
  get isInUse(): boolean {
    return this.field.value !== "" || this.player.isPlaying;
  }

  get isHeard(): boolean {
    return this.player.isHeard;
  }

  /** The same panel without a challenge, in the same size. */
  clear(): void {
    this.work(false);
    this.other.disabled = true;
  }

  /** Has nothing to read or hear but how far the work is; or waits for a challenge. */
  work(isWorking = true): void {
    const { texts } = this;
    this.isWorking = isWorking;
    this.challenge = undefined;
    this.tell(isWorking ? texts.checking : texts.task, isWorking ? texts.renew : "");
    this.picture.clear(texts.loading);
    this.player.turnTo("");
    this.field.value = "";
    this.advance(0);
    this.show("");
    const { offsetHeight } = this.element;
    this.element.classList.toggle("working", isWorking);
    this.screen.style.paddingBottom = isWorking ? `${offsetHeight - this.element.offsetHeight}px` : "";
    this.progress.setAttribute("aria-hidden", String(!isWorking));
  }

  /** What there is to do, and what else may be done. */
  tell(task: string, other: string): void {
    this.task.textContent = task;
    this.other.textContent = other;
  }

  advance(done: number): void {
    if (this.isWorking) this.progress.value = done;
  }

  /** A challenge that is there already stays as it is, with all that was typed. */
  ask(challenge: Challenge): void {
    const { key, word, alternative = "" } = challenge;
    if (!word || this.challenge?.key === key) return;
    this.work(false);
    this.challenge = challenge;
    this.other.disabled = !alternative;
    Object.assign(this.texts, word.says);
    if (word.says) this.field.inputMode = "numeric";
    this.tell(counted(this.texts.countedTask, word.length), alternative);
    this.player.turnTo(this.media.soundOf(key));
    void this.paint(key, word, word.picture);
  }

  /** Draws the picture in other colours. */
  repaint(): void {
    const { key, word } = this.challenge ?? {};
    if (key && word) void this.paint(key, word);
  }

  hush(): void {
    this.player.pause();
  }

  say(text: string, tone: Tone = "plain"): void {
    this.show(text, tone);
    this.onSay(text);
  }

  /** Writes without reading out. */
  show(text: string, tone: Tone = "plain"): void {
    this.note.textContent = text;
    this.note.dataset["tone"] = tone;
  }

  private async paint(key: string, { length }: Word, gif?: string): Promise<void> {
    try {
      await this.picture.show(this.media.pictureOf(key), counted(this.texts.picture, length), gif);
    } catch {
      if (this.challenge?.key === key) this.say(this.texts.unseen, "bad");
    }
  }

  private build(): HTMLElement {
    const { texts } = this;
    const close = element("button", { type: "button", class: "close", "aria-label": texts.close }, cross());
    const renew = tool(texts.renew, ["M12 4a8 8 0 1 0 7.7 5.8h-2.6A5.5 5.5 0 1 1 12 6.5V10l6-4.8L12 .5z"]);
    const check = element("button", { type: "button", class: "check" }, texts.check);
    close.addEventListener("click", () => this.actions.close());
    renew.addEventListener("click", () => this.actions.renew());
    check.addEventListener("click", () => this.actions.submit());
    this.other.addEventListener("click", () => this.actions.swap());
    return element(
      "div",
      { id: "panel", class: "panel", role: "group", "aria-labelledby": "task" },
      element("div", { class: "head" }, this.task, close),
      this.screen,
      element("div", { class: "tools" }, this.play, this.slower, renew),
      element("div", { class: "entry" }, this.field, check),
      element("div", { class: "foot" }, this.note, element("p", { id: "hint" }, texts.hint)),
      this.other,
    );
  }

  private listen(): void {
    this.play.addEventListener("click", () => this.player.toggle());
    this.slower.addEventListener("click", () => {
      this.slower.setAttribute("aria-pressed", String(this.player.changePace()));
    });
    listenForSigns(this.field, this.language, (seconds) => {
      if (seconds) this.player.move(seconds);
      else this.player.toggle();
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || isOfComposition(event)) return;
      event.preventDefault();
      this.actions.submit();
    });
  }

  private showSound(): void {
    const { isPlaying, course } = this.player;
    follow(this.timeline, course);
    this.playText.data = isPlaying ? this.texts.pause : this.texts.play;
    this.play.dataset["offers"] = isPlaying ? "pause" : "play";
  }
}

/** What is typed goes to the server as it is: it knows other keyboards and wide letters. */
function field(): HTMLInputElement {
  return element("input", {
    id: "answer",
    type: "text",
    inputmode: "text",
    enterkeyhint: "done",
    maxlength: 32,
    dir: "ltr",
    autocomplete: "off",
    autocapitalize: "characters",
    autocorrect: "off",
    spellcheck: "false",
    "aria-describedby": "hint",
  });
}

function tool(text: string | Text, ...paths: [path: string, className?: string][]): HTMLButtonElement {
  return element("button", { type: "button" }, drawing("icon", 24, ...paths), text);
}

function cross(): Element {
  return drawing("icon", 24, ["M6 6l12 12M18 6L6 18"]);
}
