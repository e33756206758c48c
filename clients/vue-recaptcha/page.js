import { createApp, h } from "vue";
import { VueRecaptcha } from "vue-recaptcha";

createApp({
  render() {
    return h("form", { method: "post" }, [
      h("label", ["Name ", h("input", { name: "name" })]),
      h(VueRecaptcha, { sitekey: SITE_KEY, loadRecaptchaScript: false }),
      h("button", { type: "submit" }, "Sign in"),
    ]);
  },
}).mount("#root");
