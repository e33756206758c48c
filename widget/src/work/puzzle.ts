import type { Language } from "../language";

/** ALTCHA's parameters of version 2, as the server gives them. */
export interface Parameters {
  algorithm: "PBKDF2/SHA-256" | "SHA-256" | "SCRYPT";
  /** Hexadecimal, as are salt and prefix. */
  nonce: string;
  salt: string;
  /** Iterations; of scrypt its N. */
  cost: number;
  /** Bytes of a derived key. */
  keyLength: number;
  keyPrefix: string;
  /** Of scrypt its r. */
  memoryCost?: number;
  /** Of scrypt its p. */
  parallelism?: number;
}

/** Work of a challenge: one of the counters below `counters` gives a key that begins with the prefix. */
export interface Puzzle {
  key: string;
  level: number;
  counters: number;
  parameters: Parameters;
}

/** What the widget has solved, and in which language it is to hear about it. */
export interface Order {
  work: Puzzle;
  lang: Language;
}

/** As the server wants to have it. */
export type Solution = Record<"counter" | "derived_key", string>;

/** What a person may be told who waits for work. */
export interface Words {
  /** That the device works in their place. */
  task: string;
  /** The way back to a word. */
  back: string;
  /** Their answer waits for the work. */
  wait: string;
}

/** What the widget hears: the words first, then how far the work is, and its solution at last. */
export interface Report {
  words?: Words;
  /** Of all counters, from 0 to 1. */
  done?: number;
  /** How long it takes, to be shown. */
  text?: string;
  /** The same, to be read out, at few moments. */
  say?: string;
  solution?: Solution;
  /** Why there will be none. */
  fault?: string;
  /** For how long the page was kept from anything else, each time, in milliseconds, if it works in the page. */
  stretches?: number[];
}

/** Under this symbol the page's global has what solves in the page. */
export const HOOK = Symbol.for("haechi.work");

/** Solves an order and reports to a port. Any message of the other end stops it. */
export type Solve = (order: Order, port: MessagePort) => void;
