// Builds dist/haechi.js, the one script for pages, dist/widget.css, for browsers without constructable style sheets,
// and dist/work.js and dist/work.html, in which puzzles are solved.

import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { build, transform } from "esbuild";
import { minify } from "terser";

const TARGET = "es2020";

/** Private members that get short names. No page, browser or server has any of these names. */
const PRIVATE =
  "alarms cancels captchas clicked clickThrough colour content darkness describe exchange expire fail follow giveUp " +
  "grant granted hasExpired inputs isAsking isForWork isPlaced isSlower isTaken isUnasked isWaiting keepFocus labour lapse " +
  "lastToken letsClickThrough life listener listeners makeId mediaOf misses observer offset onDarkness onResize " +
  "onScroll placeAcross placeBar placeDown player playText post present receive rejectEmpty settle showSound sight " +
  "solver stay surface take takeWaiting texts timeline valid waiters wake wire wish worksAlone";

/** What our classes call each other by: no page sees it, and nothing of a browser or of the wire has such a name. */
const INTERNAL =
  "announce approach changePace course idIn isAwaited isFolded isFree isHeard isIdle isInUse isIntact isOpen " +
  "isPlaying isQuiet isRendered isWorking mayTakeFocus nameField nextId onBegun onChallengeExpired onClosed " +
  "onEmpty onError onExpired onLost onOpened onPassed onRefused onReport onSay onSilent onTurn onWait oneOf panel " +
  "pictureOf reactions repaint retryAfterSecs soundOf stopAll takesFocus turnTo";

/** Style sheets are made smaller, then put into the script as texts. */
const styles = {
  name: "styles",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => ({ contents: await smaller(path), loader: "text" }));
  },
};

/** The texts of all languages have the same names, which are written once. */
const texts = {
  name: "texts",
  setup({ onLoad }) {
    onLoad({ filter: /src\/texts\.ts$/ }, async ({ path }) => ({ contents: await packed(path), loader: "ts" }));
  },
};

async function packed(path) {
  const source = await readFile(path, "utf8");
  const { code } = await transform(source, { loader: "ts", format: "esm" });
  const { TEXTS } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  const names = Object.keys(TEXTS.en);
  const lists = Object.entries(TEXTS).map(([language, said]) => {
    return `${language}: unpack(${JSON.stringify(names.map((name) => said[name]).join("|"))})`;
  });
  return `const names = ${JSON.stringify(names.join("|"))}.split("|");
    const unpack = (said) => Object.fromEntries(said.split("|").map((text, at) => [names[at], text]));
    ${source.slice(source.indexOf("/** The text with"), source.indexOf("const ENGLISH"))}
    export const TEXTS = { ${lists.join()} };`;
}

async function smaller(path) {
  const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
  return shorter(code.trim());
}

/** esbuild leaves custom properties as they are written. Ours get names of a letter; those that pages set keep theirs. */
function shorter(css) {
  const PROPERTY = /--(?!haechi-)[a-z-]+/g;
  const names = [...new Set(css.match(PROPERTY))];
  return css.replace(PROPERTY, (name) => `--${String.fromCharCode(97 + names.indexOf(name))}`).replace(/(--\w+): /g, "$1:");
}

const folder = import.meta.dirname;

/** A name that is more than its own class's must stay, for it may be somebody else's; so must one that is read by a text. */
async function ownNames() {
  const files = (await readdir(`${folder}/src`, { recursive: true })).filter((file) => file.endsWith(".ts"));
  const source = (await Promise.all(files.map((file) => readFile(`${folder}/src/${file}`, "utf8")))).join("\n");
  const [priv, internal] = [PRIVATE, INTERNAL].map((names) => names.split(" "));
  for (const name of priv) {
    const isOthers = new RegExp(`(?<!\\bthis)\\.${name}\\b|["']${name}["']|^  (?:readonly )?${name}\\b[(:?]`, "m");
    if (isOthers.test(source)) throw new Error(`${name} is not private: ${isOthers.exec(source)}`);
  }
  for (const name of internal) {
    const isRead = new RegExp(`\\[["'\`]${name}["'\`]\\]|^  ${name}: ["'\`]`, "m");
    if (isRead.test(source)) throw new Error(`${name} is read by a text: ${isRead.exec(source)}`);
  }
  return new RegExp(`^(?:${[...priv, ...internal].join("|")})$`);
}

/** esbuild puts it together, and terser makes it 4 % smaller than esbuild would. */
async function script(entry, outfile, { banner = "", mangleProps } = {}) {
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: [entry],
    bundle: true,
    format: "iife",
    target: TARGET,
    charset: "utf8",
    legalComments: "none",
    plugins: [styles, texts],
    minify: true,
    mangleProps,
    write: false,
  });
  const options = { ecma: 2020, compress: { ecma: 2020, passes: 3 }, format: { ecma: 2020, preamble: banner } };
  const { code } = await minify(outputFiles[0].text, options);
  await writeFile(`${folder}/${outfile}`, `${code}\n`);
}

await mkdir(`${folder}/dist`, { recursive: true });
await script("src/main.ts", "dist/haechi.js", { mangleProps: await ownNames() });
await script("src/work/main.ts", "dist/work.js", { banner: await readFile(`${folder}/src/work/licences.txt`, "utf8") });
await copyFile(`${folder}/src/work/frame.html`, `${folder}/dist/work.html`);
await writeFile(`${folder}/dist/widget.css`, `${await smaller(`${folder}/src/style.css`)}\n`);
