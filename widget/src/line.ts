import { when } from "./clock";
import { isPassing, Refusal } from "./wire";

/** A call did not get through and is tried again. */
export interface Wait {
  refusal: Refusal;
  /** When, in milliseconds since 1970. */
  until: number;
  /** How often it was tried. */
  tries: number;
}

type Attempt<T> = (signal: AbortSignal) => Promise<T>;

/**
 * One call at a time, tried again until it gets through. A second one is dropped while the first one is under way or
 * told to wait; it takes the first one's place if that yields, or only waits for a server that could not be reached.
 * One that yields is tried once, and nothing is said of its failure.
 */
export class Line {
  private turn: AbortController | undefined;
  private isTaken = false;

  get isIdle(): boolean {
    return !this.turn;
  }

  /** Whether a call would be made now. */
  get isFree(): boolean {
    return !this.isTaken;
  }

  /** Nothing comes back of a call that was dropped or stopped. The last of the delays, in seconds, is repeated. */
  async run<T>(
    attempt: Attempt<T>,
    delays: number[],
    onWait: (wait: Wait) => void,
    yields = false,
  ): Promise<T | undefined> {
    if (this.isTaken) return undefined;
    this.stop();
    const turn = new AbortController();
    this.turn = turn;
    for (let tries = 1; ; tries++) {
      this.isTaken = !yields;
      try {
        const reply = await attempt(turn.signal);
        return this.end(turn) ? reply : undefined;
      } catch (error) {
        if (turn.signal.aborted) return undefined;
        if (yields) break;
        if (!(error instanceof Refusal && isPassing(error.code))) {
          this.end(turn);
          throw error;
        }
        this.isTaken = error.retryAfterSecs !== undefined;
        const secs = error.retryAfterSecs ?? delays[Math.min(tries, delays.length) - 1] ?? 0;
        const until = Date.now() + secs * 1000;
        onWait({ refusal: error, until, tries });
        await rest(until, !this.isTaken, turn.signal);
      }
      if (turn.signal.aborted) return undefined;
    }
    this.end(turn);
    return undefined;
  }

  stop(): void {
    const turn = this.turn;
    if (turn) this.end(turn);
    turn?.abort();
  }

  /** Whether it was still this one's turn. */
  private end(turn: AbortController): boolean {
    if (this.turn !== turn) return false;
    this.turn = undefined;
    this.isTaken = false;
    return true;
  }
}

/** Nobody waits for an answer in a hidden page, so that it does not ask. */
function rest(until: number, wakesOnline: boolean, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      cancel();
      removeEventListener("online", wake);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const cancel = when(until, wake, true);
    if (wakesOnline) addEventListener("online", wake);
    signal.addEventListener("abort", wake);
    if (signal.aborted) wake();
  });
}
