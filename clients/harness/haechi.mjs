// Addresses of haechi: over http, over https, and over https below a path prefix of a reverse proxy, told of that or not.
import { execFileSync } from "node:child_process";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:https";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startChild } from "./children.mjs";
import { hosts } from "./vendors.mjs";

export const answer = "TEST5";
const prefix = "/below/captcha";

/** Servers with two test apps each: one asks for a word, the other for work. `stop` ends them. */
export async function startHaechi(program, folder, certificate) {
  const plain = await serve(program, join(folder, "plain"), []);
  const tls = ["--tls-certificate", certificate.file, "--tls-key", certificate.key];
  const secure = await serve(program, join(folder, "secure"), tls);
  // Whatever has whole addresses in it takes a server that was told how it is reached.
  const told = await serve(program, join(folder, "told"), ["--public-path", prefix, "--trusted-proxies", "127.0.0.1"]);
  const proxies = await Promise.all([plain, told].map((server) => startProxy(certificate, server)));
  const [behind, behindTold] = proxies.map((proxy) => `https://localhost:${proxy.address().port}${prefix}`);
  return {
    addresses: {
      plain: plain.app,
      secure: secure.app,
      prefixed: { ...plain.app, url: behind },
      told: { ...told.app, url: behindTold },
    },
    certificate: certificate.file,
    stop() {
      for (const proxy of proxies) {
        proxy.close();
        proxy.closeAllConnections();
      }
      for (const { server } of [plain, secure, told]) server.kill();
    },
  };
}

async function serve(program, data, flags) {
  mkdirSync(data);
  const server = startChild(program, ["serve", "--listen", "127.0.0.1:0", "--data", data, "--json", "--print-secrets", ...flags], {
    stdio: ["ignore", "pipe", openSync(`${data}.log`, "w")],
    env: { ...process.env, HAECHI_LOG: process.env.HAECHI_LOG ?? "warn" },
  });
  const first = await firstLine(server);
  const quiet = { stdio: ["ignore", "pipe", "ignore"] };
  const app = (...args) => JSON.parse(execFileSync(program, ["app", ...args, "--data", data, "--json"], quiet));
  const settings = (policy) => ["--test", "true", "--policy", policy, "--hostnames", "localhost"];
  app("set", "default", ...settings("word"));
  const withKey = (name, { site_key, secret }) =>
    ({ siteKey: site_key, secret, altchaKey: app("altcha-key", name).altcha_key });
  // Applications check the name in the certificate.
  const url = first.listening.replace("127.0.0.1", "localhost");
  const work = withKey("work", app("create", "work", ...settings("work")));
  return { server, port: Number(new URL(url).port), app: { url, ...withKey("default", first), work } };
}

function firstLine(server) {
  return new Promise((resolve, reject) => {
    createInterface(server.stdout).once("line", (line) => resolve(JSON.parse(line)));
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`haechi serve ended with ${code}`)));
  });
}

/** Good for this machine, and for the vendors' names, which some clients cannot be talked out of. */
export function makeCertificate(folder) {
  const [file, key] = [join(folder, "certificate.pem"), join(folder, "key.pem")];
  const names = ["localhost", ...hosts].map((name) => `DNS:${name}`).join(",");
  const wanted = ["-subj", "/CN=haechi clients", "-addext", `subjectAltName=${names},IP:127.0.0.1`];
  const form = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  execFileSync("openssl", ["req", ...form, ...wanted, "-keyout", key, "-out", file], { stdio: "ignore" });
  return { file, key };
}

/** Passes on what is below the prefix, without it. Nothing else is there. */
function startProxy({ file, key }, { port }) {
  const proxy = createServer({ cert: readFileSync(file), key: readFileSync(key) }, (asked, reply) => {
    if (!asked.url.startsWith(`${prefix}/`)) {
      reply.writeHead(404, { "content-type": "text/html" }).end("<h1>The site has no such page</h1>");
      return;
    }
    const { method } = asked;
    const headers = { ...asked.headers, "x-forwarded-proto": "https", "x-forwarded-for": asked.socket.remoteAddress };
    const passed = request({ port, method, headers, path: asked.url.slice(prefix.length) }, (given) => {
      reply.writeHead(given.statusCode, given.headers);
      given.pipe(reply);
    });
    passed.on("error", () => reply.destroy());
    asked.pipe(passed);
  });
  return new Promise((resolve) => proxy.listen(0, "127.0.0.1", () => resolve(proxy)));
}
