import type { Language } from "../language";
import type { Report } from "./puzzle";
import { SENTENCES, type Sentences } from "./sentences";

/** How much has to be done before it is known how long the rest takes. */
const LEAST_MS = 400;
/** Between two reports to whoever waits. */
const BETWEEN_MS = 100;
/** A longer gap was a pause. */
const PAUSE_MS = 2_000;
/** Nobody is told that half of less than this is over. */
const SHORT_SECS = 3;

/** Tells a person how long work takes, from how quickly it went so far. */
export class Teller {
  private readonly sentences: Sentences;
  private tried = 0;
  /** Since the first report: what came before it took its time to begin. */
  private workedMs = 0;
  private triedAtFirst = 0;
  private last = 0;
  private reported = 0;
  private hasBegun = false;
  private isHalfTold = false;

  constructor(
    language: Language,
    private readonly counters: number,
  ) {
    this.sentences = SENTENCES[language];
  }

  get words(): Pick<Report, "words"> {
    return { words: this.sentences };
  }

  /** What there is to say now that more counters were tried, if it is time to say anything. */
  hear(count: number): Report | undefined {
    const now = performance.now();
    const gap = now - this.last;
    this.tried += count;
    if (!this.last) this.triedAtFirst = this.tried;
    else if (gap < PAUSE_MS) this.workedMs += gap;
    this.last = now;
    if (now - this.reported < BETWEEN_MS) return undefined;
    this.reported = now;
    return { done: this.tried / this.counters, ...this.tell() };
  }

  private tell(): Pick<Report, "text" | "say"> | undefined {
    const { sentences, tried, triedAtFirst, counters, workedMs } = this;
    if (workedMs < LEAST_MS || tried === triedAtFirst) return undefined;
    const secsOfOne = workedMs / 1000 / (tried - triedAtFirst);
    const atMost = secsOfOne * counters;
    if (!this.hasBegun) {
      this.hasBegun = true;
      const text = filled(sentences.begun, atMost / 2, atMost);
      return { text, say: text };
    }
    const left = secsOfOne * (counters - tried);
    // What was said at the beginning stays to be read for a while.
    if (workedMs < 4_000 && left > 2) return undefined;
    const text = filled(sentences.left, left);
    if (this.isHalfTold || left > atMost / 2 || atMost < SHORT_SECS) return { text };
    this.isHalfTold = true;
    return { text, say: filled(sentences.half, left) };
  }
}

/** In steps that do not change under one's eyes. */
function filled(sentence: string, ...seconds: number[]): string {
  return seconds.reduce((text, secs) => text.replace("{}", String(rounded(secs))), sentence);
}

export function rounded(secs: number): number {
  const step = secs > 60 ? 10 : secs > 10 ? 5 : 1;
  return Math.max(Math.ceil(secs / step) * step, 1);
}
