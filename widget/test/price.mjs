// How long work takes on a slow device: `HAECHI=target/debug/haechi node widget/test/price.mjs [ALGORITHM…]`.
//
// Chromium's own slowing (CDP) is of a page's main thread alone, and neither of workers nor of the threads on which
// WebCrypto computes. So the browser is kept on one processor, what a puzzle takes is the processor time of all threads
// of its renderer, and a device that is six times as slow takes six times as long. That is the same however busy the
// machine is otherwise. One worker does it, as a device with one processor has it.
import { randomInt } from "node:crypto";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { puppeteer } from "./harness/engines/puppeteer.mjs";
import { startHaechi } from "./harness/haechi.mjs";
import { makePuzzle } from "./harness/puzzles.mjs";

const program = process.env.CHROMIUM ?? "/usr/bin/chromium";
const slowness = 6;
const counts = { 0: 40, 3: 20 };
const settings = { pbkdf2: ["localhost", "plain.test"], scrypt: ["localhost"], sha256: ["localhost"] };

if (!process.env.HAECHI) throw new Error("HAECHI must be the path of the server's program");
const folder = await mkdtemp(join(tmpdir(), "haechi-price-"));
const haechi = await startHaechi(resolve(process.env.HAECHI), folder);
const site = createServer(serve).listen(0, "127.0.0.1");
const browser = await puppeteer.launch({
  executablePath: program,
  args: ["--no-sandbox", "--host-resolver-rules=MAP plain.test 127.0.0.1"],
});
execFileSync("taskset", ["--all-tasks", "--pid", "1", String(browser.process().pid)], { stdio: "ignore" });
console.log(`${await browser.version()}, times ${slowness}, in seconds\n`);
console.log("| algorithm | by | level | counters | puzzles | median | 95 % | longest | derivations/s, unslowed |\n|---|---|---|---|---|---|---|---|---|");
const wanted = process.argv.slice(2);
for (const [setting, hosts] of Object.entries(settings)) {
  if (wanted.length > 0 && !wanted.includes(setting)) continue;
  for (const host of hosts) for (const level of [0, 3]) await measure(setting, host, level);
}
await browser.close();
await haechi.stop();
await rm(folder, { recursive: true });
process.exit();

async function measure(setting, host, level) {
  const { counters, parameters } = await haechi.workOf(setting, level);
  const page = await browser.newPage();
  await page.goto(`http://${host}:${site.address().port}/`);
  const renderer = await rendererOf(page);
  const times = [];
  let tried = 0;
  for (let done = 0; done < counts[level]; done++) {
    const counter = randomInt(counters);
    const { algorithm, cost, memoryCost, parallelism } = parameters;
    const { work } = await makePuzzle(algorithm, { cost, memoryCost, parallelism, counter, counters });
    const before = secsOf(renderer);
    const solution = await page.evaluate(solve, work);
    times.push(secsOf(renderer) - before);
    if (solution.counter !== String(counter)) throw new Error(`${solution.counter} is not ${counter}`);
    await page.evaluate(() => window.worker.terminate());
    tried += counter + 1;
  }
  const by = (await page.evaluate(() => isSecureContext)) && setting === "pbkdf2" ? "WebCrypto" : "plain code";
  await page.close();
  const rate = tried / times.reduce((sum, time) => sum + time);
  times.sort((one, other) => one - other);
  const [median, most, longest] = [0.5, 0.95, 1].map((part) => (times[Math.ceil(times.length * part) - 1] * slowness).toFixed(2));
  console.log(`| ${[parameters.algorithm, by, level, counters, times.length, median, most, longest, Math.round(rate)].join(" | ")} |`);
}

/** The process that has the page, which is the only one that is new. */
async function rendererOf(page) {
  const devtools = await page.browser().target().createCDPSession();
  const busy = page.evaluate(() => {
    const end = performance.now() + 300;
    while (performance.now() < end);
  });
  const { processInfo: before } = await devtools.send("SystemInfo.getProcessInfo");
  await busy;
  const { processInfo: after } = await devtools.send("SystemInfo.getProcessInfo");
  const gain = ({ id, cpuTime }) => cpuTime - (before.find((one) => one.id === id)?.cpuTime ?? 0);
  const renderers = after.filter(({ type }) => type === "renderer");
  const { id } = renderers.reduce((one, other) => (gain(other) > gain(one) ? other : one));
  execFileSync("taskset", ["--all-tasks", "--pid", "1", String(id)], { stdio: "ignore" });
  return id;
}

/** Processor time of all its threads. */
function secsOf(pid) {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + nanosOf(`/proc/${pid}/task/${thread}`), 0) / 1e9;
}

function nanosOf(thread) {
  try {
    return Number(readFileSync(`${thread}/schedstat`, "utf8").split(" ")[0]);
  } catch (error) {
    if (error.code === "ENOENT") return 0; // it has ended since it was listed, and none that computes does
    throw error;
  }
}

function serve({ url }, reply) {
  if (url !== "/work.js") return reply.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Price</title>");
  reply.writeHead(200, { "content-type": "text/javascript" });
  reply.end(readFileSync(new URL("../dist/work.js", import.meta.url)));
}

// This runs in the page.

function solve({ parameters, counters }) {
  return new Promise((resolve, reject) => {
    window.worker = new Worker("/work.js");
    window.worker.onmessage = ({ data }) => {
      if (data.fault) reject(new Error(data.fault));
      if (data.solution) resolve(data.solution);
    };
    window.worker.postMessage({ parameters, range: { start: 0, step: 1, end: counters } });
  });
}
