// A sound in either of its formats, once and twice.
import assert from "node:assert/strict";
import { check } from "../harness/check.mjs";
import { likeness } from "../harness/likeness.mjs";
import { hertz, samplesOfWav } from "../harness/loudspeaker.mjs";

/** Of the pause before a sound is said again. */
const pause = hertz;

const addressOf = (visit, query) => `${visit.proxy.url}/captcha/v1.0/keys/${visit.key}/sound?lang=en${query}`;

export default [
  check("a sound in half the bytes, and one that is said twice, as Web Audio decodes them", async (visit) => {
    await visit.openAsked({ app: "words" });
    const decoded = (query, times) => {
      return visit.evaluate(decode, addressOf(visit, ""), addressOf(visit, query), { hertz, pause, times });
    };
    const plain = await decoded("&format=pcm", 1);
    const once = plain.length;
    const even = once + (once % 2);
    assert.equal(plain.size, 44 + 2 * once);
    for (const [query, size, length, times] of [
      ["&format=mulaw", 58 + even, even, 1],
      ["&repeat=true", plain.size + 2 * (once + pause), 2 * once + pause, 2],
      ["&format=mulaw&repeat=true", 58 + 2 * once + pause, 2 * once + pause, 2],
    ]) {
      const { furthest, loudest, ...rest } = await decoded(query, times);
      assert.deepEqual(rest, { type: "audio/wav", size, length }, query);
      // A step of µ-law is a 32nd of full scale at the most, and nothing is further from it than half of one.
      assert(furthest <= 1 / 64 + 1e-4, `${query}: a sample is off by ${furthest}`);
      assert(loudest > 0.1, `${query}: the loudest sample is ${loudest}`);
    }
    return `${once} samples`;
  }),

  check("a sound in half the bytes, and one that is said twice, are played to their ends", async (visit) => {
    await visit.openAsked({ app: "words" });
    const { length } = await plainSamples(visit);
    for (const [query, samples] of [
      ["&format=mulaw", length + (length % 2)],
      ["&format=mulaw&repeat=true", 2 * length + pause],
    ]) {
      const { secs, at } = await visit.evaluate(play, addressOf(visit, query), { isHeard: false });
      assert(Math.abs(secs - samples / hertz) < 0.01, `${query}: it lasts ${secs} s instead of ${samples / hertz} s`);
      assert(Math.abs(at - secs) < 0.1, `${query}: it ended at ${at} s of ${secs} s`);
    }
  }),

  check("a sound in half the bytes comes out of the loudspeaker", async (visit) => {
    await visit.openAsked({ app: "words" });
    // Browsers let no page be heard that nobody has touched.
    await visit.click("field");
    const finish = await visit.engine.record();
    await visit.evaluate(play, addressOf(visit, "&format=mulaw"), { isHeard: true });
    const heard = likeness(await plainSamples(visit), await finish());
    // As for a sound that the widget plays.
    assert(heard > 0.5, `the recording is like the sound by ${heard}`);
    return `likeness ${heard.toFixed(2)}`;
  }),
];

async function plainSamples(visit) {
  const reply = await fetch(addressOf(visit, ""));
  return samplesOfWav(await reply.arrayBuffer());
}

// These run in the page.

/** What Web Audio makes of a sound, and how far that is from the plain one, each time that it is said. */
async function decode(plainAddress, address, { hertz, pause, times }) {
  const plain = new Int16Array((await (await fetch(plainAddress)).arrayBuffer()).slice(44));
  const reply = await fetch(address);
  const bytes = await reply.arrayBuffer();
  const size = bytes.byteLength;
  const samples = (await new OfflineAudioContext(1, 1, hertz).decodeAudioData(bytes)).getChannelData(0);
  let furthest = 0;
  for (let time = 0; time < times; time++) {
    const from = time * (plain.length + pause);
    plain.forEach((sample, at) => (furthest = Math.max(furthest, Math.abs(sample / 32_768 - samples[from + at]))));
  }
  const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  return { type: reply.headers.get("content-type"), size, length: samples.length, furthest, loudest };
}

/** Plays a sound to its end, four times as fast unless it is to be heard. */
function play(address, { isHeard }) {
  const sound = new Audio(address);
  sound.muted = !isHeard;
  sound.defaultPlaybackRate = sound.playbackRate = isHeard ? 1 : 4;
  let secs;
  sound.onloadedmetadata = () => (secs = sound.duration);
  return new Promise((resolve, reject) => {
    sound.onended = () => resolve({ secs, at: sound.currentTime });
    sound.onerror = () => reject(new Error(`${address} is not played: ${sound.error.message}`));
    sound.play().catch(reject);
  });
}
