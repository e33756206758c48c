// The site behind the page, on another origin than the server: its pages have the strictest policy under which the
// widget is to run, and what its form sends is redeemed.
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { host, redeem } from "./haechi.mjs";
import { readPackaged } from "./packages.mjs";

/** The documentation's own examples. */
const snippets = new URL("../../../crates/server/src/pages/console/snippets/widget/", import.meta.url);
export const example = readFileSync(new URL("widget.html", snippets), "utf8");
const policy = readFileSync(new URL("policy.txt", snippets), "utf8").trim();
const scripts = {
  "/observer.js": readFileSync(new URL("../page/observer.js", import.meta.url)),
  "/screen-reader.js": readPackaged("@guidepup/virtual-screen-reader/lib/esm/index.browser.js"),
};

export class Site {
  #server;
  #html = "";
  #mayFrame = true;
  #joined = new EventEmitter();

  /** `server` is the server's address for browsers. */
  static async start(haechi, server) {
    const site = new Site();
    Object.assign(site, { haechi, server });
    site.#server = createServer((asked, reply) => site.#serve(asked, reply)).listen(0, host);
    await once(site.#server, "listening");
    site.url = `http://${host}:${site.#server.address().port}`;
    return site;
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Puts up a page, which is the example if no other content is given. Returns its address. */
  show({ app = "test", lang = "en", dir = "ltr", content = example, attributes = {}, isObserved = true, mayFrame = true } = {}) {
    this.#mayFrame = mayFrame;
    this.app = this.haechi.apps[app];
    const given = Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`);
    const body = content
      .replaceAll("{host}", this.server)
      .replaceAll("{site_key}", this.app.site_key)
      .replaceAll("<haechi-captcha", `<haechi-captcha${given.join("")}`);
    this.#html = `<!doctype html>
<html lang="${lang}" dir="${dir}">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Site</title>
${isObserved ? '<script src="/observer.js"></script>' : ""}
</head>
<body><main><h1>Site</h1>
${body}
<p id="below">Text below</p></main></body></html>`;
    return `${this.url}/`;
  }

  /** What the server said of the token of the form that is sent next. */
  async joined() {
    const [verdict] = await once(this.#joined, "joined", { signal: AbortSignal.timeout(10_000) });
    return verdict;
  }

  async #serve(asked, reply) {
    const html = { "content-type": "text/html; charset=utf-8" };
    const { pathname } = new URL(asked.url, this.url);
    const policed = { ...html, "content-security-policy": this.#policy() };
    if (pathname in scripts) return reply.writeHead(200, { "content-type": "text/javascript" }).end(scripts[pathname]);
    if (pathname === "/") return reply.writeHead(200, policed).end(this.#html);
    if (pathname === "/elsewhere") return reply.writeHead(200, html).end("<title>Elsewhere</title>");
    if (pathname !== "/join") return reply.writeHead(204).end();
    const fields = await readForm(asked);
    const verdict = await redeem(this.haechi.url, this.app, fields["haechi-response"] ?? "");
    this.#joined.emit("joined", { fields, verdict });
    reply.writeHead(200, html).end("<title>Joined</title>");
  }

  #policy() {
    const directives = this.#mayFrame ? policy : policy.replace(/frame-src [^;]*(; )?/, "");
    return `default-src 'none'; base-uri 'none'; form-action 'self'; ${directives.replaceAll("{origin}", this.server)}`;
  }
}

async function readForm(asked) {
  let body = "";
  for await (const chunk of asked) body += chunk;
  return Object.fromEntries(new URLSearchParams(body));
}
