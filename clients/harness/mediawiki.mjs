// MediaWiki as Debian packages it, with SQLite: a captcha guards the making of an account.
import { execFile } from "node:child_process";
import { appendFile, mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { start } from "./application.mjs";
import { debianVersion } from "./install.mjs";
import { signIn } from "./kinds.mjs";

const run = promisify(execFile);
const packages = ["mediawiki", "php-cli", "php-sqlite3", "php-curl"];
const root = "/usr/share/mediawiki";
const password = "the difference engine";

export function mediaWiki(wanted) {
  return {
    title: async () => `mediawiki ${await debianVersion(...packages)} (Debian)`,
    async run(context) {
      await debianVersion(...packages);
      const folder = await mkdtemp(join(context.folder, "mediawiki-"));
      const path = "/index.php?title=Special:CreateAccount";
      const form = { wpName: "Ada", wpPassword: password, retype: password };
      const formOfNext = { ...form, wpName: "Grace" };
      return signIn(context, { ...wanted, path, form, formOfNext, greeting: "Welcome, Ada!" }, (settings) =>
        startWiki(settings, folder, join(context.clients, "mediawiki/settings.php")));
    },
  };
}

async function startWiki({ port, env }, folder, settings) {
  const place = ["--dbtype=sqlite", `--dbpath=${folder}`, `--confpath=${folder}`, "--scriptpath="];
  const site = [`--server=http://localhost:${port}`, `--pass=${password}`, "--lang=en", "Wiki", "Admin"];
  await run("php", [`${root}/maintenance/install.php`, ...place, ...site]);
  const file = join(folder, "LocalSettings.php");
  await appendFile(file, await readFile(settings));
  const flags = ["-d", `curl.cainfo=${env.SSL_CERT_FILE}`, "-S", `localhost:${port}`, "-t", root];
  return start("php", flags, { port, env: { ...env, MW_CONFIG_FILE: file } });
}
