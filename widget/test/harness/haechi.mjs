// The real server, with apps that ask for a word: `test`, whose answer is always the same, and `words`, as a site would
// have it, `digits` the same in digits alone; and with apps that are named after their policy: `work`, and `both`, whose answer is always the same too.
import { execFileSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { start, stop } from "./programs.mjs";

export const testAnswer = "TEST5";
/** Pages of no other host may show challenges. */
export const host = "localhost";
/** The checks begin more challenges than people do, which is not to make their work longer. */
const ourselves = "127.0.0.0/8 ::1/128";

export async function startHaechi(program, folder) {
  const data = join(folder, "data");
  const server = start(program, ["serve", "--listen", "127.0.0.1:0", "--data", data, "--json", "--print-secrets"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, HAECHI_LOG: process.env.HAECHI_LOG ?? "warn" },
  });
  server.stderr.pipe(createWriteStream(join(folder, "haechi.log")));
  const { listening, ...test } = await firstLine(server);
  const quietly = { stdio: ["ignore", "pipe", "ignore"] };
  const command = (...args) => execFileSync(program, [...args, "--data", data], quietly);
  command("app", "set", "default", "--test", "--policy", "word", "--hostnames", host);
  const create = (...args) => JSON.parse(command("app", "create", ...args, "--json", "--hostnames", host));
  const words = create("words", "--policy", "word");
  const digits = create("digits", "--policy", "word", "--alphabet", "digits", "--answer-length", "6");
  const work = create("work", "--policy", "work", "--allowed-networks", ourselves);
  const both = create("both", "--policy", "both", "--allowed-networks", ourselves, "--test");
  return {
    url: listening,
    apps: { test, words, digits, work, both },
    /** The picture's word. */
    answerOf: (key) => JSON.parse(command("inspect", key, "--answer", "--json")).answer,
    /** Work as the server asks for it by an algorithm, at the level of everybody or as the longer one. */
    workOf: async (algorithm, level) => {
      command("app", "set", "words", "--work-algorithm", algorithm, "--policy", level ? "word" : "work");
      const { key, work } = await call(listening, "begin", { sitekey: words.site_key });
      return work ?? (await call(listening, "renew", { key, how: "work" })).work;
    },
    stop: () => stop(server),
  };
}

async function call(url, name, fields) {
  const body = new URLSearchParams(fields);
  const reply = await fetch(`${url}/widget/v1/${name}`, { method: "POST", body, headers: { origin: `http://${host}` } });
  return reply.json();
}

/** What a site's server learns of a token. */
export async function redeem(url, { secret }, token) {
  const body = new URLSearchParams({ secret, response: token });
  return (await fetch(`${url}/turnstile/v0/siteverify`, { method: "POST", body })).json();
}

function firstLine(server) {
  return new Promise((resolve, reject) => {
    createInterface(server.stdout).once("line", (line) => resolve(JSON.parse(line)));
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`haechi serve ended with ${code}`)));
  });
}
