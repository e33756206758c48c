// What Chromium's tracing says of a page's main thread.

const categories = ["devtools.timeline", "disabled-by-default-devtools.timeline", "toplevel", "blink.user_timing"];
const microsAFrame = 1_000_000 / 60;

export class Trace {
  /** The thread is known from a trace of before, in which our script began. */
  static async during(page, act, thread) {
    await page.tracing.start({ categories });
    const began = Date.now();
    await act();
    const millis = Date.now() - began;
    const { traceEvents } = JSON.parse(Buffer.from(await page.tracing.stop()).toString());
    return new Trace(traceEvents, millis, thread);
  }

  constructor(events, millis, thread = events.find(isOurStart)) {
    this.events = events.filter(({ pid, tid }) => pid === thread.pid && tid === thread.tid);
    this.millis = millis;
    this.thread = thread;
  }

  /** Milliseconds from the script's execution to a mark of the page. */
  until(mark) {
    const to = this.events.find(({ name }) => name === mark);
    return (to.ts - this.thread.ts) / 1000;
  }

  /** Milliseconds of the longest task in which our script did anything. */
  longestTask() {
    const own = this.events.filter(isOurs);
    const isOfOurs = ({ ts, dur }) => own.some((event) => event.ts >= ts && event.ts <= ts + dur);
    return Math.max(...this.tasks.filter(isOfOurs).map(work)) / 1000;
  }

  /** Milliseconds of all tasks, whoever's, in the mean of all frames and in the busiest. */
  workPerFrame() {
    const frames = new Map();
    for (const task of this.tasks) {
      const frame = Math.floor(task.ts / microsAFrame);
      frames.set(frame, (frames.get(frame) ?? 0) + work(task));
    }
    const total = this.tasks.reduce((sum, task) => sum + work(task), 0);
    const count = (this.millis * 1000) / microsAFrame;
    return { mean: total / count / 1000, most: Math.max(0, ...frames.values()) / 1000 };
  }

  get tasks() {
    return this.events.filter(({ name, ph }) => name === "RunTask" && ph === "X");
  }
}

function isOurs({ args }) {
  return Boolean((args.data?.url ?? args.data?.scriptName)?.includes("/api.js"));
}

function isOurStart(event) {
  return event.name === "EvaluateScript" && isOurs(event);
}

/** Of the processor, so that what else the machine does does not count. */
function work({ dur, tdur }) {
  return tdur ?? dur;
}
