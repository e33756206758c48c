// Programs that end with us, however we end, with those that they started.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const running = new Set();

process.on("exit", () => {
  for (const program of running) signal(program, "SIGKILL");
});
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(name, () => {
    console.error(`ended by ${name}`);
    process.exit(1);
  });
}

export function start(program, args, options = {}) {
  const child = spawn(program, args, { stdio: "ignore", detached: true, ...options });
  running.add(child);
  child.once("error", () => running.delete(child));
  return child;
}

/** Those that it started may outlive it for a moment, so that the signal goes to the group. */
export async function stop(program) {
  if (!running.delete(program)) return;
  const hasEnded = program.exitCode !== null || program.signalCode !== null;
  signal(program, "SIGTERM");
  if (!hasEnded) await once(program, "exit");
}

/** Says what to install, before any test fails of it. */
export function need(programs) {
  const missing = Object.entries(programs).filter(([name]) => !isThere(name));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, name]) => name))];
  throw new Error(`${missing.map(([name]) => name).join(", ")} missing: apt-get install ${packages.join(" ")}`);
}

function signal(program, name) {
  try {
    process.kill(-program.pid, name);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

function isThere(program) {
  const folders = program.startsWith("/") ? [""] : process.env.PATH.split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
