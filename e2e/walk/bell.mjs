// What an operator has ring when something looks unlike people: it receives webhooks, and checks their signatures.
import { createHmac, timingSafeEqual } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";

const PATIENCE_MILLIS = 90_000;

export class Bell {
  secret = "";
  #events = new EventEmitter();
  #heard = [];
  #server;

  static async hang() {
    const bell = new Bell();
    bell.#server = createServer((asked, reply) => bell.#serve(asked, reply)).listen(0, "127.0.0.1");
    await once(bell.#server, "listening");
    bell.url = `http://127.0.0.1:${bell.#server.address().port}/haechi`;
    return bell;
  }

  takeDown() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Waits for a message of this type. */
  async rings(type) {
    const signal = AbortSignal.timeout(PATIENCE_MILLIS);
    for (;;) {
      const message = this.#heard.find((heard) => heard.type === type);
      if (message) return message;
      await once(this.#events, "message", { signal }).catch(() => {
        throw new Error(`${type} was not told, only ${JSON.stringify(this.#heard)}`);
      });
    }
  }

  async #serve(asked, reply) {
    let body = "";
    for await (const chunk of asked) body += chunk;
    const isSigned = this.#isSigned(asked.headers, body);
    if (isSigned) {
      this.#heard.push(JSON.parse(body));
      this.#events.emit("message");
    }
    reply.writeHead(isSigned ? 204 : 401).end();
  }

  /** As Standard Webhooks has it. */
  #isSigned({ "webhook-id": id, "webhook-timestamp": at, "webhook-signature": given = "" }, body) {
    const key = Buffer.from(this.secret.replace("whsec_", ""), "base64");
    const expected = Buffer.from(`v1,${createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64")}`);
    const [signature] = given.split(" ").map((one) => Buffer.from(one));
    const isFresh = Math.abs(Date.now() / 1_000 - Number(at)) < 300;
    return isFresh && signature.length === expected.length && timingSafeEqual(signature, expected);
  }
}
