// phpMyAdmin as Debian packages it, with a MariaDB of its own. Its settings are put over /etc/phpmyadmin/conf.d for
// its process alone, which takes root.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort, start } from "./application.mjs";
import { startChild, stopChild } from "./children.mjs";
import { debianVersion } from "./install.mjs";
import { signIn } from "./kinds.mjs";

const run = promisify(execFile);
const packages = ["phpmyadmin", "mariadb-server", "php-cli"];
const [user, password] = ["ada", "the difference engine"];

export function phpMyAdmin(wanted) {
  return {
    title: async () => `phpmyadmin ${await debianVersion(...packages)} (Debian)`,
    async run(context) {
      await debianVersion(...packages);
      const folder = await mkdtemp(join(context.folder, "phpmyadmin-"));
      const database = await startDatabase(join(folder, "database"));
      try {
        const form = { pma_username: user, pma_password: password };
        return await signIn(context, { ...wanted, form, greeting: "Database server" }, (settings) =>
          startPhpMyAdmin(settings, folder, join(context.clients, "phpmyadmin/conf.d"), database.port));
      } finally {
        await database.stop();
      }
    },
  };
}

async function startPhpMyAdmin({ haechi, port, env }, folder, settings, databasePort) {
  const ini = ["-d", `openssl.cafile=${env.SSL_CERT_FILE}`, "-d", `curl.cainfo=${env.SSL_CERT_FILE}`];
  const serve = ["php", ...ini, "-S", `localhost:${port}`, "-t", "/usr/share/phpmyadmin"];
  const script = 'mount --bind "$0" /etc/phpmyadmin/conf.d && exec "$@"';
  const own = { TEMP_DIR: folder, DATABASE_PORT: String(databasePort), HAECHI_ORIGIN: new URL(haechi.url).origin };
  return start("unshare", ["--mount", "sh", "-c", script, settings, ...serve], { port, env: { ...env, ...own } });
}

async function startDatabase(folder) {
  await mkdir(folder);
  const [port, socket] = [await freePort(), join(folder, "socket")];
  const files = ["--no-defaults", `--datadir=${folder}`, `--user=${userInfo().username}`];
  await run("mariadb-install-db", [...files, "--auth-root-authentication-method=normal", "--skip-test-db"]);
  const flags = [`--socket=${socket}`, `--port=${port}`, "--bind-address=127.0.0.1"];
  const server = startChild("mariadbd", [...files, ...flags], { stdio: "ignore" });
  const sql = `CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'`;
  for (let tries = 0; tries < 200; tries++) {
    const client = run("mariadb", ["--no-defaults", `--socket=${socket}`, "--user=root", "--execute", sql]);
    if (await client.then(() => true, () => false)) break;
    await pause(50);
  }
  return { port, stop: () => stopChild(server) };
}
