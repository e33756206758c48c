// What the tests need of npm, pinned, in a folder outside of the sources. Importing this installs it.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const lists = ["package.json", "package-lock.json", ".npmrc"];
const tests = fileURLToPath(new URL("..", import.meta.url));
const cache = resolve(process.env.WIDGET_TEST_CACHE ?? join(tests, "../../target/widget-test"));

install();

/** As `require`, for installed packages. */
export const load = createRequire(join(cache, "package.json"));

/** The text of a package's file. */
export function readPackaged(path) {
  return readFileSync(join(cache, "node_modules", path), "utf8");
}

/** What is there already, unchanged, stays. */
function install() {
  const wanted = lists.map((list) => readFileSync(join(tests, list), "utf8")).join("");
  const installed = join(cache, "installed");
  if (existsSync(installed) && readFileSync(installed, "utf8") === wanted) return;
  mkdirSync(cache, { recursive: true });
  for (const list of lists) cpSync(join(tests, list), join(cache, list));
  execFileSync("npm", ["ci", "--silent"], { cwd: cache, stdio: "inherit" });
  writeFileSync(installed, wanted);
}
