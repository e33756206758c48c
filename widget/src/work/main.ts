// One script for three places: a worker; the frame, which is the server's page `/widget/v1/work`; and a page that allows
// no frame.

import { Crew } from "./crew";
import { HOOK, type Order, type Solve } from "./puzzle";
import { inSlices, solve, type Way } from "./solve";
import { work } from "./worker";

if (typeof document === "undefined") {
  work(self as never);
} else {
  const { currentScript } = document;
  const script = currentScript instanceof HTMLScriptElement ? currentScript : undefined;
  if (script && "frame" in script.dataset) serveParent(script.src);
  else (window as unknown as Record<symbol, Solve>)[HOOK] ??= (order, port) => solve(order, port, inSlices);
}

/** The page around this one has puzzles solved here, in workers, and listens at the ports that it sends along. */
function serveParent(script: string): void {
  const inWorkers: Way = ({ work }, listener) => new Crew(script, work, listener);
  addEventListener("message", ({ source, data, ports: [port] }: MessageEvent<Order>) => {
    if (source === parent && port) solve(data, port, inWorkers);
  });
}
