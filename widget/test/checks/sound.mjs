// A word is heard.
import assert from "node:assert/strict";
import { check } from "../harness/check.mjs";
import { likeness } from "../harness/likeness.mjs";
import { samplesOfWav } from "../harness/loudspeaker.mjs";

const isPlaying = (widget) => widget.offers === "Pause" && widget.progress > 0;
const isAtRest = (widget) => widget.offers === "Listen";

/** What was asked for, in order. WebKit tries first whether it may ask for parts. */
function formats({ proxy }) {
  const whole = proxy.asked("sound").filter(({ headers }) => headers.range !== "bytes=0-1");
  return whole.map(({ fields }) => fields.format);
}

async function soundOf(visit, key) {
  const reply = await fetch(`${visit.haechi.url}/captcha/v1.0/keys/${key}/sound?lang=en`);
  return samplesOfWav(await reply.arrayBuffer());
}

export default [
  check("a word by its sound, which comes out of the loudspeaker", async (visit) => {
    await visit.openAsked({ app: "words" });
    const other = visit.key;
    await visit.click("another");
    await visit.until((widget) => widget.isAsking && widget.note !== "");
    assert.equal(visit.proxy.count("sound"), 0, "a sound was fetched that nobody asked for");
    const finish = await visit.engine.record();
    await visit.click("listen");
    await visit.until(isPlaying);
    await visit.until(isAtRest, { ms: 20_000 });
    assert.deepEqual(formats(visit), ["mulaw"], "it takes twice the bytes, or was fetched again");
    const recording = await finish();
    const heard = likeness(await soundOf(visit, visit.key), recording);
    const control = likeness(await soundOf(visit, other), recording);
    // On a quiet machine it is 0.9 and more; on a busy one browsers leave gaps.
    assert(heard > 0.5, `the recording is like the sound by ${heard}`);
    assert(control < 0.35, `the recording is like another sound by ${control}`);
    await visit.reply(visit.answer);
    await visit.until((widget) => widget.state === "passed");
    assert.equal(visit.proxy.asked("answer")[0].fields.how, "sound");
    return `likeness ${heard.toFixed(2)}, to another sound ${control.toFixed(2)}`;
  }),

  check("the sound by keys in the field, and there alone", async (visit) => {
    await visit.openAsked();
    await visit.evaluate(() => window.test.part("check").focus());
    await visit.type("./,");
    await visit.click("field");
    assert.equal(visit.proxy.count("sound"), 0);
    await visit.type(".");
    const { progress: before } = await visit.until((widget) => widget.progress > 0.04);
    await visit.type("/");
    const { progress: later } = await visit.until((widget) => widget.progress > 0.2);
    assert(later > before);
    await visit.type(",");
    await visit.until((widget) => widget.progress < 0.2);
    await visit.type(".");
    const resting = await visit.until(isAtRest);
    assert.equal(resting.answer, "", "the keys were typed");
    // WebKit may fetch parts of a sound that is moved on before all of it is there.
    const fetched = formats(visit).length;
    await visit.click("slower");
    await visit.until((widget) => widget.isSlower);
    assert.equal(formats(visit).length, fetched, "it was fetched again");
  }),

  check(
    "the sound by signs of an input method, which leaves none in the answer",
    async (visit) => {
      await visit.openAsked();
      await visit.click("field");
      const compose = (text) => {
        const end = text.length;
        return visit.tab.devtools.send("Input.imeSetComposition", { text, selectionStart: end, selectionEnd: end });
      };
      const commit = (text) => visit.tab.devtools.send("Input.insertText", { text });
      await compose("ｒ");
      await compose("ｒっ");
      await compose("ｒっｋ");
      await compose("ｒっｋ。");
      await visit.until(isPlaying);
      await commit("ｒっｋ。");
      await compose("・");
      await commit("・");
      const { answer } = await visit.until((widget) => widget.progress > 0.2);
      assert.equal(answer, "ｒっｋ");
      await compose("。");
      await commit("。");
      const resting = await visit.until(isAtRest);
      assert.equal(resting.answer, "ｒっｋ");
    },
    { engines: ["chromium"], why: "only its protocol has an input method" },
  ),

  check("another challenge is silent until somebody listens again", async (visit) => {
    await visit.openAsked();
    await visit.click("listen");
    await visit.until(isPlaying);
    await visit.click("another");
    await visit.until((widget) => widget.isAsking && widget.offers === "Listen" && widget.note !== "");
    await visit.pass();
    const [{ fields }] = visit.proxy.asked("answer");
    assert.equal(fields.how, "picture");
    assert(visit.proxy.asked("sound").every(({ url }) => !url.includes(fields.key)), "its sound was fetched");
  }),

  check("a browser that does not play the smaller format gets the other", async (visit) => {
    await visit.openAsked();
    const headers = { "content-type": "audio/wav" };
    visit.proxy.always("sound", async (pass) => {
      return formats(visit).at(-1) ? { status: 200, headers, body: "RIFF, of something unknown" } : pass();
    });
    await visit.click("listen");
    await visit.until(isPlaying);
    assert.equal((await visit.look()).note, "");
    const asked = formats(visit);
    assert.equal(asked[0], "mulaw");
    assert.equal(asked.at(-1), undefined);
    await visit.click("another");
    await visit.until((widget) => widget.isAsking && widget.note !== "");
    await visit.click("listen");
    await visit.until(isPlaying);
    assert.equal(formats(visit).filter(Boolean).length, asked.filter(Boolean).length, "it was tried again");
  }),

  check("a sound that cannot be had is said so", async (visit) => {
    await visit.openAsked();
    visit.proxy.always("sound", async () => ({ status: 500, headers: {}, body: "" }));
    await visit.click("listen");
    const { note } = await visit.until((widget) => widget.isBad);
    assert.equal(note, "The sound cannot be played. Please try a new one.");
    assert.equal((await visit.seen()).said.at(-1), note);
  }),
];
