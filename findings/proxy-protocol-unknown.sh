#!/bin/sh
# "PROXY UNKNOWN", the shortest valid PROXY header, is a visitor whose address is a line break to
# @balena/proxy-protocol-parser 1.0.2 (npm), and no header at all to proxy-protocol-js 4.0.6 (npm).
#
# The protocol's section 2.1 lets a sender who does not know the addresses, or checks a server's health, write just
# "PROXY UNKNOWN" and a line break, and wants receivers to ignore whatever else stands before the line break and to use
# the connection's own addresses. The first package reads six fields whatever the second one is: an IPv6 peer with the
# address "\r\n" and the port NaN, from port NaN. (Asked to validate, it throws, although it lets the same statement in
# version 2 pass.) The second one names UNKNOWN among its protocols, but wants four more fields, which it then reports
# as addresses; without them it throws.
#
# Needs node 20, npm and a package registry. Exits with 0 while it is so, with 1 if one of the two behaves otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
    @balena/proxy-protocol-parser@1.0.2 proxy-protocol-js@4.0.6 >&2
cat > unknown.cjs <<'JAVASCRIPT'
const balena = require("@balena/proxy-protocol-parser");
const { V1ProxyProtocol, V1BinaryProxyProtocol } = require("proxy-protocol-js");

function outcome(name, read) {
  let result;
  try {
    result = read();
  } catch (error) {
    result = `refused: ${error.message}`;
  }
  console.log(`${name}:`, result);
  return result;
}

const SHORT = "PROXY UNKNOWN\r\n";
const LOCAL = Buffer.from("0d0a0d0a000d0a515549540a20000000", "hex"); // as HAProxy's health checks in version 2
const peer = outcome("balena", () => balena.decode(Buffer.from(SHORT)));
const checked = outcome("balena, validating", () => balena.decode(Buffer.from(SHORT), true));
const local = outcome("balena, validating, version 2", () => balena.decode(LOCAL, true));
const text = outcome("proxy-protocol-js", () => V1ProxyProtocol.parse(SHORT));
const binary = outcome("proxy-protocol-js, binary", () => V1BinaryProxyProtocol.parse(Buffer.from(SHORT)));
const long = outcome("proxy-protocol-js, more fields", () => V1ProxyProtocol.parse("PROXY UNKNOWN - - 1 2\r\n"));
const same =
  peer.remoteFamily === "IPv6" && peer.remoteAddress === "\r\n" && Number.isNaN(peer.remotePort) &&
  String(checked).startsWith("refused") && Object.keys(local).length === 0 &&
  String(text).startsWith("refused") && String(binary).startsWith("refused") && long.source.ipAddress === "-";
process.exit(same ? 0 : 1);
JAVASCRIPT
node unknown.cjs
