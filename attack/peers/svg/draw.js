// Draws labelled pictures with svg-captcha as it comes, five characters, rasterised at 240 pixels of width.
//
//     node draw.js FOLDER COUNT
//
// The package has no seed, so a set is drawn once and kept.

const fs = require("node:fs");
const path = require("node:path");
const svgCaptcha = require("svg-captcha");
const { Resvg } = require("@resvg/resvg-js");

const LENGTH = 5;
const WIDTH = 240;

const [folder, count] = [process.argv[2], Number(process.argv[3])];
if (!folder || !(count > 0)) {
  throw new Error("usage: node draw.js FOLDER COUNT");
}
fs.mkdirSync(folder, { recursive: true });
for (let number = 0; number < count; number += 1) {
  const { text, data } = svgCaptcha.create({ size: LENGTH });
  const picture = new Resvg(data, { fitTo: { mode: "width", value: WIDTH }, background: "white" }).render();
  const name = `${String(number).padStart(5, "0")}_${text}.png`;
  fs.writeFileSync(path.join(folder, name), picture.asPng());
}
