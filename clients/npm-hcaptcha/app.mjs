// hcaptcha, as its README has it. It has no setting for the address: the vendor's name leads to haechi.
import { verify } from "hcaptcha";
import { serve } from "../harness/node-site.mjs";

const { SECRET: secret, SITE_KEY: siteKey } = process.env;

serve(async (form) => {
  const data = await verify(secret, form.get("h-captcha-response"), null, siteKey);
  return data.success === true ? "" : `Verification failed: ${data["error-codes"]}`;
});
