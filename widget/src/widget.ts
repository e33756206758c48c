import type { State } from "./bar";
import { Alarms, countDown, when } from "./clock";
import { Exchange, type Data, type Dated, type Reason } from "./exchange";
import { Fields } from "./fields";
import { chooseLanguage } from "./language";
import type { Wait } from "./line";
import { tellPolicy } from "./policy";
import type { WidgetOptions } from "./settings";
import { counted, TEXTS, type Texts } from "./texts";
import { View } from "./view";
import { Wire, type Challenge, type Refusal } from "./wire";

export type { Api, WidgetOptions } from "./settings";

/** How long before its end somebody who is at a challenge is told. */
const WARNING_SECS = 20;

/** What is wanted of the challenge that is being fetched. */
interface Wish {
  takesFocus: boolean;
  /** The widget renews by itself, for which no bar opens. */
  isQuiet?: boolean;
}

export class Widget {
  private readonly texts: Texts;
  private readonly exchange: Exchange;
  private readonly view: View;
  private readonly fields: Fields;
  private readonly alarms = new Alarms();
  private readonly life = new AbortController();
  private data: Data;
  private state: State = "ready";
  private granted: Dated<{ token: string; key: string }> | undefined;
  private wish: Wish | undefined;
  /** A challenge is shown, as far as the page was told. */
  private isAsking = false;
  private hasExpired = false;

  /** The container may be outside the document. */
  constructor(
    container: Element,
    private readonly options: WidgetOptions,
  ) {
    const { server, api, sitekey, action, cdata } = options;
    const language = chooseLanguage(options.language);
    this.texts = TEXTS[language];
    this.data = { action, cdata };
    const wire = new Wire(server, api, sitekey, () => this.view.looks);
    this.exchange = new Exchange(wire, {
      onBegun: (reason) => this.receive(reason),
      onPassed: ({ token, expires_in_secs }, key) => this.grant({ token, key, due: Date.now() + expires_in_secs * 1000 }),
      onEmpty: () => this.rejectEmpty(),
      onWait: (wait) => this.wait(wait),
      onRefused: (refusal) => this.fail(refusal),
    });
    this.fields = new Fields(container, options.fields);
    this.view = new View(container, options, language, this.texts, wire, {
      press: () => (this.view.isOpen ? this.close() : this.ask({ takesFocus: true })),
      approach: () => this.approach(),
      submit: () => this.submit(),
      renew: () => this.renew("fresh"),
      dismiss: () => this.close(),
    });
    tellPolicy(server, this.life.signal);
    // A page that comes back was left by sending its form, most often: its token is spent.
    addEventListener("pageshow", ({ persisted }) => persisted && this.granted && this.reset(), { signal: this.life.signal });
    if (options.open) this.ask({ takesFocus: false });
  }

  /** Empty if there is none or it has expired. */
  get token(): string {
    return this.valid?.token ?? "";
  }

  /** The challenge's key of the token, or nothing. */
  get key(): string {
    return this.valid?.key ?? "";
  }

  get isExpired(): boolean {
    return this.hasExpired || (!!this.granted && !this.valid);
  }

  /** Opens the challenge; only as a dialog it takes the focus. If there is a good token, calls onPassed again. */
  execute(): void {
    if (this.valid) this.options.onPassed(this.valid.token, this.valid.key);
    else this.ask({ takesFocus: !this.view.bar });
  }

  close(): void {
    if (this.options.open || !(this.isAsking || this.wish)) return;
    this.isAsking = false;
    this.wish = undefined;
    // A bar goes on by itself and says how things stand. An answer that is on its way may still be right.
    if (!this.view.bar && !this.exchange.isAwaited) this.exchange.stop();
    if (this.state === "checking") this.show("ready");
    this.view.close();
    this.options.onClosed();
  }

  /** As new: no token, fields empty. */
  reset(): void {
    this.exchange.stop();
    this.alarms.stopAll();
    this.granted = this.wish = undefined;
    this.isAsking = this.hasExpired = false;
    this.fields.fill("");
    this.view.panel.clear();
    this.show("ready");
    if (this.options.open) this.ask({ takesFocus: false });
    else this.view.close();
  }

  /** Takes everything of it out of the container, stops timers and sound, and calls nothing afterwards. */
  remove(): void {
    this.exchange.stop();
    this.alarms.stopAll();
    this.life.abort();
    this.granted = undefined;
    this.fields.remove();
    this.view.remove();
  }

  setData(data: { action?: string; cdata?: string }): void {
    this.data = { ...this.data, ...data };
  }

  private get valid(): Dated<{ token: string; key: string }> | undefined {
    return this.granted && Date.now() < this.granted.due ? this.granted : undefined;
  }

  /** A challenge is fetched ahead when somebody is about to press. */
  private approach(): void {
    const isCalm = this.state === "ready" || this.state === "expired";
    if (isCalm && !this.exchange.begun && this.exchange.isIdle) void this.exchange.begin();
  }

  private ask(wish: Wish): void {
    if (this.life.signal.aborted) return;
    this.wish = wish;
    if (this.exchange.begun) {
      this.settle();
      return;
    }
    if (this.options.open) this.view.open(false);
    if (!wish.isQuiet && !isRefusal(this.state)) this.show("checking");
    void this.exchange.begin(wish.isQuiet ? "expired" : undefined);
  }

  private submit(): void {
    const { answer, isHeard } = this.view.panel;
    if (!answer.trim()) {
      this.rejectEmpty();
      return;
    }
    if (this.exchange.isIdle) this.show("checking");
    void this.exchange.submit({ answer, how: isHeard ? "sound" : "picture" }, this.data);
  }

  private renew(reason: Reason): void {
    if (this.exchange.isIdle) this.show("checking");
    void this.exchange.renew(reason);
  }

  private rejectEmpty(): void {
    const { panel } = this.view;
    if (this.exchange.isIdle) this.show("ready");
    panel.say(this.texts.empty, "bad");
    panel.field.focus();
  }

  private receive(reason: Reason | undefined): void {
    this.watch();
    if (this.wish || this.isAsking) this.settle(reason);
    else this.show(this.hasExpired ? "expired" : "ready");
  }

  /** Gives what was begun to whoever waits for it. */
  private settle(reason?: Reason): void {
    const { begun } = this.exchange;
    const { wish } = this;
    this.wish = undefined;
    if (!begun) return;
    if ("token" in begun) {
      this.grant({ token: begun.token, key: "", due: begun.due });
    } else if (wish?.isQuiet && !this.options.open) {
      this.show("expired");
    } else {
      this.present(begun, reason, wish?.takesFocus ?? isOfTheirDoing(reason));
    }
  }

  private present(challenge: Challenge, reason: Reason | undefined, wantsFocus: boolean): void {
    const { panel } = this.view;
    const { countedTask } = this.texts;
    panel.ask(challenge);
    this.show("ready");
    const takesFocus = wantsFocus && (!this.view.bar || this.view.mayTakeFocus);
    this.view.open(takesFocus);
    if (reason === "expired") panel.show(this.texts.expired);
    else if (reason) panel.say(this.texts[reason], reason === "wrong" ? "bad" : "plain");
    else panel.show("");
    if (this.isAsking) return;
    this.isAsking = true;
    if (!takesFocus) this.view.announce(counted(countedTask, challenge.length));
    this.options.onOpened();
  }

  private grant(granted: Dated<{ token: string; key: string }>): void {
    this.exchange.begun = undefined;
    this.granted = granted;
    this.wish = undefined;
    this.isAsking = this.hasExpired = false;
    this.alarms.stopAll();
    this.alarms.set("token", when(granted.due, () => this.expire()));
    this.fields.fill(granted.token);
    this.show("passed");
    // The button says it by itself when it gets the focus.
    const isSaid = this.view.close();
    this.view.panel.clear();
    this.view.announce(isSaid ? "" : this.texts.passed);
    this.options.onPassed(granted.token, granted.key);
  }

  private expire(): void {
    const { open, renews, size } = this.options;
    this.granted = undefined;
    this.hasExpired = true;
    this.fields.fill("");
    this.show("expired");
    this.view.announce(this.texts.expired);
    if (renews && this.view.isConnected && (open || size !== "invisible")) {
      this.alarms.set("token", when(Date.now(), () => this.ask({ takesFocus: false, isQuiet: true }), true));
    }
    this.options.onExpired();
  }

  /** Looks to the end of what was begun. */
  private watch(): void {
    const { begun } = this.exchange;
    if (!begun) return;
    this.alarms.set("challenge", when(begun.due, () => this.lapse()));
    this.alarms.set("warning", when(begun.due - WARNING_SECS * 1000, () => this.warn()));
  }

  private warn(): void {
    const { panel } = this.view;
    if (this.isAsking && panel.isInUse && !document.hidden) panel.say(counted(this.texts.soon, WARNING_SECS));
  }

  /** One that the page has dropped without removing it asks for nothing any more. */
  private lapse(): void {
    if (!this.isAsking) {
      this.exchange.begun = undefined;
    } else if (this.exchange.isIdle && this.view.isConnected) {
      this.alarms.set("challenge", when(Date.now(), () => this.renew("late"), true));
      this.options.onChallengeExpired();
    }
  }

  private wait({ refusal, until }: Wait): void {
    const { code } = refusal;
    const state = code === "rate-limited" ? "refused" : code === "unreachable" ? "unreachable" : "busy";
    const isNew = this.state !== state;
    this.show(state);
    this.alarms.set("count", countDown(until, (secs) => {
      const text = counted(this.texts[state], secs);
      this.view.show(state, text);
      this.view.panel.show(text, "bad");
    }));
    if (!isNew) return;
    if (this.wish && !this.view.bar) this.view.open(true);
    this.view.announce(counted(this.texts[state], Math.ceil((until - Date.now()) / 1000)));
    this.options.onError(code);
  }

  private fail({ code, message }: Refusal): void {
    console.error(`haechi: ${code}: ${message}`);
    this.wish = undefined;
    this.isAsking = false;
    this.alarms.stopAll();
    this.show("broken");
    if (this.view.bar) this.view.close();
    this.view.panel.clear();
    this.view.panel.say(this.texts.broken, "bad");
    this.options.onError(code);
  }

  private show(state: State): void {
    this.state = state;
    this.alarms.stop("count");
    this.view.show(state, this.texts[state]);
  }
}

function isRefusal(state: State): boolean {
  return state === "refused" || state === "busy";
}

/** A challenge that comes of an answer or a wish keeps them at it; one that comes by itself does not. */
function isOfTheirDoing(reason: Reason | undefined): boolean {
  return reason === "wrong" || reason === "fresh";
}
