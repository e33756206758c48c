import { scrypt, scryptAsync } from "@noble/hashes/scrypt.js";
import type { Pace } from "./pace";
import type { Parameters } from "./puzzle";

/** scrypt in plain code, which rests within a key where one key takes too long at a stretch. */
export class Scrypt {
  private readonly options: { N: number; r: number; p: number; dkLen: number };
  /** Longest stretch. What follows a stretch within noble, before it looks at its clock, takes its time too. */
  private readonly stretchMs: number;
  private isQuick: boolean;

  constructor(
    { cost, memoryCost = 8, parallelism = 1, keyLength }: Parameters,
    private readonly pace: Pace,
  ) {
    this.options = { N: cost, r: memoryCost, p: parallelism, dkLen: keyLength };
    this.stretchMs = pace.longestMs / 2;
    // Where a page waits, it is to be found out first.
    this.isQuick = this.stretchMs > 10;
  }

  async derive(password: Uint8Array, salt: Uint8Array): Promise<Uint8Array> {
    const began = performance.now();
    const key = this.isQuick ? scrypt(password, salt, this.options) : await this.deriveInStretches(password, salt);
    this.isQuick = performance.now() - began < this.stretchMs;
    return key;
  }

  /** noble rests by itself, by `scheduler.yield` or a timer. */
  private async deriveInStretches(password: Uint8Array, salt: Uint8Array): Promise<Uint8Array> {
    await this.pace.rest(0);
    const key = await scryptAsync(password, salt, { ...this.options, asyncTick: Math.floor(this.stretchMs) });
    this.pace.rested();
    return key;
  }
}
