#!/bin/sh
# inko 1.1.1 (npm): turning Hangul back into the keys that were typed loses ㄳ, ㅄ and nine more, without a trace.
#
# `ko2en` is for text that was typed with the Korean layout on where English was meant. It knows the eleven pairs of
# consonants at the end of a syllable, 값 is "rkqt". By themselves they are nothing to it: they are neither among its
# initial consonants nor its vowels, so that no key comes out (index.js: `한글분리`). Korean keyboards show just these when
# R and T, or Q and T, are typed one after the other, and so does the package's own `en2ko` with `allowDoubleConsonant`:
# of a CAPTCHA's "WRT7" typed so it makes "ㅈㄳ7", and "w7" of that.
#
# Needs node 20, npm and a package registry. Exits with 0 while it is so, with 1 if a pair comes back or more is lost.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" inko@1.1.1 >&2
cat > clusters.cjs <<'JAVASCRIPT'
const Inko = require("./node_modules/inko/index.js"); // the package's "main" names a file that it does not have

const inko = new Inko();
const onKeyboard = (keys) => inko.en2ko(keys, { allowDoubleConsonant: true });
const typed = onKeyboard("wrt7");
console.log(`wrt7 on a Korean keyboard is ${typed}, and that is ${JSON.stringify(inko.ko2en(typed))}`);
console.log(`within a syllable: 값 is ${inko.ko2en("값")}`);
const lost = [];
const KEYS = "abcdefghijklmnopqrstuvwxyz";
for (const first of KEYS) {
  for (const second of KEYS) {
    const keys = first + second;
    const back = inko.ko2en(onKeyboard(keys));
    if (back === "") lost.push(`${keys} ${onKeyboard(keys)}`);
    else if (back !== keys) process.exit(1);
  }
}
console.log(`of 676 pairs of keys ${lost.length} are lost: ${lost.join(", ")}`);
process.exit(lost.length === 11 && inko.ko2en("값") === "rkqt" ? 0 : 1);
JAVASCRIPT
node clusters.cjs
