import type { Effort, Listener } from "./effort";
import type { Puzzle } from "./puzzle";
import type { Word } from "./worker";

/** More of them would leave the rest of the device no processor, or would share the same ones. */
const MOST = 4;

/** Workers that share a puzzle out among themselves. */
export class Crew implements Effort {
  private readonly size = Math.min(Math.max(navigator.hardwareConcurrency || 1, 1), MOST);
  /** How many counters each has tried, as far as is known. */
  private readonly tried: number[] = Array.from({ length: this.size }, () => 0);
  private workers: Worker[] = [];
  private left = this.size;

  constructor(
    private readonly script: string,
    private readonly puzzle: Puzzle,
    private readonly listener: Listener,
  ) {
    this.goOn();
  }

  /** Ends the workers: a worker that sleeps would still have what it had begun to do. */
  pause(): void {
    for (const worker of this.workers) worker.terminate();
    this.workers = [];
  }

  goOn(): void {
    if (this.workers.length > 0) return;
    this.left = this.size;
    this.workers = this.tried.map((_, index) => this.begin(index));
  }

  stop(): void {
    this.pause();
  }

  private begin(index: number): Worker {
    const worker = new Worker(this.script);
    const { parameters, counters } = this.puzzle;
    const start = index + this.size * this.tried[index]!;
    worker.onmessage = ({ data }: MessageEvent<Word>) => this.hear(index, data);
    worker.onerror = ({ message }) => this.listener.onBarred(message || "no worker");
    worker.postMessage({ parameters, range: { start, step: this.size, end: counters } });
    return worker;
  }

  private hear(index: number, word: Word): void {
    if ("tried" in word) {
      this.tried[index]! += word.tried;
      this.listener.onTried(word.tried);
    } else if ("fault" in word) {
      this.listener.onFault(word.fault);
    } else if (word.solution) {
      this.stop();
      this.listener.onSolved(word.solution);
    } else if (--this.left === 0) {
      this.listener.onFault("no counter solves it");
    }
  }
}
