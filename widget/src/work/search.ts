// Finds the counter whose derived key begins with a puzzle's prefix, as ALTCHA's version 2 derives keys: the password is
// the nonce and the counter, big endian, in four bytes.
//
// Browsers' own PBKDF2 is ten times as fast as plain code, and is there in secure contexts alone. For SHA-256 alone and
// for scrypt they have nothing, or nothing that is worth a promise for each hash.

import { fromHex, toHex } from "./hex";
import { PlainTrials } from "./plain";
import type { Pace } from "./pace";
import type { Parameters, Solution } from "./puzzle";
import { Scrypt } from "./scrypt";

/** Which counters to try: each `step`th one from `start` on, below `end`. */
export interface Range {
  start: number;
  step: number;
  end: number;
}

/** Hashes between two looks at the clock, which take about a tenth of a millisecond. */
const ROUNDS = 64;
/** So many keys are asked of the browser at once: while one is derived, another one's way there and back goes by. */
const IN_FLIGHT = 4;

/** Nothing comes of a range without the counter. */
export async function search(parameters: Parameters, range: Range, pace: Pace): Promise<Solution | undefined> {
  const { algorithm } = parameters;
  if (algorithm === "SCRYPT") return byScrypt(parameters, range, pace);
  if (algorithm === "PBKDF2/SHA-256" && globalThis.crypto?.subtle) return byBrowser(parameters, range, pace);
  if (algorithm === "PBKDF2/SHA-256" || algorithm === "SHA-256") return byRounds(parameters, range, pace);
  throw new Error(`there is no ${algorithm} here`);
}

/** Derived keys, and whether one of them is the one. */
export class Keys {
  readonly salt: Uint8Array<ArrayBuffer>;
  private readonly nonce: Uint8Array;
  private readonly prefix: Uint8Array;

  constructor({ nonce, salt, keyPrefix }: Parameters) {
    this.nonce = fromHex(nonce);
    this.salt = fromHex(salt);
    this.prefix = fromHex(keyPrefix);
  }

  password(counter: number): Uint8Array<ArrayBuffer> {
    const password = new Uint8Array(this.nonce.length + 4);
    password.set(this.nonce);
    new DataView(password.buffer).setUint32(this.nonce.length, counter);
    return password;
  }

  solution(counter: number, key: Uint8Array): Solution | undefined {
    if (!this.prefix.every((byte, at) => byte === key[at])) return undefined;
    return { counter: String(counter), derived_key: toHex(key) };
  }
}

async function byRounds(parameters: Parameters, range: Range, pace: Pace): Promise<Solution | undefined> {
  const trials = new PlainTrials(parameters, new Keys(parameters), range);
  while (!trials.isOver) {
    trials.run(ROUNDS);
    if (pace.isDue) await pace.rest(trials.takeTried());
  }
  return trials.solution;
}

async function byScrypt(parameters: Parameters, { start, step, end }: Range, pace: Pace): Promise<Solution | undefined> {
  const keys = new Keys(parameters);
  const scrypt = new Scrypt(parameters, pace);
  let tried = 0;
  for (let counter = start; counter < end; counter += step) {
    const key = await scrypt.derive(keys.password(counter), keys.salt);
    const solution = keys.solution(counter, key);
    if (solution) return solution;
    tried++;
    if (!pace.isDue) continue;
    await pace.rest(tried);
    tried = 0;
  }
  return undefined;
}

async function byBrowser(parameters: Parameters, { start, step, end }: Range, pace: Pace): Promise<Solution | undefined> {
  const keys = new Keys(parameters);
  let next = start;
  let solution: Solution | undefined;
  const trials = Array.from({ length: IN_FLIGHT }, async () => {
    while (next < end && !solution) {
      const counter = next;
      next += step;
      const key = await deriveBits(parameters, keys.password(counter), keys.salt);
      solution ??= keys.solution(counter, key);
      // It is the browser that was busy meanwhile: there is nothing to rest from, unless the page is hidden.
      await pace.tried();
    }
  });
  await Promise.all(trials);
  return solution;
}

async function deriveBits(
  { cost, keyLength }: Parameters,
  password: BufferSource,
  salt: BufferSource,
): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: cost };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, keyLength * 8));
}
