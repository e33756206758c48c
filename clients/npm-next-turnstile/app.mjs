// next-turnstile's server half, as its README has it. Its exported constants are read at each call.
import { randomUUID } from "node:crypto";
import nextTurnstile from "next-turnstile";
import { serve } from "../harness/node-site.mjs";

const { TURNSTILE_CONSTANTS, validateTurnstileToken } = nextTurnstile;
TURNSTILE_CONSTANTS.API_ENDPOINT = `${process.env.HAECHI}/turnstile/v0/siteverify`;

serve(async (form) => {
  const verdict = await validateTurnstileToken({
    token: form.get("cf-turnstile-response"),
    secretKey: process.env.SECRET,
    remoteip: "198.51.100.7",
    idempotencyKey: randomUUID(),
  });
  return verdict.success ? "" : `Verification failed: ${verdict["error-codes"] ?? verdict.error_codes}`;
});
