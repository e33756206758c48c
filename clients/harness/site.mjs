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

export async function startSite(folder, haechi, { field, vendor }) {
  const [html, script] = [await filled(join(folder, "index.html"), haechi), await bundle(folder, haechi)];
  const server = createServer(async (asked, reply) => {
    if (asked.url === "/page.js") return reply.setHeader("content-type", "text/javascript").end(script);
    if (asked.url !== "/") return reply.writeHead(404).end();
    reply.setHeader("content-security-policy", policy(haechi)).setHeader("content-type", "text/html; charset=utf-8");
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

/** All that the widget needs, and nothing else. */
function policy({ url }) {
  const { origin } = new URL(url);
  const own = ["default-src 'none'", "form-action 'self'", `script-src 'self' ${origin}`];
  return [...own, ...["connect-src", "img-src", "media-src"].map((directive) => `${directive} ${origin}`)].join("; ");
}

async function signIn(body, field, { url, secret }, vendor) {
  const form = new URLSearchParams(body);
  const asked = new URLSearchParams({ secret, response: form.get(field) ?? "" });
  const verdict = await (await fetch(url + verifyPaths[vendor], { method: "POST", body: asked })).json();
  return verdict.success ? `<p>Signed in as ${form.get("name")}</p>` : `<p>Refused: ${verdict["error-codes"]}</p>`;
}

async function filled(file, { url, siteKey }) {
  return (await readFile(file, "utf8")).replaceAll("{{HAECHI}}", url).replaceAll("{{SITE_KEY}}", siteKey);
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
