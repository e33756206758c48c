// Puzzles as the server makes them, and their solutions, by ALTCHA's own library.
import { randomUUID } from "node:crypto";
import { load } from "./packages.mjs";
import { given } from "./proxy.mjs";

const { createChallenge, solveChallenge } = load("altcha-lib");

/** Costs are small: what is checked is how keys are derived. */
export const algorithms = {
  "PBKDF2/SHA-256": { module: "pbkdf2", cost: 300 },
  "SHA-256": { module: "sha", cost: 3 },
  SCRYPT: { module: "scrypt", cost: 64, memoryCost: 8, parallelism: 2 },
};

/** A puzzle that the counter solves, and a reply of the server that asks for that alone. */
export async function makePuzzle(algorithm, { counter = 120, counters = 160, ...other } = {}) {
  const { module, ...costs } = algorithms[algorithm];
  const { deriveKey } = load(`altcha-lib/algorithms/${module}`);
  const options = { algorithm, ...costs, ...other, deriveKey, counter, keyLength: 32, keyPrefixLength: 16 };
  const { parameters } = await createChallenge(options);
  const key = randomUUID();
  const work = { key, level: 0, counters, parameters };
  return {
    asked: given({ key, expires_in_secs: 180, work }),
    work,
    solve: async () => {
      const { counter, derivedKey } = await solveChallenge({ challenge: { parameters }, deriveKey });
      return { counter: String(counter), derived_key: derivedKey };
    },
  };
}

/** One that takes minutes anywhere. */
export const endless = () => makePuzzle("PBKDF2/SHA-256", { cost: 4_000, counter: 9_999_999, counters: 10_000_000 });

/** What the server says of a solution. */
export const passed = (secs = 60) => given({ verdict: "passed", token: "a.token", expires_in_secs: secs });
