#!/bin/sh
# grecaptcha 1.0.3 (npm) asks for eight seconds of patience and has a tenth of one.
#
# Its `verify` calls `.timeout(8000)` of centra 1.0.1, the only version that its dependency "^1.0.1" can mean. There the
# method ignores its argument (CentraRequest.js: `timeout (timeout) { this.timeoutTime = 100`), although centra's README
# sets two seconds by it. So a good token is refused with "Timeout reached" whenever the vendor, or the way to it, is
# silent for more than 100 milliseconds. To a site far away that comes and goes; a verification that takes half a
# second, which every other client waits for, never succeeds.
#
# The vendor's host is replaced by a server of this script. Needs node 20, npm and a package registry. Exits with 0
# while it is so, with 1 if an answer after half a second is waited for.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" grecaptcha@1.0.3 centra@1.0.1 >&2
cat > patience.cjs <<'JAVASCRIPT'
const http = require("node:http");
const https = require("node:https");
const { once } = require("node:events");

async function main() {
  let delay = 0;
  const vendor = http.createServer((_request, response) => {
    setTimeout(() => response.end('{"success":true,"hostname":"site.example"}'), delay);
  });
  vendor.listen(0, "127.0.0.1");
  await once(vendor, "listening");
  // What goes to www.google.com goes to the server above, by a socket of its own each time.
  const here = { protocol: "http:", host: "127.0.0.1", port: vendor.address().port, agent: false };
  https.request = (options, onResponse) => http.request({ ...options, ...here }, onResponse);
  const Client = require("grecaptcha");

  async function verdict(milliseconds) {
    delay = milliseconds;
    const outcome = await new Client("secret").verify("token").catch((error) => error.message);
    console.log(`an answer after ${milliseconds} ms: ${outcome}`);
    return outcome;
  }
  let quick;
  // More than once, as a busy machine can be slow itself.
  for (let attempt = 0; attempt < 5 && quick !== true; attempt++) quick = await verdict(0);
  const slow = [await verdict(500), await verdict(2000), await verdict(7000)];
  process.exit(quick === true && slow.every((outcome) => outcome === "Timeout reached") ? 0 : 1);
}
main();
JAVASCRIPT
node patience.cjs
