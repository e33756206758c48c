import type { Effort, Listener } from "./effort";
import { watchHiding } from "./hidden";
import type { Order, Report } from "./puzzle";
import { Slices } from "./slices";
import { Teller } from "./teller";

/** How a puzzle is worked on. */
export type Way = (order: Order, listener: Listener) => Effort;

/** In the page. */
export const inSlices: Way = ({ work }, listener) => new Slices(work, listener);

/** Works on an order in a way, rests while the page is hidden for long, and tells the other end how it goes. */
export function solve(order: Order, port: MessagePort, way: Way): void {
  const teller = new Teller(order.lang, order.work.counters);
  const say = (report: Report): void => port.postMessage(report);
  let effort: Effort | undefined;
  const stop = (): void => {
    effort?.stop();
    unwatch();
    port.close();
  };
  const begin = (how: Way): void => {
    effort = how(order, {
      onTried: (count) => {
        const report = teller.hear(count);
        if (report) say({ ...report, ...stretchesOf(effort) });
      },
      onSolved: (solution) => {
        say({ solution, ...stretchesOf(effort) });
        stop();
      },
      onBarred: (why) => {
        // Each worker says so.
        if (effort instanceof Slices) return;
        console.warn(`haechi: no work beside the page: ${why}`);
        effort?.stop();
        begin(inSlices);
      },
      onFault: (fault) => {
        say({ fault });
        stop();
      },
    });
  };
  const unwatch = watchHiding(() => effort?.pause(), () => effort?.goOn());
  say(teller.words);
  port.onmessage = stop;
  try {
    begin(way);
  } catch (error) {
    console.warn("haechi: no work beside the page:", error);
    begin(inSlices);
  }
}

function stretchesOf(effort: Effort | undefined): Pick<Report, "stretches"> {
  return effort instanceof Slices ? { stretches: effort.takeStretches() } : {};
}
