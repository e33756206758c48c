/** Undoes what it was returned by; harmless if it is over. */
export type Cancel = () => void;

/**
 * Acts once when the time has come, in milliseconds since 1970, and the page is visible if it has to be. The clock is
 * asked again whenever the page comes back: timers stand still in a page that sleeps or is kept for going back.
 */
export function when(time: number, action: () => void, mustBeVisible = false): Cancel {
  let timer: number | undefined;
  const check = (): void => {
    clearTimeout(timer);
    const left = time - Date.now();
    if (left > 0) {
      timer = window.setTimeout(check, left);
    } else if (!(mustBeVisible && document.hidden)) {
      cancel();
      action();
    }
  };
  const cancel = (): void => {
    clearTimeout(timer);
    removeEventListener("pageshow", check);
    document.removeEventListener("visibilitychange", check);
  };
  addEventListener("pageshow", check);
  document.addEventListener("visibilitychange", check);
  timer = window.setTimeout(check);
  return cancel;
}

/** Says each second how many seconds are left until a time, beginning now. */
export function countDown(until: number, say: (secs: number) => void): Cancel {
  const tick = (): void => say(Math.max(Math.ceil((until - Date.now()) / 1000), 1));
  const timer = setInterval(tick, 1000);
  tick();
  return () => clearInterval(timer);
}

/** What is to come, by name. Setting one anew cancels the one of before. */
export class Alarms {
  private readonly cancels = new Map<string, Cancel>();

  set(name: string, cancel: Cancel): void {
    this.stop(name);
    this.cancels.set(name, cancel);
  }

  stop(name: string): void {
    this.cancels.get(name)?.();
    this.cancels.delete(name);
  }

  stopAll(): void {
    for (const name of Array.from(this.cancels.keys())) this.stop(name);
  }
}
