import { createApp, h } from "vue";
import VueHcaptcha from "@hcaptcha/vue3-hcaptcha";

createApp({
  render() {
    return h("form", { method: "post" }, [
      h("label", ["Name ", h("input", { name: "name" })]),
      h(VueHcaptcha, { sitekey: SITE_KEY, apiEndpoint: `${HAECHI}/1/api.js` }),
      h("button", { type: "submit" }, "Sign in"),
    ]);
  },
}).mount("#root");
