import { HMAC } from "@stablelib/hmac";
import { SHA256 } from "@stablelib/sha256";
import type { Parameters, Solution } from "./puzzle";
import type { Keys, Range } from "./search";

/** PBKDF2's number of the first block of a key, which has no other. */
const FIRST_BLOCK = Uint8Array.of(0, 0, 0, 1);

/**
 * Trials in plain code, which can stop after any hash. @stablelib's SHA-256 can go back to a state that it had, which
 * makes its PBKDF2 twice as fast as the one of @noble/hashes.
 */
export class PlainTrials {
  solution: Solution | undefined;
  private readonly derivation: Derivation;
  private readonly cost: number;
  private counter: number;
  private round = 0;
  private tried = 0;

  constructor(
    { algorithm, cost }: Parameters,
    private readonly keys: Keys,
    private readonly range: Range,
  ) {
    this.derivation = algorithm === "SHA-256" ? new Sha256() : new Pbkdf2();
    this.cost = Math.max(cost, 1);
    this.counter = range.start;
  }

  get isOver(): boolean {
    return this.solution !== undefined || this.counter >= this.range.end;
  }

  /** How many counters were tried since this was asked last. */
  takeTried(): number {
    const { tried } = this;
    this.tried = 0;
    return tried;
  }

  run(rounds: number): void {
    for (let left = rounds; left > 0 && !this.isOver; left--) {
      if (this.round === 0) this.derivation.begin(this.keys.password(this.counter), this.keys.salt);
      else this.derivation.goOn();
      if (++this.round === this.cost) this.end();
    }
  }

  private end(): void {
    this.solution = this.keys.solution(this.counter, this.derivation.key);
    this.round = 0;
    this.counter += this.range.step;
    this.tried++;
  }
}

/** How one key comes about, round by round. */
interface Derivation {
  readonly key: Uint8Array;
  begin(password: Uint8Array, salt: Uint8Array): void;
  goOn(): void;
}

/** ALTCHA's plain one: the hash of salt and password, hashed again and again. */
class Sha256 implements Derivation {
  readonly key = new Uint8Array(32);
  private readonly hash = new SHA256();

  begin(password: Uint8Array, salt: Uint8Array): void {
    this.hash.reset().update(salt).update(password).finish(this.key);
  }

  goOn(): void {
    this.hash.reset().update(this.key).finish(this.key);
  }
}

/** A key of one block, RFC 8018. */
class Pbkdf2 implements Derivation {
  readonly key = new Uint8Array(32);
  private readonly last = new Uint8Array(32);
  private hmac: HMAC | undefined;

  begin(password: Uint8Array, salt: Uint8Array): void {
    this.hmac = new HMAC(SHA256, password);
    this.hmac.update(salt).update(FIRST_BLOCK).finish(this.last);
    this.key.set(this.last);
  }

  goOn(): void {
    const { key, last } = this;
    this.hmac!.reset().update(last).finish(last);
    for (let at = 0; at < 32; at++) key[at]! ^= last[at]!;
  }
}
