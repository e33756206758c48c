#!/bin/sh
# @cap.js/widget 0.1.57 (npm): a salt of 32 hexadecimal digits has 32 bits, not 128.
#
# Salts and targets follow from the challenge's token by `prng(seed, length)`. It hashes the seed with 32-bit FNV-1a and
# goes on from that state by xorshift, so that of whatever length a salt is, there are at most 2^32 of them (and the state
# decides the whole of it). Two different tokens have the same salt after some 80,000 tries, where 128 bits would take
# 2^64. What was computed for one salt is good for each other challenge that has it, whoever issued it.
#
# Needs node 20, npm and a package registry. Exits with 0 while it is so, with 1 if no two salts are the same.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" @cap.js/widget@0.1.57 >&2
cat > salts.mjs <<'JAVASCRIPT'
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

// The generator as it stands in the package, which exports nothing.
const source = readFileSync("node_modules/@cap.js/widget/src/cap.js", "utf8");
const text = source.slice(source.indexOf("function prng("), source.indexOf("let _pakoPromise")).trim();
const prng = new Function(`return (${text})`)();

const seen = new Map();
for (let number = 0; number < 500_000; number++) {
  const token = createHash("sha256").update(String(number)).digest("hex");
  const salt = prng(`${token}1`, 32);
  if (seen.has(salt)) {
    console.log(`after ${number} tokens: ${seen.get(salt)} and ${token} both have the salt ${salt}`);
    process.exit(0);
  }
  seen.set(salt, token);
}
console.log("no two of 500000 tokens have the same salt");
process.exit(1);
JAVASCRIPT
node salts.mjs
