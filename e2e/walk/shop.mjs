// A site that is protected as the console's integration page says: its example, its request, and nothing else.
import { once } from "node:events";
import { createServer } from "node:http";

export class Shop {
  #server;
  #html = "";
  #secret = "";
  /** What the server said of each token. */
  verdicts = [];

  static async open() {
    const shop = new Shop();
    shop.#server = createServer((asked, reply) => shop.#serve(asked, reply)).listen(0, "127.0.0.1");
    await once(shop.#server, "listening");
    shop.url = `http://localhost:${shop.#server.address().port}`;
    return shop;
  }

  protect({ example, secret, haechi }) {
    this.#html = `<!doctype html><html lang="en"><title>Shop</title><main><h1>Shop</h1>${example}</main></html>`;
    this.#secret = secret;
    this.haechi = haechi;
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(asked, reply) {
    reply.setHeader("content-type", "text/html; charset=utf-8");
    if (asked.method !== "POST") return reply.end(this.#html);
    let form = "";
    for await (const chunk of asked) form += chunk;
    const token = new URLSearchParams(form).get("haechi-response") ?? "";
    const body = new URLSearchParams({ secret: this.#secret, response: token });
    const verdict = await (await fetch(`${this.haechi}/siteverify`, { method: "POST", body })).json();
    this.verdicts.push(verdict);
    reply.end(`<!doctype html><html lang="en"><title>Joined</title><h1>${verdict.success ? "Welcome" : "Refused"}</h1></html>`);
  }
}
