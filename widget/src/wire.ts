import type { Api } from "./settings";

export interface Challenge {
  key: string;
  length: number;
  expires_in_secs: number;
  width: number;
  height: number;
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

/** How challenges are to be: `lang`, `scale` and `theme` of the wire. */
export type Looks = Record<"lang" | "scale" | "theme", string>;

/** One answer of a person. Sent again with the same `request`, it gets the same verdict. */
export interface Submission {
  key: string;
  answer: string;
  how: "picture" | "sound";
  request: string;
}

type Fields = Record<string, string | undefined>;

/** Longest wait for a reply. */
const PATIENCE_MS = 10_000;

/** Codes of what may be over when the same is asked again. */
const PASSING = ["unreachable", "rate-limited", "busy", "unavailable", "internal"];

export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retryAfterSecs?: number,
  ) {
    super(message);
  }

  get isPassing(): boolean {
    return PASSING.includes(this.code);
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

  begin(signal: AbortSignal): Promise<Begun> {
    return this.post("begin", { sitekey: this.sitekey }, signal);
  }

  /** A key that the server does not know any more needs no giving up. */
  async renew(key: string, signal: AbortSignal): Promise<Begun> {
    try {
      return await this.post("renew", { key }, signal);
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
        body: form({ ...fields, api: this.api, ...this.looks() }),
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
