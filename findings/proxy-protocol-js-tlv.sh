#!/bin/sh
# proxy-protocol-js 4.0.6 (npm): what a proxy says about a connection in TLVs is taken for the visitor's first bytes.
#
# A version-2 header says how long it is; behind the addresses it may bring TLVs, as HAProxy's host name, a checksum or
# the number of an endpoint. `V2ProxyProtocol.parse` checks that length and forgets it: its `data`, which is the request
# for a header without TLVs, begins where the addresses end (V2ProxyProtocol.js: `input.slice(addressFamilyLength +
# 16)`). So with `proxy-v2-options authority` the request line is "\2\0\17captcha.exampleGET / HTTP/1.1", and neither
# what is returned nor anything else in the package says where the TLVs end. Of what the package itself builds the
# length is right, as it writes no TLVs.
#
# The header is as HAProxy 2.6.12 sent it. Needs node 20, npm and a package registry. Exits with 0 while it is so, with
# 1 if the request is handed out by itself.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" proxy-protocol-js@4.0.6 >&2
cat > tlv.cjs <<'JAVASCRIPT'
const { V2ProxyProtocol } = require("proxy-protocol-js");

const REQUEST = "GET / HTTP/1.1\r\nHost: captcha.example\r\n\r\n";
const SIGNATURE = "0d0a0d0a000d0a515549540a";
const ADDRESSES = "7f0000017f000001e2da46ad";
const headers = {
  "without TLVs": `${SIGNATURE}2111000c${ADDRESSES}`,
  "with the host": `${SIGNATURE}2111001e${ADDRESSES}02000f636170746368612e6578616d706c65`,
};
const handedOut = Object.entries(headers).map(([name, digits]) => {
  const parsed = V2ProxyProtocol.parse(Buffer.concat([Buffer.from(digits, "hex"), Buffer.from(REQUEST)]));
  const data = Buffer.from(parsed.data).toString("latin1");
  console.log(`${name}: from port ${parsed.proxyAddress.sourcePort}, data ${JSON.stringify(data)}`);
  return data;
});
process.exit(handedOut[0] === REQUEST && handedOut[1] === `\x02\x00\x0fcaptcha.example${REQUEST}` ? 0 : 1);
JAVASCRIPT
node tlv.cjs
