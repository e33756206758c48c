import { createApp, h } from "vue";
import { VueReCaptcha, useReCaptcha } from "vue-recaptcha-v3";

const SignIn = {
  setup() {
    const { executeRecaptcha, recaptchaLoaded } = useReCaptcha();
    async function send(event) {
      event.preventDefault();
      const form = event.target;
      await recaptchaLoaded();
      form.elements["g-recaptcha-response"].value = await executeRecaptcha("sign_in");
      form.submit();
    }
    return () =>
      h("form", { method: "post", onSubmit: send }, [
        h("label", ["Name ", h("input", { name: "name" })]),
        h("input", { type: "hidden", name: "g-recaptcha-response" }),
        h("button", { type: "submit" }, "Sign in"),
      ]);
  },
};

const loaderOptions = { customUrl: `${HAECHI}/recaptcha/api.js` };
createApp(SignIn).use(VueReCaptcha, { siteKey: SITE_KEY, loaderOptions }).mount("#root");
