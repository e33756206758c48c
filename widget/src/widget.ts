import type { State } from "./bar";
import { Alarms, countDown, when } from "./clock";
import { Exchange, type Data, type Dated, type Reason } from "./exchange";
import { Fields } from "./fields";
import { chooseLanguage, type Language } from "./language";
import type { Wait } from "./line";
import { looksOf } from "./looks";
import { tellPolicy } from "./policy";
import type { WidgetOptions } from "./settings";
import { counted, TEXTS, type Texts } from "./texts";
import { Solver } from "./solver";
import { View } from "./view";
import { Refusal, Wire, type Answer, type Challenge, type How } from "./wire";
import type { Report, Words } from "./work/puzzle";

export type { Api, WidgetOptions } from "./settings";

/** How long before its end somebody who is at a challenge is told. */
const WARNING_SECS = 20;

/** So many solutions in a row may be refused before the fault must be in here. */
const MISSES = 3;

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
  private readonly language: Language;
  private data: Data;
  private solver: Solver | undefined;
  /** The work that is done or being done, with its solution once there is one. */
  private work: Answer = {};
  /** What work has to say to people. */
  private words: Words | undefined;
  /** An answer waits for the work. */
  private isWaiting = false;
  private misses = 0;
  private state: State = "ready";
  /** The token came of the device's work alone, for which nobody did anything. */
  private isUnasked = false;
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
    const language = (this.language = chooseLanguage(options.language));
    // A copy, in which a challenge of digits has some say otherwise.
    this.texts = { ...TEXTS[language] };
    this.data = { action, cdata };
    const wire = new Wire(server, api, sitekey, () => looksOf(options, language));
    this.exchange = new Exchange(wire, {
      onBegun: (reason) => this.receive(reason),
      onPassed: ({ token, expires_in_secs }, key) => this.grant({ token, key, due: Date.now() + expires_in_secs * 1000 }),
      onEmpty: () => this.rejectEmpty(),
      onWait: (wait) => this.wait(wait),
      onRefused: (refusal) => this.fail(refusal),
    });
    tellPolicy(server, this.life.signal);
    // The server draws while all that follows is built, which takes as long.
    if (options.open) void this.exchange.begin();
    this.fields = new Fields(container, options.fields);
    this.view = new View(container, options, language, this.texts, wire, {
      press: () => (this.view.isOpen ? this.close() : this.ask({ takesFocus: true })),
      approach: () => this.approach(),
      see: () => options.waits || this.approach(true),
      submit: () => this.submit(),
      renew: () => this.renew("fresh"),
      swap: () => this.swap(),
      dismiss: () => this.close(),
    });
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
    this.isAsking = this.isWaiting = false;
    this.wish = undefined;
    // A bar goes on by itself and says how things stand. An answer that is on its way may still be right.
    if (!this.view.bar && !this.exchange.isAwaited) {
      this.exchange.stop();
      this.rest();
    }
    if (this.state === "checking" && !this.worksAlone) this.show("ready");
    this.view.close();
    this.options.onClosed();
  }

  /** As new: no token, fields empty. */
  reset(): void {
    this.exchange.stop();
    this.alarms.stopAll();
    this.rest();
    this.granted = this.wish = undefined;
    this.isAsking = this.hasExpired = false;
    this.fields.fill("");
    this.view.panel.clear();
    this.show("ready");
    if (this.options.open) this.ask({ takesFocus: false });
    else this.view.close();
    this.view.watch();
  }

  /** Takes everything of it out of the container, stops timers and sound, and calls nothing afterwards. */
  remove(): void {
    this.exchange.stop();
    this.alarms.stopAll();
    this.rest();
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

  /** A challenge is fetched ahead when somebody is about to press, and work is begun when the bar is seen. */
  private approach(isEarly?: boolean): void {
    const isCalm = this.state === "ready" || this.state === "expired";
    if (isCalm && !this.exchange.begun && this.exchange.isFree) void this.exchange.begin(undefined, isEarly);
  }

  private ask(wish: Wish): void {
    if (this.life.signal.aborted) return;
    this.wish = wish;
    if (this.exchange.begun) {
      this.settle();
      return;
    }
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
    this.isWaiting = this.work.work !== undefined && !this.work.counter;
    if (this.isWaiting) this.view.panel.say(this.words?.wait ?? this.texts.checking);
    else void this.exchange.submit({ answer, how: isHeard ? "sound" : "picture", ...this.work }, this.data);
  }

  private renew(reason: Reason, how?: How): void {
    if (this.exchange.isIdle) this.show("checking");
    void this.exchange.renew(reason, how);
  }

  /** Has the device work longer instead of a word, or asks for a word again. */
  private swap(): void {
    const { panel } = this.view;
    if (!this.exchange.isFree) return;
    const how = panel.isWorking ? undefined : "work";
    this.rest();
    if (how) panel.work();
    this.renew("fresh", how);
  }

  private rejectEmpty(): void {
    const { panel } = this.view;
    if (this.exchange.isIdle) this.show("ready");
    panel.say(this.texts.empty, "bad");
    panel.field.focus();
  }

  private receive(reason: Reason | undefined): void {
    this.watch();
    this.isWaiting = false;
    if (this.wish || this.isAsking || (this.isForWork && !this.options.waits)) this.settle(reason);
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
    } else if (!begun.word) {
      this.labour(begun, reason, wish);
    } else if (wish?.isQuiet && this.view.isFolded) {
      this.show("expired");
      if (this.isUnasked) this.view.announce(this.texts.expired);
    } else {
      this.present(begun, reason, wish?.takesFocus ?? isOfTheirDoing(reason));
    }
  }

  private present(challenge: Challenge, reason: Reason | undefined, wantsFocus: boolean): void {
    const { panel } = this.view;
    const { countedTask } = this.texts;
    panel.ask(challenge);
    this.solve(challenge);
    this.show("ready");
    const takesFocus = wantsFocus && (!this.view.bar || this.view.mayTakeFocus);
    this.view.open(takesFocus);
    if (reason === "expired") panel.show(this.texts.expired);
    else if (reason) panel.say(this.texts[reason], reason === "wrong" ? "bad" : "plain");
    else panel.show("");
    if (this.isAsking) return;
    this.isAsking = true;
    if (!takesFocus) this.view.announce(counted(countedTask, challenge.word!.length));
    this.options.onOpened();
  }

  /** The device does it alone, behind the bar or in the panel that is open already. */
  private labour(challenge: Challenge, reason: Reason | undefined, wish: Wish | undefined): void {
    this.misses = reason === "wrong" ? this.misses + 1 : 0;
    if (this.misses === MISSES) return this.fail(new Refusal("bad-solution", ""));
    // So that it can be closed.
    this.wish = wish;
    if (this.isAsking && !this.view.panel.isWorking) this.view.panel.work();
    this.show("checking");
    this.solve(challenge);
  }

  private solve({ work }: Challenge): void {
    if (work?.key === this.work.work) return;
    this.rest();
    if (!work) return;
    this.work = { work: work.key };
    const order = { work, lang: this.language };
    this.solver = new Solver(this.view.root, this.options.server, order, {
      onReport: (report) => this.hear(report),
      onLost: () => this.worksAlone && this.show("unreachable"),
    });
  }

  private hear({ words, done, text, say, solution, fault }: Report): void {
    const { panel } = this.view;
    if (fault) return this.fail(new Refusal("no-solution", fault));
    if (solution) {
      this.solver?.stop();
      this.solver = undefined;
      this.work = { ...this.work, ...solution };
      if (this.isWaiting) this.submit();
      else if (this.worksAlone) void this.exchange.submit(this.work, this.data);
    }
    if (!this.worksAlone) return;
    if (this.state === "unreachable") this.show("checking");
    this.words = words ?? this.words;
    if (words && panel.isWorking) panel.tell(words.task, words.back);
    if (done) this.view.advance(done);
    if (!panel.isWorking) return;
    if (text) panel.show(text);
    if (say) this.view.announce(say);
  }

  /** No work is done or was done. */
  private rest(): void {
    this.solver?.stop();
    this.solver = undefined;
    this.work = {};
  }

  /** What was begun asks for work and nothing else. */
  private get isForWork(): boolean {
    const { begun } = this.exchange;
    return !!begun && "key" in begun && !begun.word;
  }

  /** And the device is at it. */
  private get worksAlone(): boolean {
    return this.isForWork && !!this.work.work;
  }

  private grant(granted: Dated<{ token: string; key: string }>): void {
    const isAgain = this.isUnasked && this.hasExpired;
    this.isUnasked = !!this.work.counter && !this.isAsking;
    this.exchange.begun = undefined;
    this.granted = granted;
    this.wish = undefined;
    this.isAsking = this.hasExpired = false;
    this.rest();
    this.alarms.stopAll();
    this.alarms.set("token", when(granted.due, () => this.expire()));
    this.fields.fill(granted.token);
    this.show("passed");
    // The button says it by itself when it gets the focus.
    const isSaid = this.view.close();
    this.view.panel.clear();
    this.view.announce(isSaid || isAgain ? "" : this.texts.passed);
    this.options.onPassed(granted.token, granted.key);
  }

  private expire(): void {
    const { open, renews, size } = this.options;
    const goesOn = renews && this.view.isConnected && (open || size !== "invisible");
    this.granted = undefined;
    this.hasExpired = true;
    this.fields.fill("");
    this.show("expired");
    // Who has nothing to do for a new one need not hear of it.
    if (!(goesOn && this.isUnasked)) this.view.announce(this.texts.expired);
    if (goesOn) {
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
    const how = this.view.panel.isWorking ? "work" : undefined;
    if (!this.isAsking && !this.worksAlone) {
      this.exchange.begun = undefined;
      this.rest();
    } else if (this.exchange.isIdle && this.view.isConnected) {
      this.alarms.set("challenge", when(Date.now(), () => this.renew("late", how), true));
      if (this.isAsking) this.options.onChallengeExpired();
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
    this.rest();
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
