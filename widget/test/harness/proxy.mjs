// Between browsers and the server: writes down what is asked, and has the faults of networks.
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const calls = [
  ["begin", /\/widget\/v1\/begin$/],
  ["answer", /\/widget\/v1\/answer$/],
  ["renew", /\/widget\/v1\/renew$/],
  ["script", /\/api\.js$/],
  ["picture", /\/keys\/[^/]+\/img$/],
  ["sound", /\/keys\/[^/]+\/sound$/],
  ["frame", /\/widget\/v1\/work$/],
  ["work", /\/widget\/v1\/work\.js$/],
];

/** A folder with what the server was not built with, to try it. */
const own = process.env.WIDGET_DIST;
const ownFiles = { script: "haechi.js", work: "work.js", frame: "work.html" };

export class Proxy {
  /** In order, each with `call`, `method`, `headers`, `fields` and, once it is answered, `reply` and `setsCookie`. */
  log = [];
  isCutOff = false;
  #rules = new Map();
  #changes = new EventEmitter();
  #server;

  static async start(upstream) {
    const proxy = new Proxy();
    proxy.#server = createServer((asked, reply) => proxy.#serve(asked, reply, upstream));
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    proxy.url = `http://127.0.0.1:${proxy.#server.address().port}`;
    return proxy;
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** One rule for each of the next calls of this name. */
  next(call, ...rules) {
    this.#rules.set(call, rules);
  }

  always(call, rule) {
    this.#rules.set(call, rule);
  }

  /** No fault from here on. */
  mend() {
    this.#rules.clear();
    this.isCutOff = false;
  }

  asked(call) {
    return this.log.filter((entry) => entry.call === call);
  }

  count(call) {
    return this.asked(call).length;
  }

  /** Until a call of this name has been answered so often. */
  async until(call, count = 1, secs = 10) {
    const signal = AbortSignal.timeout(secs * 1000);
    while (this.asked(call).filter((entry) => entry.isOver).length < count) {
      await once(this.#changes, "over", { signal }).catch(() => {
        throw new Error(`${call} was asked ${this.count(call)} times, not ${count}`);
      });
    }
    return this.asked(call)[count - 1];
  }

  async #serve(asked, reply, upstream) {
    const entry = await read(asked);
    this.log.push(entry);
    // A server that is gone is unreachable through us too.
    const given = await this.#apply(entry, () => forward(entry, upstream)).catch(unreachable);
    entry.reply = given && parsed(given);
    entry.setsCookie = given?.headers["set-cookie"] !== undefined;
    entry.isOver = true;
    this.#changes.emit("over");
    if (given) reply.writeHead(given.status, given.headers).end(given.body);
    else breakOff(reply);
  }

  async #apply(entry, pass) {
    if (this.isCutOff) return unreachable();
    const rules = this.#rules.get(entry.call);
    const rule = Array.isArray(rules) ? rules.shift() : rules;
    return rule ? rule(pass) : pass();
  }
}

/** The server decides, and nobody hears of it. */
export async function lost(pass) {
  await pass();
  return undefined;
}

export async function unreachable() {
  return undefined;
}

export function refused(status, error, secs) {
  return given({ error, message: "a fault of the tests' proxy", retry_after_secs: secs }, status);
}

/** A reply that the server has not given. */
export function given(reply, status = 200) {
  const headers = { "content-type": "application/json", "access-control-allow-origin": "*" };
  return async () => ({ status, headers, body: JSON.stringify(reply) });
}

/** Changes what comes back. */
export function altered(change) {
  return async (pass) => {
    const { status, headers, body } = unpacked(await pass());
    return { status, headers, body: JSON.stringify({ ...JSON.parse(body), ...change }) };
  };
}

/** The word comes without its picture, which is then asked for. */
export async function withoutPicture(pass) {
  const { status, headers, body } = unpacked(await pass());
  const { word, ...asked } = JSON.parse(body);
  return { status, headers, body: JSON.stringify({ ...asked, word: { ...word, picture: undefined } }) };
}

/** Does as another rule does, but not before it is released. */
export function held(then = (pass) => pass()) {
  let release;
  const released = new Promise((resolve) => (release = resolve));
  const rule = async (pass) => {
    await released;
    return then(pass);
  };
  return { rule, release };
}

async function read(asked) {
  const chunks = [];
  for await (const chunk of asked) chunks.push(chunk);
  const { method, headers, url } = asked;
  const body = Buffer.concat(chunks);
  const { pathname, searchParams } = new URL(url, "http://proxy");
  const [name] = calls.find(([, path]) => path.test(pathname)) ?? ["other"];
  const fields = Object.fromEntries(body.length > 0 ? new URLSearchParams(body.toString()) : searchParams);
  // Nothing need come of it, and mostly nothing does where a word is to be asked.
  const call = fields.early ? "early" : name;
  return { call, method, headers, url, body, fields };
}

async function forward({ method, headers, url, body, call }, upstream) {
  const passed = request(upstream + url, { method, headers });
  passed.end(body);
  const [given] = await once(passed, "response");
  const chunks = [];
  for await (const chunk of given) chunks.push(chunk);
  const { "transfer-encoding": _, "content-length": __, ...rest } = given.headers;
  const isOurs = own && call in ownFiles;
  if (isOurs) delete rest["content-encoding"];
  return { status: given.statusCode, headers: rest, body: isOurs ? readFileSync(join(own, ownFiles[call])) : Buffer.concat(chunks) };
}

function parsed(given) {
  return given.headers["content-type"]?.startsWith("application/json") ? JSON.parse(unpacked(given).body) : {};
}

/** The same reply as it was before it was compressed, if it was. */
function unpacked({ status, headers: { "content-encoding": coding, ...headers }, body }) {
  return { status, headers, body: coding === "gzip" ? gunzipSync(body) : body };
}

/** Half a reply: browsers send again by themselves what got none at all. */
function breakOff(reply) {
  reply.writeHead(200, { "content-length": 500, "access-control-allow-origin": "*" });
  reply.write("{", () => reply.destroy());
}
