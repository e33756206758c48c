// express-recaptcha, as its README has it. It has no setting for the address: the vendor's name leads to haechi.
import expressRecaptcha from "express-recaptcha";
import { serve } from "../harness/node-site.mjs";

const { SECRET, SITE_KEY } = process.env;
const recaptcha = new expressRecaptcha.RecaptchaV2(SITE_KEY, SECRET, { checkremoteip: true });

serve((form) => {
  const request = { body: Object.fromEntries(form), headers: { "x-forwarded-for": "198.51.100.1, 10.0.0.1" } };
  return new Promise((resolve) => recaptcha.verify(request, (error) => resolve(error ? `Refused: ${error}` : "")));
});
