// Programs that end with us, however we end.
import { spawn } from "node:child_process";
import { once } from "node:events";

const running = new Set();

process.on("exit", () => {
  for (const child of running) child.kill();
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

export function startChild(program, args, options) {
  const child = spawn(program, args, options);
  running.add(child);
  child.once("exit", () => running.delete(child));
  child.once("error", () => running.delete(child));
  return child;
}

export async function stopChild(child) {
  if (!running.has(child)) return;
  child.kill();
  await once(child, "exit");
}
