// Before the server, for measuring: each new connection costs the time of its handshakes, which the browser's own
// throttling leaves out.
import { once } from "node:events";
import { connect, createServer } from "node:net";

export class Handshakes {
  static async start(upstream, millis) {
    const { hostname, port } = new URL(upstream);
    const relay = new Handshakes();
    relay.server = createServer((client) => {
      setTimeout(() => {
        const server = connect(Number(port), hostname);
        server.pipe(client).pipe(server);
        for (const end of [server, client]) end.on("error", () => (server.destroy(), client.destroy()));
      }, millis);
    });
    relay.server.listen(0, "127.0.0.1");
    await once(relay.server, "listening");
    relay.url = `http://127.0.0.1:${relay.server.address().port}`;
    return relay;
  }

  stop() {
    this.server.close();
  }
}
