// Installs what clients need, pinned, into a cache folder. What is there already, unchanged, stays.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export class Cache {
  constructor(folder, clients) {
    this.folder = folder;
    this.clients = clients;
  }

  /** All npm packages, in one folder. Applications are copied there, so that Node finds their packages. */
  async npm() {
    const folder = join(this.folder, "npm");
    await mkdir(folder, { recursive: true });
    const lists = ["package.json", "package-lock.json", ".npmrc"];
    const texts = await Promise.all(lists.map((list) => readFile(join(this.clients, list), "utf8")));
    await once(folder, texts.join(""), async () => {
      for (const list of lists) await cp(join(this.clients, list), join(folder, list));
      await run("npm", ["ci"], { cwd: folder });
    });
    return folder;
  }

  async nodeApplication(name) {
    const folder = join(await this.npm(), name);
    await rm(folder, { recursive: true, force: true });
    await cp(join(this.clients, name), folder, { recursive: true });
    return folder;
  }

  async npmVersion(name) {
    const { version } = JSON.parse(await readFile(join(await this.npm(), "node_modules", name, "package.json"), "utf8"));
    return version;
  }

  /** A Python with what the client's requirements.txt lists, and nothing else. */
  async python(name) {
    const folder = join(this.folder, "python", name);
    const list = join(this.clients, name, "requirements.txt");
    const python = join(folder, "bin", "python");
    await once(folder, await readFile(list, "utf8"), async () => {
      await run("python3", ["-m", "venv", "--clear", "--without-pip", folder]);
      const flags = ["--python", python, "--disable-pip-version-check"];
      await run(await this.pip(), [...flags, "install", "--quiet", "--no-deps", "-r", list]);
    });
    return python;
  }

  /** One pip for all of them: making one takes longer than most clients do. */
  async pip() {
    const folder = join(this.folder, "python", "pip");
    await once(folder, "pip", () => run("python3", ["-m", "venv", "--clear", folder]));
    return join(folder, "bin", "pip");
  }

  async pythonVersion(name, distribution) {
    const python = await this.python(name);
    const ask = "import sys, importlib.metadata as m; print(m.version(sys.argv[1]))";
    return (await run(python, ["-c", ask, distribution])).stdout.trim();
  }
}

/** Debian's packages are the machine's: a client that lacks one fails, and says what to install. */
export async function debianVersion(...packages) {
  let version;
  for (const name of packages) {
    const found = await run("dpkg-query", ["-W", "-f", "${db:Status-Status} ${Version}", name]).catch(() => undefined);
    if (!found?.stdout.startsWith("installed ")) throw new Error(`missing: apt-get install --no-install-recommends ${packages.join(" ")}`);
    version ??= found.stdout.slice("installed ".length);
  }
  return version;
}

/** Fills the folder unless it was filled from the same list before. */
async function once(folder, list, fill) {
  const stamp = join(folder, ".installed");
  if (existsSync(stamp) && (await readFile(stamp, "utf8")) === list) return;
  await rm(stamp, { force: true });
  await fill();
  await writeFile(stamp, list);
}
