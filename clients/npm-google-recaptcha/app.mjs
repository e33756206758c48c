// google-recaptcha, as its README has it, with its option for the address.
import GoogleRecaptcha from "google-recaptcha";
import { serve } from "../harness/node-site.mjs";

const apiUrl = `${process.env.HAECHI}/recaptcha/api/siteverify`;
const recaptcha = new GoogleRecaptcha({ secret: process.env.SECRET, apiUrl });

serve(
  (form) =>
    new Promise((resolve) => {
      const asked = { response: form.get("g-recaptcha-response"), remoteIp: "198.51.100.7" };
      recaptcha.verify(asked, (error) => resolve(error ? error.message : ""));
    }),
);
