import { createApp, h } from "vue";
import VueTurnstile from "vue-turnstile";

createApp({
  data: () => ({ token: "" }),
  render() {
    return h("form", { method: "post" }, [
      h("label", ["Name ", h("input", { name: "name" })]),
      h(VueTurnstile, { siteKey: SITE_KEY, modelValue: this.token, "onUpdate:modelValue": (token) => (this.token = token) }),
      h("button", { type: "submit" }, "Sign in"),
    ]);
  },
}).mount("#root");
