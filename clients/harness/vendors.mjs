// Some clients know no other address than the vendor's. An operator can still lead them to haechi: by the name's entry
// in the network's own DNS and a certificate that the site trusts. Here a proxy, a hook and a flag stand for that DNS.
import { createServer } from "node:http";
import { connect } from "node:net";

export const hosts = ["hcaptcha.com", "challenges.cloudflare.com", "www.google.com", "www.recaptcha.net"];

/** For clients that take a proxy: whatever name of a vendor is asked for, haechi answers. All else is refused. */
export function startVendors(port) {
  const proxy = createServer((_asked, reply) => reply.writeHead(403).end());
  proxy.on("connect", (asked, client, head) => {
    const [host] = asked.url.split(":");
    if (!hosts.includes(host)) return client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    const server = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      server.write(head);
      server.pipe(client).pipe(server);
    });
    for (const end of [server, client]) end.on("error", () => (server.destroy(), client.destroy()));
  });
  return new Promise((resolve) => {
    proxy.listen(0, "127.0.0.1", () => resolve({
      proxy: `http://127.0.0.1:${proxy.address().port}`,
      // For Node's own clients, which take no proxy.
      hook: ["--import", new URL("vendors-hook.mjs", import.meta.url).href],
      port,
      stop: () => (proxy.close(), proxy.closeAllConnections()),
    }));
  });
}

/** For Chromium. */
export function resolverRules(port) {
  return `--host-resolver-rules=${hosts.map((host) => `MAP ${host}:443 127.0.0.1:${port}`).join(",")}`;
}
