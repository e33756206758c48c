import type { Solution } from "./puzzle";

/** Work that goes on until it is paused or stopped. */
export interface Effort {
  pause(): void;
  goOn(): void;
  stop(): void;
}

export interface Listener {
  onTried(count: number): void;
  onSolved(solution: Solution): void;
  /** It cannot be done in this way. */
  onBarred(why: string): void;
  /** It cannot be done. */
  onFault(fault: string): void;
}
