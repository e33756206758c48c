// How fast the widget is there: `HAECHI=target/release/haechi node widget/test/measure.mjs`. Chromium alone can tell.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Chromium } from "./harness/engines/chromium.mjs";
import { figures, times } from "./harness/figures.mjs";
import { startHaechi } from "./harness/haechi.mjs";
import { Handshakes } from "./harness/handshakes.mjs";
import { Load } from "./harness/load.mjs";
import { need } from "./harness/programs.mjs";
import { Proxy } from "./harness/proxy.mjs";
import { example, Site } from "./harness/site.mjs";

const count = 9;
/** A round trip of TCP and one of TLS 1.3. */
const handshakeMillis = 2 * 150;

if (!process.env.HAECHI) throw new Error("HAECHI must be the path of the server's program");
need(Chromium.needs);
const folder = await mkdtemp(join(tmpdir(), "haechi-measure-"));
const haechi = await startHaechi(resolve(process.env.HAECHI), folder);
const chromium = new Chromium();
try {
  const version = await chromium.start({ sound: {} });
  const direct = process.env.WIDGET_DIST ? await Proxy.start(haechi.url) : haechi;
  const far = await Handshakes.start(direct.url, handshakeMillis);
  console.log(`${version}\n\n${figures(await loads(direct.url, { isThorough: true }))}\n`);
  console.log(times("with handshakes", await loads(far.url)));
  const shared = { content: example.replace("<script ", "<script crossorigin ") };
  console.log(times("with handshakes, and crossorigin at the script", await loads(far.url, shared)));
} finally {
  await chromium.stop();
  await haechi.stop();
}
await rm(folder, { recursive: true });
process.exit();

async function loads(server, wanted) {
  const site = await Site.start(haechi, server);
  const measured = [];
  for (let done = 0; done < count; done++) measured.push(await Load.measure(chromium.browser, site, wanted));
  site.stop();
  return measured;
}
