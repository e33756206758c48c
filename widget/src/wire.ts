import type { Api } from "./settings";
import type { Texts } from "./texts";
import type { Puzzle } from "./work/puzzle";

/** Asks for a word, for work of the device, or for both. */
export interface Challenge {
  key: string;
  expires_in_secs: number;
  word?: Word;
  work?: Puzzle;
  /** What a button says that has longer work asked for instead of the word, and how long that takes, if it may be. */
  alternative?: string;
}

export interface Word {
  length: number;
  /** What is said instead of the usual where digits alone are asked for. */
  says?: Partial<Texts>;
  /** A GIF in base64. */
  picture?: string;
}

export interface Pass {
  token: string;
  expires_in_secs: number;
}

/** A token comes at once where nothing need be asked. */
export type Begun = Challenge | Pass;

export type Judged =
  | ({ verdict: "passed" } & Pass)
  | { verdict: "wrong" | "expired"; next?: Begun }
  | { verdict: "empty" };

/** How challenges are to be: fields of the wire. Work is `plain` where the browser has no cryptography for it. */
export type Looks = Record<"lang" | "scale" | "theme", string> & { plain?: string | undefined };

/** What a challenge asked for: a person's answer, and by which way they came to it; the solution of the work. */
export type Answer = Partial<Record<"answer" | "how" | "work" | "counter" | "derived_key", string>>;

/** One answer to a challenge. Sent again with the same `request`, it gets the same verdict. */
export interface Submission extends Answer {
  key: string;
  request: string;
}

/** Longer work instead of a word, if it is to be. */
export type How = "work" | undefined;

type Fields = Record<string, string | undefined>;

/** Longest wait for a reply. */
const PATIENCE_MS = 10_000;

/** Whether what the code says may be over when the same is asked again, as the widget does by itself. */
export function isPassing(code: string): boolean {
  return ["unreachable", "rate-limited", "busy", "unavailable", "internal"].includes(code);
}

export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retryAfterSecs?: number,
  ) {
    super(message);
  }
}

/** The calls of the widget. They throw a `Refusal`. */
export class Wire {
  constructor(
    private readonly server: string,
    private readonly api: Api,
    private readonly sitekey: string,
    private readonly looks: () => Looks,
  ) {}

  /** Nobody need have come near yet for whom a picture would be drawn. */
  begin(signal: AbortSignal, isEarly = false): Promise<Begun> {
    return this.post("begin", { sitekey: this.sitekey, ...(isEarly && { early: "1", scale: undefined }) }, signal);
  }

  /** A key that the server does not know any more needs no giving up. */
  async renew(key: string, how: How, signal: AbortSignal): Promise<Begun> {
    try {
      return await this.post("renew", { key, how }, signal);
    } catch (error) {
      if (!isOfUnknownKey(error)) throw error;
      return this.begin(signal);
    }
  }

  /** To a person a key that the server does not know any more is one whose time is over. */
  async answer(submission: Submission, data: Fields, signal: AbortSignal): Promise<Judged> {
    try {
      return await this.post("answer", { ...submission, ...data }, signal);
    } catch (error) {
      if (!isOfUnknownKey(error)) throw error;
      return { verdict: "expired" };
    }
  }

  pictureOf(key: string): string {
    const { scale, theme } = this.looks();
    return `${this.mediaOf(key)}/img?scale=${scale}&theme=${theme}`;
  }

  soundOf(key: string): string {
    return `${this.mediaOf(key)}/sound?lang=${this.looks().lang}`;
  }

  private mediaOf(key: string): string {
    return `${this.server}/captcha/v1.0/keys/${key}`;
  }

  private async post<T>(call: string, fields: Fields, signal: AbortSignal): Promise<T> {
    const request = new AbortController();
    const abort = (): void => request.abort();
    const timer = setTimeout(abort, PATIENCE_MS);
    signal.addEventListener("abort", abort);
    try {
      const response = await fetch(`${this.server}/widget/v1/${call}`, {
        method: "POST",
        body: form({ api: this.api, ...this.looks(), ...fields }),
        credentials: "omit",
        signal: request.signal,
      });
      return read<T>(response.ok, await response.json());
    } catch (error) {
      throw error instanceof Refusal ? error : new Refusal("unreachable", String(error));
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  }
}

interface Failure {
  error: string;
  message: string;
  retry_after_secs?: number;
}

function read<T>(isOk: boolean, reply: T | Failure): T {
  if (isOk) return reply as T;
  const { error, message, retry_after_secs } = reply as Failure;
  // Without a code it is not the server that speaks, but something on the way to it.
  throw new Refusal(error || "unreachable", message, retry_after_secs);
}

/** Such a body makes a simple request, which no preflight goes ahead of. */
function form(fields: Fields): URLSearchParams {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) body.append(name, value);
  return body;
}

function isOfUnknownKey(error: unknown): boolean {
  return error instanceof Refusal && error.code === "key-not-known";
}

/** A name for a submission: 32 random hexadecimal digits. */
export function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
