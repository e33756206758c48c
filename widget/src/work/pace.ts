/** When a search lets others have their turn. */
export interface Pace {
  /** Longest stretch without a rest, in milliseconds. */
  readonly longestMs: number;
  /** Whether it is time for a rest. */
  readonly isDue: boolean;
  /** Rests, and says how many counters were tried since the last rest. */
  rest(tried: number): Promise<void>;
  /** One more counter was tried, by somebody else. */
  tried(): Promise<void>;
  /** Others have had their turn just now. */
  rested(): void;
}

/** In a worker nobody else waits for a turn. What is due is a report. */
export class WorkerPace implements Pace {
  readonly longestMs = 100;
  private count = 0;
  private last = performance.now();

  constructor(private readonly onTried: (count: number) => void) {}

  get isDue(): boolean {
    return performance.now() - this.last >= this.longestMs;
  }

  async rest(tried: number): Promise<void> {
    this.last = performance.now();
    this.onTried(this.count + tried);
    this.count = 0;
  }

  async tried(): Promise<void> {
    this.count++;
    if (this.isDue) await this.rest(0);
  }

  rested(): void {}
}

/** In a page everybody else does. */
export class PagePace implements Pace {
  readonly longestMs = 4;
  /** How long each stretch was since these were taken. */
  private stretches: number[] = [];
  private readonly channel = new MessageChannel();
  private readonly turns: (() => void)[] = [];
  private began = performance.now();
  private isPaused = false;

  constructor(private readonly onTried: (count: number) => void) {
    this.channel.port1.onmessage = () => this.turn();
  }

  get isDue(): boolean {
    return performance.now() - this.began >= this.longestMs;
  }

  /** A message takes its turn behind everything that waits, and, unlike a timer, is not held back. */
  async rest(tried: number): Promise<void> {
    this.stretches.push(performance.now() - this.began);
    this.onTried(tried);
    await this.nextTurn();
    this.rested();
  }

  async tried(): Promise<void> {
    this.onTried(1);
    if (this.isPaused) await this.nextTurn();
  }

  rested(): void {
    this.began = performance.now();
  }

  takeStretches(): number[] {
    return this.stretches.splice(0);
  }

  /** What rests does so until it goes on. */
  pause(): void {
    this.isPaused = true;
  }

  goOn(): void {
    this.isPaused = false;
    this.turn();
  }

  private nextTurn(): Promise<void> {
    return new Promise((resolve) => {
      this.turns.push(resolve);
      this.channel.port2.postMessage(0);
    });
  }

  private turn(): void {
    if (this.isPaused) return;
    for (const resolve of this.turns.splice(0)) resolve();
  }
}
