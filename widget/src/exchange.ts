import { Line, type Wait } from "./line";
import { randomName, Refusal, Wire, type Answer, type Begun, type How, type Judged, type Pass, type Submission } from "./wire";

/** Waits between tries, in seconds. */
const BEGIN_DELAYS = [1, 2, 5, 10, 30];
const ANSWER_DELAYS = [0.5, 1, 2, 5, 10, 30];
/** So often an answer is sent again before the person hears of it. */
const QUIET_TRIES = 3;

/** Why there is another challenge. */
export type Reason = "fresh" | "wrong" | "late" | "expired";

/** With the end of its time, in milliseconds since 1970. */
export type Dated<T> = T & { due: number };

export type Data = Partial<Record<"action" | "cdata", string | undefined>>;

interface Listener {
  onBegun(reason: Reason | undefined): void;
  onPassed(pass: Pass, key: string): void;
  /** The answer had nothing in it. */
  onEmpty(): void;
  onWait(wait: Wait): void;
  /** Trying again would not help. */
  onRefused(refusal: Refusal): void;
}

/** What goes to the server and comes back: challenges, answers and verdicts. */
export class Exchange {
  /** What the server gave last and no answer has used up. */
  begun: Dated<Begun> | undefined;
  private readonly line = new Line();
  private submission: Submission | undefined;

  constructor(
    private readonly wire: Wire,
    private readonly listener: Listener,
  ) {}

  get isIdle(): boolean {
    return this.line.isIdle;
  }

  /** Whether a call would be made now. */
  get isFree(): boolean {
    return this.line.isFree;
  }

  /** A verdict is to come. */
  get isAwaited(): boolean {
    return !this.isIdle && this.submission !== undefined;
  }

  /** An early one yields to any other call. */
  async begin(reason?: Reason, isEarly?: boolean): Promise<void> {
    this.take(await this.call((signal) => this.wire.begin(signal, isEarly), BEGIN_DELAYS, 0, isEarly), reason);
  }

  /** Gives the challenge up for another one. */
  async renew(reason: Reason, how?: How): Promise<void> {
    const { key } = this;
    if (key) this.take(await this.call((signal) => this.wire.renew(key, how, signal), BEGIN_DELAYS), reason);
  }

  async submit(answer: Answer, data: Data): Promise<void> {
    const { key } = this;
    if (!key || !this.line.isFree) return;
    const submission = this.name(key, answer);
    const judged = await this.call((signal) => this.wire.answer(submission, data, signal), ANSWER_DELAYS, QUIET_TRIES);
    if (!judged) return;
    this.submission = undefined;
    await this.follow(judged, key);
  }

  /** Whatever is under way is given up too. */
  stop(): void {
    this.line.stop();
    this.begun = this.submission = undefined;
  }

  private get key(): string {
    return this.begun && "key" in this.begun ? this.begun.key : "";
  }

  private async follow(judged: Judged, key: string): Promise<void> {
    if (judged.verdict === "passed") {
      this.begun = undefined;
      this.listener.onPassed(judged, key);
    } else if (judged.verdict === "empty") {
      this.listener.onEmpty();
    } else {
      const reason = judged.verdict === "wrong" ? "wrong" : "late";
      if (judged.next) this.take(judged.next, reason);
      else await this.renew(reason);
    }
  }

  /** The same answer to the same challenge is the same submission: the verdict of the first one may have been lost. */
  private name(key: string, answer: Answer): Submission {
    const { submission: last } = this;
    if (last?.key === key && last.answer === answer.answer) return last;
    this.submission = { ...answer, key, request: randomName() };
    return this.submission;
  }

  private take(begun: Begun | undefined, reason: Reason | undefined): void {
    // An early call may be answered by nothing: there is a word, which can wait until somebody comes near.
    if (!begun?.expires_in_secs) return;
    this.begun = { ...begun, due: Date.now() + begun.expires_in_secs * 1000 };
    this.listener.onBegun(reason);
  }

  private async call<T>(
    attempt: (signal: AbortSignal) => Promise<T>,
    delays: number[],
    quietTries = 0,
    yields?: boolean,
  ): Promise<T | undefined> {
    try {
      return await this.line.run(attempt, delays, (wait) => {
        const isQuiet = wait.refusal.code === "unreachable" && wait.tries <= quietTries;
        if (!isQuiet) this.listener.onWait(wait);
      }, yields);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.begun = this.submission = undefined;
      this.listener.onRefused(error);
      return undefined;
    }
  }
}
