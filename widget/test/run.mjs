// The widget in real browsers: `HAECHI=target/debug/haechi node widget/test/run.mjs [ENGINE…] [WORDS…]`.
// Engines are chromium, firefox and webkit; words are looked for in the names of checks. BLESS=1 writes goldens anew.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Chromium } from "./harness/engines/chromium.mjs";
import { Firefox } from "./harness/engines/firefox.mjs";
import { WebKit } from "./harness/engines/webkit.mjs";
import { startHaechi } from "./harness/haechi.mjs";
import * as loudspeaker from "./harness/loudspeaker.mjs";
import { need } from "./harness/programs.mjs";
import { runLane, summary } from "./harness/lane.mjs";
import barriers from "./checks/barriers.mjs";
import form from "./checks/form.mjs";
import formats from "./checks/formats.mjs";
import looks from "./checks/looks.mjs";
import network from "./checks/network.mjs";
import places from "./checks/places.mjs";
import privacy from "./checks/privacy.mjs";
import sound from "./checks/sound.mjs";
import time from "./checks/time.mjs";
import transcript from "./checks/transcript.mjs";
import word from "./checks/word.mjs";
import work from "./checks/work.mjs";

const all = { chromium: Chromium, firefox: Firefox, webkit: WebKit };
const checks = [word, work, sound, formats, time, network, places, form, privacy, looks, barriers, transcript].flat();

if (!process.env.HAECHI) throw new Error("HAECHI must be the path of the server's program");
const wanted = process.argv.slice(2);
const named = wanted.filter((word) => word in all);
const names = named.length > 0 ? named : Object.keys(all);
const words = wanted.filter((word) => !(word in all));
const chosen = checks.filter(({ name }) => words.every((word) => name.includes(word)));

need(Object.assign({}, loudspeaker.needs, ...names.map((name) => all[name].needs)));
process.exitCode = (await run(await mkdtemp(join(tmpdir(), "haechi-widget-")))) ? 0 : 1;

/** Each engine has a lane of its own: most of the time goes by while one waits for a clock or a sound. */
async function run(folder) {
  const began = Date.now();
  const haechi = await startHaechi(resolve(process.env.HAECHI), folder);
  const loudspeakers = await loudspeaker.Loudspeakers.start(folder, names);
  try {
    const lanes = names.map((name) => runLane(new all[name](), { checks: chosen, haechi, loudspeakers, folder }));
    const outcomes = (await Promise.all(lanes)).flat();
    console.log(summary(outcomes, (Date.now() - began) / 1000));
    const isWell = outcomes.every(({ isWell }) => isWell);
    if (isWell) await rm(folder, { recursive: true });
    else console.log(`the server's log and data are in ${folder}`);
    return isWell;
  } finally {
    await loudspeakers.stop();
    await haechi.stop();
  }
}
