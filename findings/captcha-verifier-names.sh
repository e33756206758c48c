#!/bin/sh
# captcha-verifier 1.1.2 (npm) tells the vendor the visitor's address and the site key under names that no vendor reads.
#
# reCAPTCHA's and hCaptcha's siteverify take `remoteip`, and hCaptcha's takes `sitekey`. The package offers both,
# `hCaptcha(token, ip, siteKey)`, and links to the page that names them, but sends `ip` and `siteKey` (Verifier.js). A
# vendor passes over fields that it does not know, so that nothing looks wrong: tokens are accepted, and the two
# arguments have no effect.
#
# The vendor's answer is made here. Needs node 20, npm and a package registry. Exits with 0 while it is so, with 1 if
# one of the vendors' names is sent.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" captcha-verifier@1.1.2 >&2
cat > names.cjs <<'JAVASCRIPT'
const https = require("node:https");
const { EventEmitter } = require("node:events");

// Instead of the network: what is written is kept, and the vendor's answer is given.
const sent = [];
https.request = (url, options, onResponse) => {
  const request = new EventEmitter();
  request.write = (body) => sent.push({ host: new URL(url).host, names: [...new URLSearchParams(body).keys()] });
  request.end = () => {
    const response = new EventEmitter();
    response.setEncoding = () => {};
    onResponse(response);
    response.emit("data", '{"success":true,"hostname":"site.example"}');
    response.emit("end");
  };
  return request;
};
const verifier = require("captcha-verifier");
const captcha = verifier.default ?? verifier;

(async () => {
  captcha.config({ reCaptchaV2SecretKey: "secret", hCaptchaSecretKey: "secret" });
  await captcha.reCaptchaV2("token", "203.0.113.7");
  await captcha.hCaptcha("token", "203.0.113.7", "site-key");
  for (const { host, names } of sent) console.log(`to ${host}: ${names.join(", ")}`);
  const seen = sent.map(({ names }) => names.join());
  process.exit(seen[0] === "secret,response,ip" && seen[1] === "secret,response,ip,siteKey" ? 0 : 1);
})();
JAVASCRIPT
node names.cjs
