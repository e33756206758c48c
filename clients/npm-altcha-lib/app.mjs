// altcha-lib, as its README has it: by itself, with the app's key and a map of what it saw before, or by asking.
import { CappedMap, verifyServer, verifyServerSignature, verifySolution } from "altcha-lib";
import { deriveKey } from "altcha-lib/algorithms/pbkdf2";
import { verifyServerSignature as verifyFirstSignature, verifySolution as verifyFirst } from "altcha-lib/v1";
import { serve } from "../harness/node-site.mjs";

const { ALTCHA_KEY: key, HAECHI: haechi, MODE: mode, SECRET: secret } = process.env;
const seen = new CappedMap({ maxSize: 1000 });

/** What is known of a payload before: the key in it, never its bytes. */
const ids = {
  first: (payload) => payload.challenge,
  second: (payload) => payload.challenge.parameters.nonce,
  signed: (payload) => new URLSearchParams(payload.verificationData).get("id"),
};

const modes = {
  first: async (payload) => verifyFirst(payload, key),
  "first-signed": async (payload) => (await verifyFirstSignature(payload, key)).verified,
  second: async ({ challenge, solution }) =>
    (await verifySolution({ challenge, solution, deriveKey, hmacSignatureSecret: key })).verified,
  signed: async (payload) => (await verifyServerSignature({ payload, hmacSecret: key })).verified,
};

serve(async (form) => {
  const text = form.get("altcha");
  if (!text) return "ALTCHA payload is missing.";
  if (mode === "remote") {
    const { verified, reason } = await verifyServer({ payload: text, secret, url: `${haechi}/altcha/v2/verify/signature` });
    return verified ? "" : `Verification failed: ${reason}`;
  }
  const payload = parsed(text);
  if (!payload || !(await modes[mode](payload))) return "Verification failed: not verified";
  const id = ids[mode.includes("signed") ? "signed" : mode](payload);
  return seen.setIfAbsent(id, true) ? "" : "Verification failed: seen before";
});

function parsed(text) {
  try {
    return JSON.parse(atob(text));
  } catch {
    return undefined;
  }
}
