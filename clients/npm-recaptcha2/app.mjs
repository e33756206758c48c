// recaptcha2, as its README has it. Its property `apiEndpoint` is the address.
import Recaptcha2 from "recaptcha2";
import { serve } from "../harness/node-site.mjs";

const recaptcha = new Recaptcha2({ siteKey: process.env.SITE_KEY, secretKey: process.env.SECRET });
recaptcha.apiEndpoint = `${process.env.HAECHI}/recaptcha/api/siteverify`;

serve((form) =>
  recaptcha.validate(form.get("g-recaptcha-response"), "198.51.100.7").then(
    () => "",
    (codes) => String(recaptcha.translateErrors(codes)),
  ),
);
