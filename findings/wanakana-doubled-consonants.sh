#!/bin/sh
# WanaKana 5.3.1 (npm) does not do with doubled consonants, nor with Z and H, J, K or L, what Japanese input methods do.
#
# Its option IMEMode is for text that is being typed. But where an input method makes っ of the first of two equal
# consonants as soon as the second is typed, and ← ↓ ↑ → of ZH ZJ ZK ZL, `toHiragana(…, { IMEMode: true })` leaves both
# as they are, until a vowel follows. So what a person sees who types a CAPTCHA's letters with the input method left on
# (HHYKZH becomes っhykっ or the like) cannot be foretold by it. The rules of libkkc 0.3.5 (Debian 12) stand for the
# input methods here.
#
# Needs node with npm, and apt-get for a package of rules that is only unpacked. Exits with 0 while it is so, else with 1.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund wanakana@5.3.1
apt-get download -qq libkkc-common 2>/dev/null
dpkg -x libkkc-common_*.deb .
node - <<'NODE'
const { readFileSync } = require("node:fs");
const { toHiragana } = require("wanakana");
// It is nearly JSON, but for an escape that JSON does not have.
const rules = readFileSync("usr/share/libkkc/rules/default/rom-kana/default.json", "utf8");
function ofInputMethod(keys) {
  const [, left, made] = rules.match(`"${keys}": *\\[ *"(.*?)", *"(.*?)" *\\]`);
  return made + left;
}
let differs = true;
for (const keys of ["hh", "jj", "kk", "rr", "tt", "zh", "zj", "zk", "zl"]) {
  const [here, there] = [ofInputMethod(keys), toHiragana(keys, { IMEMode: true })];
  console.log(`${keys}: an input method makes ${here}, WanaKana ${there}`);
  differs &&= there === keys && here !== keys;
}
process.exit(differs ? 0 : 1);
NODE
