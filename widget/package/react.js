// @ts-check
import { createElement, forwardRef, useEffect, useImperativeHandle, useRef } from "react";
import { load } from "./index.js";

/** @typedef {import("./index.js").HaechiCaptchaElement} Captcha */

const EVENTS = /** @type {const} */ (["passed", "expired", "error"]);

/** `<haechi-captcha>` as a component: a server can render it, and it comes alive with the script. */
export const HaechiCaptcha = forwardRef(
  /**
   * @param {import("./react.js").HaechiCaptchaProps} props
   * @param {import("react").ForwardedRef<import("./react.js").HaechiCaptchaHandle>} ref
   */
  function HaechiCaptcha({ server, nonce, open, onPassed, onExpired, onError, ...attributes }, ref) {
    const element = useRef(/** @type {Captcha | null} */ (null));
    const callbacks = useRef({ onPassed, onExpired, onError });
    useEffect(() => {
      callbacks.current = { onPassed, onExpired, onError };
    });

    useEffect(() => {
      load({ server, nonce }).catch(() => callbacks.current.onError?.("unreachable"));
    }, [server, nonce]);

    useEffect(() => {
      const captcha = element.current;
      /** @param {Event} event */
      const tell = (event) => {
        const { detail } = /** @type {CustomEvent} */ (event);
        if (event.type === "passed") callbacks.current.onPassed?.(detail.token);
        else if (event.type === "expired") callbacks.current.onExpired?.();
        else callbacks.current.onError?.(detail.code);
      };
      for (const name of EVENTS) captcha?.addEventListener(name, tell);
      return () => {
        for (const name of EVENTS) captcha?.removeEventListener(name, tell);
      };
    }, []);

    useImperativeHandle(
      ref,
      () => ({
        get token() {
          return element.current?.token ?? "";
        },
        execute: () => load({ server, nonce }).then(() => /** @type {Captcha} */ (element.current).execute()),
        reset: () => element.current?.reset?.(),
      }),
      [server, nonce],
    );

    return createElement("haechi-captcha", { ...attributes, open: open === undefined ? undefined : String(open), ref: element });
  },
);
