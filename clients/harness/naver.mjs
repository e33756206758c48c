// Programs that call NAVER's CAPTCHA: each gets keys, saves a picture and a sound, and has answers judged.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const invalidKey = { result: false, errorMessage: "Invalid key.", errorCode: "CT001" };
const strangers = {
  cloud: { errorCode: "200", message: "Authentication Failed" },
  developers: { errorCode: "024", errorMessage: "Authentication failed. (인증에 실패했습니다.)" },
};

/** Thrown where a language is not on this machine. */
export class NotTested extends Error {}

/** A program of a folder, in a language that this command runs; `version` is the argument by which it says its own. */
export function naverProgram(folder, [command, ...args], version, generation, at = "plain") {
  return {
    title: async () => `${command}, ${generation}`,
    async run(context) {
      await run(command, [version]).catch(() => {
        throw new NotTested(`there is no ${command}`);
      });
      const { url, siteKey, secret } = context.addresses[at];
      const saved = await mkdtemp(join(context.folder, "naver-"));
      const env = {
        ...process.env, HAECHI: url, SITE_KEY: siteKey, SECRET: secret, GENERATION: generation, FOLDER: saved,
        SSL_CERT_FILE: context.certificate,
      };
      const { stdout } = await run(command, args, { cwd: join(context.clients, folder), env, timeout: 60_000 });
      const replies = stdout.trim().split("\n").map((line) => JSON.parse(line));
      check(Object.fromEntries(replies.map(({ what, status, body }) => [what, { status, said: JSON.parse(body) }])), generation);
      await checkFiles(saved);
      return `a picture and a sound saved, right and wrong answers told apart, each key once, a stranger refused (${at})`;
    },
  };
}

function check(replies, generation) {
  for (const kind of ["picture", "sound"]) {
    const [right, again, wrong] = ["right", "again", "wrong"].map((name) => replies[`${kind} ${name}`]);
    for (const { said } of [right, wrong]) assert.equal(typeof said.responseTime, "number");
    assert.deepEqual([right.status, right.said.result], [200, true], kind);
    assert.deepEqual([wrong.status, wrong.said.result], [200, false], kind);
    assert.deepEqual(again, { status: 403, said: invalidKey }, kind);
  }
  const { status, said } = replies.stranger;
  const { details: _, ...words } = said.error ?? said;
  assert.deepEqual([status, words], [401, strangers[generation]]);
}

async function checkFiles(folder) {
  const [picture, sound] = await Promise.all(["captcha.jpg", "captcha.wav"].map((name) => readFile(join(folder, name))));
  assert.deepEqual([...picture.subarray(0, 3), ...picture.subarray(-2)], [0xff, 0xd8, 0xff, 0xff, 0xd9]);
  assert.equal(sound.subarray(0, 4).toString(), "RIFF");
  assert.equal(sound.readUInt32LE(4) + 8, sound.length);
}
