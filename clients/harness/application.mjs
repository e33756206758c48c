// A site's application: a process that listens on a port of its own, with a form that people sign in by.
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { startChild, stopChild } from "./children.mjs";

const secsToStart = 30;

export async function start(command, args, { port, env, cwd }) {
  const child = startChild(command, args, { env: { ...process.env, ...env }, cwd, stdio: ["ignore", "pipe", "pipe"] });
  let [output, ended] = ["", false];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  for (const event of ["error", "exit"]) child.once(event, (reason) => ([output, ended] = [`${output}${event} ${reason}`, true]));
  const stop = () => stopChild(child);
  for (let tries = 0; tries < secsToStart * 20 && !ended; tries++) {
    if (await answers(port)) return { url: `http://localhost:${port}`, output: () => output, stop };
    await pause(50);
  }
  await stop();
  throw new Error(`the application does not start: ${output.slice(-2000)}`);
}

async function answers(port) {
  return fetch(`http://localhost:${port}/`, { redirect: "manual" }).then(() => true, () => false);
}

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Sends the form of a page as a browser without JavaScript does, its hidden fields and cookies included. */
export async function submit(page, fields) {
  const shown = await fetch(page);
  const text = await shown.text();
  const cookie = shown.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
  const body = new URLSearchParams({ ...hiddenFields(text), ...fields });
  const reply = await fetch(page, { method: "POST", body, headers: { cookie }, redirect: "manual" });
  return { status: reply.status, text: await reply.text() };
}

function hiddenFields(html) {
  const [form] = html.match(/<form\b[^>]*method=["']post["'].*?<\/form>/is) ?? [""];
  const inputs = form.match(/<input\b[^>]*type=["']hidden["'][^>]*>/g) ?? [];
  return Object.fromEntries(inputs.map((input) => [attribute(input, "name"), attribute(input, "value")]));
}

function attribute(tag, name) {
  return tag.match(new RegExp(`\\b${name}=["']([^"']*)["']`))?.[1] ?? "";
}
