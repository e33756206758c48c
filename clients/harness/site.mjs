// The site behind a page: serves the page with a strict Content-Security-Policy, and asks haechi about the token.
import { build } from "esbuild";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import { join } from "node:path";

const verifyPaths = {
  recaptcha: "/recaptcha/api/siteverify",
  hcaptcha: "/siteverify",
  turnstile: "/turnstile/v0/siteverify",
};

/** By the vendor's verifier, who is right, and else why not. */
const verifiers = {
  async altcha(payload, { url, secret }) {
    const body = JSON.stringify({ payload, secret });
    const { verified, reason, error } = await (await fetch(`${url}/altcha/v2/verify/signature`, { method: "POST", body })).json();
    return verified ? "" : (reason ?? error);
  },
  async cap(response, { url, siteKey, secret }) {
    const body = JSON.stringify({ secret, response });
    const { success, error } = await (await fetch(`${url}/cap/${siteKey}/siteverify`, { method: "POST", body })).json();
    return success ? "" : error;
  },
};

async function siteverify(vendor, response, { url, secret }) {
  const body = new URLSearchParams({ secret, response });
  const verdict = await (await fetch(url + verifyPaths[vendor], { method: "POST", body })).json();
  return verdict.success ? "" : String(verdict["error-codes"]);
}

export async function startSite(folder, haechi, { field, vendor, challenge, needs, files = {} }) {
  const page = { ...haechi, challenge: `${challenge}${haechi.siteKey}` };
  const [html, script] = [await filled(join(folder, "index.html"), page), await bundle(folder, haechi)];
  const server = createServer(async (asked, reply) => {
    if (asked.url === "/page.js") return reply.setHeader("content-type", "text/javascript").end(script);
    if (asked.url in files) return reply.end(await readFile(join(folder, "../node_modules", files[asked.url])));
    if (asked.url !== "/") return reply.writeHead(404).end();
    reply.setHeader("content-security-policy", policy(haechi, needs)).setHeader("content-type", "text/html; charset=utf-8");
    if (asked.method === "GET") return reply.end(html);
    const answered = signIn(await read(asked), field, haechi, vendor);
    reply.end(await answered.catch((error) => (reply.writeHead(500), String(error.cause ?? error))));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://localhost:${server.address().port}`,
    output: () => "",
    stop: () => (server.close(), server.closeAllConnections()),
  };
}

/** All that the widget needs, and nothing else. Others' widgets need more. */
function policy({ url }, needs = {}) {
  const { origin } = new URL(url);
  const directives = { "default-src": "'none'", "form-action": "'self'", "script-src": `'self' ${origin}` };
  for (const name of ["connect-src", "img-src", "media-src"]) directives[name] = origin;
  for (const [name, value] of Object.entries(needs)) directives[name] = `${directives[name] ?? ""} ${value}`;
  return Object.entries(directives).map(([name, value]) => `${name} ${value}`).join("; ");
}

async function signIn(body, field, haechi, vendor) {
  const form = new URLSearchParams(body);
  const response = form.get(field) ?? "";
  const refusal = await (verifiers[vendor]?.(response, haechi) ?? siteverify(vendor, response, haechi));
  return refusal ? `<p>Refused: ${refusal}</p>` : `<p>Signed in as ${form.get("name")}</p>`;
}

async function filled(file, { url, siteKey, challenge }) {
  const values = { HAECHI: url, SITE_KEY: siteKey, CHALLENGE: challenge };
  return (await readFile(file, "utf8")).replace(/\{\{([A-Z_]+)\}\}/g, (_, name) => values[name]);
}

async function bundle(folder, { url, siteKey }) {
  const source = ["page.jsx", "page.js"].map((name) => join(folder, name)).find(existsSync);
  if (!source) return "";
  const { outputFiles } = await build({
    entryPoints: [source],
    bundle: true,
    write: false,
    jsx: "automatic",
    define: {
      HAECHI: JSON.stringify(url),
      SITE_KEY: JSON.stringify(siteKey),
      "process.env.NODE_ENV": JSON.stringify("development"),
      __VUE_OPTIONS_API__: "true",
      __VUE_PROD_DEVTOOLS__: "false",
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
    },
    logLevel: "silent",
  });
  return outputFiles[0].contents;
}

async function read(asked) {
  let body = "";
  for await (const chunk of asked) body += chunk;
  return body;
}
