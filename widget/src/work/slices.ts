import type { Effort, Listener } from "./effort";
import { PagePace } from "./pace";
import type { Puzzle } from "./puzzle";
import { search } from "./search";

/** Works in the page itself, and lets it have its turn after each few milliseconds. */
export class Slices implements Effort {
  private readonly pace: PagePace;

  constructor({ parameters, counters }: Puzzle, listener: Listener) {
    this.pace = new PagePace(listener.onTried);
    search(parameters, { start: 0, step: 1, end: counters }, this.pace).then(
      (solution) => (solution ? listener.onSolved(solution) : listener.onFault("no counter solves it")),
      (error) => listener.onFault(String(error)),
    );
  }

  takeStretches(): number[] {
    return this.pace.takeStretches();
  }

  pause(): void {
    this.pace.pause();
  }

  goOn(): void {
    this.pace.goOn();
  }

  /** It rests for ever. */
  stop(): void {
    this.pace.pause();
  }
}
