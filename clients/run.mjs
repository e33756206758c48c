// Real client packages, unpatched, against haechi: `HAECHI=target/debug/haechi node clients/run.mjs [NAME…]`.
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { startChild } from "./harness/children.mjs";
import { makeCertificate } from "./harness/haechi.mjs";
import { Cache } from "./harness/install.mjs";

const clients = fileURLToPath(new URL(".", import.meta.url));
if (!process.env.HAECHI) throw new Error("HAECHI must be the path of the server's program");
const program = resolve(process.env.HAECHI);
const cacheFolder = resolve(process.env.CLIENTS_CACHE ?? join(clients, "../target/clients"));

// The harness runs where its packages are installed, and trusts the certificate, which Node reads as it starts.
const npm = await new Cache(cacheFolder, clients).npm();
for (const name of ["harness", "list.mjs"]) {
  await rm(join(npm, name), { recursive: true, force: true });
  await cp(join(clients, name), join(npm, name), { recursive: true });
}
const folder = await mkdtemp(join(tmpdir(), "haechi-clients-"));
const certificate = makeCertificate(folder);
const wanted = JSON.stringify({ program, folder, cacheFolder, clients, certificate, names: process.argv.slice(2) });
const harness = startChild(process.execPath, [join(npm, "harness/run-all.mjs"), wanted], {
  env: { ...process.env, NODE_EXTRA_CA_CERTS: certificate.file },
  stdio: "inherit",
});
const [code] = await once(harness, "exit");
if (code === 0) await rm(folder, { recursive: true });
else console.log(`the servers' logs and data are in ${folder}`);
process.exitCode = code ?? 1;
