// Builds dist/haechi.js, the one script, and dist/widget.css, for browsers without constructable style sheets.

import { readFile, writeFile } from "node:fs/promises";
import { build, transform } from "esbuild";

const TARGET = "es2020";

/** Style sheets are made smaller, then put into the script as texts. */
const styles = {
  name: "styles",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => ({ contents: await smaller(path), loader: "text" }));
  },
};

async function smaller(path) {
  const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
  return code.trim();
}

const folder = import.meta.dirname;
await build({
  absWorkingDir: folder,
  entryPoints: ["src/main.ts"],
  outfile: "dist/haechi.js",
  bundle: true,
  format: "iife",
  target: TARGET,
  minify: true,
  charset: "utf8",
  legalComments: "none",
  plugins: [styles],
});
await writeFile(`${folder}/dist/widget.css`, `${await smaller(`${folder}/src/style.css`)}\n`);
