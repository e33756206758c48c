// @ts-check
import { defineComponent, h, onMounted, ref } from "vue";
import { load } from "./index.js";

/** @typedef {import("./index.js").HaechiCaptchaElement} Captcha */

/** `<haechi-captcha>` as a component, with the token as its model. Other attributes go to the element. */
export const HaechiCaptcha = /** @type {typeof import("./vue.js").HaechiCaptcha} */ (
  /** @type {unknown} */ (
    defineComponent({
      name: "HaechiCaptcha",
      props: { server: { type: String, required: true }, nonce: String, modelValue: String },
      emits: ["update:modelValue", "passed", "expired", "error"],
      setup(props, { emit, expose }) {
        const element = ref(/** @type {Captcha | null} */ (null));
        onMounted(() => {
          load(props).catch(() => emit("error", "unreachable"));
        });
        expose({
          execute: () => load(props).then(() => /** @type {Captcha} */ (element.value).execute()),
          reset: () => {
            element.value?.reset?.();
            emit("update:modelValue", "");
          },
        });
        return () =>
          h("haechi-captcha", {
            ref: element,
            onPassed: (/** @type {CustomEvent} */ { detail }) => {
              emit("update:modelValue", detail.token);
              emit("passed", detail.token);
            },
            onExpired: () => {
              emit("update:modelValue", "");
              emit("expired");
            },
            onError: (/** @type {CustomEvent} */ { detail }) => emit("error", detail.code),
          });
      },
    })
  )
);
