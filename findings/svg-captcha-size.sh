#!/bin/sh
# svg-captcha 1.4.0 (npm) has a global `options.size`, which changes nothing.
#
# Its README says of `svgCaptcha.options`: "It is used for create and createMathExpr api as the default options", and
# names size first. Width, height, noise and the characters are taken from there. The number of characters is not
# (random.js: `options.size || 4` of the call's options only), nor are `ignoreChars`, which stands among the defaults,
# or the numbers of `createMathExpr`. Who sets 8 characters for the whole site gets pictures of 4. Per call it works.
#
# Needs node, npm and a package registry. Exits with 0 while it is so, with 1 if the global size counts.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" svg-captcha@1.4.0 >&2
node - <<'JAVASCRIPT'
const svgCaptcha = require("svg-captcha");

Object.assign(svgCaptcha.options, { size: 8, width: 321, charPreset: "AB", ignoreChars: "A" });
const captchas = Array.from({ length: 50 }, () => svgCaptcha.create());
const sizes = [...new Set(captchas.map(({ text }) => text.length))];
const wide = captchas.filter(({ data }) => data.includes('width="321"')).length;
const preset = captchas.filter(({ text }) => /^[AB]+$/.test(text)).length;
const ignored = captchas.filter(({ text }) => text.includes("A")).length;
console.log(`options.width and charPreset were used in ${wide} and ${preset} of 50 captchas`);
console.log(`options.size = 8: lengths ${sizes}; options.ignoreChars = "A": an A in ${ignored} of 50`);
console.log(`create({ size: 8 }): ${svgCaptcha.create({ size: 8 }).text.length} characters`);
process.exit(wide === 50 && preset === 50 && sizes.join() === "4" && ignored > 0 ? 0 : 1);
JAVASCRIPT
