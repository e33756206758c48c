import { WorkerPace } from "./pace";
import type { Parameters, Solution } from "./puzzle";
import { search, type Range } from "./search";

/** What a worker is told. */
export interface Task {
  parameters: Parameters;
  range: Range;
}

/** What a worker says: how many more counters it has tried; at the end the solution, or that there is none in its range. */
export type Word = { tried: number } | { solution: Solution | undefined } | { fault: string };

/** This global is a worker, which does one task and is ended from outside. */
export function work(worker: { onmessage: ((event: MessageEvent<Task>) => void) | null; postMessage(word: Word): void }): void {
  worker.onmessage = async ({ data: { parameters, range } }) => {
    try {
      const pace = new WorkerPace((tried) => worker.postMessage({ tried }));
      worker.postMessage({ solution: await search(parameters, range, pace) });
    } catch (error) {
      worker.postMessage({ fault: String(error) });
    }
  };
}
