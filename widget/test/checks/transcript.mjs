// The walk as a virtual screen reader tells it: what it says by itself, and what it reads from top to bottom.
import { check } from "../harness/check.mjs";
import { isAsBefore } from "../harness/golden.mjs";

const oneEngine = { engines: ["chromium"], why: "the virtual screen reader reads the page, not the browser" };

/** What is done at each step, and how what is said of it begins. */
const steps = [
  ["bar", async () => {}, "button, "],
  ["opened", (visit) => visit.click("bar"), "textbox, "],
  ["wrong", (visit) => visit.reply("NOPE"), "polite: "],
  ["verified", (visit) => visit.pass(), "button, "],
];

export default ["en", "ko"].map((lang) =>
  check(`what a screen reader says: ${lang}`, async (visit) => {
    await visit.open({ lang, attributes: { open: "false" } });
    await visit.until((widget) => widget.state === "ready");
    await visit.evaluate(startReader);
    const parts = [];
    for (const [name, act, beginning] of steps) {
      await act(visit);
      const { said, read } = await visit.evaluate(listen, beginning);
      parts.push(`## ${name}`, ...said.map((phrase) => `says: ${phrase}`), "", ...read, "");
    }
    isAsBefore(`transcript.${lang}.txt`, parts.join("\n"));
  }, oneEngine),
);

// These run in the page.

async function startReader() {
  const { virtual } = await import("/screen-reader.js");
  window.virtual = virtual;
  await virtual.start({ container: window.test.part("panel").parentNode });
}

/** Waits for what is said, then reads all. The reader moves the focus as it reads; nothing has it afterwards. */
async function listen(beginning) {
  const { virtual, test } = window;
  const listenNow = async () => (await virtual.spokenPhraseLog()).filter((phrase) => phrase !== "polite: ");
  let said = await listenNow();
  while (!said.some((phrase) => phrase.startsWith(beginning))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    said = await listenNow();
  }
  const container = test.part("panel").parentNode;
  await virtual.stop();
  await virtual.start({ container });
  const read = [await virtual.lastSpokenPhrase()];
  const first = await virtual.itemText();
  do {
    await virtual.next();
    read.push(await virtual.lastSpokenPhrase());
  } while ((await virtual.itemText()) !== first || read.length < 3);
  await virtual.stop();
  test.hosts()[0].shadowRoot.activeElement?.blur();
  await virtual.start({ container });
  await virtual.clearSpokenPhraseLog();
  return { said, read: read.slice(0, -1) };
}
