import { useRef } from "react";
import { createRoot } from "react-dom/client";
import { GoogleReCaptchaProvider, useGoogleReCaptcha } from "react-google-recaptcha-v3";

function SignIn() {
  const form = useRef();
  const { executeRecaptcha } = useGoogleReCaptcha();
  async function send(event) {
    event.preventDefault();
    form.current.elements["g-recaptcha-response"].value = await executeRecaptcha("sign_in");
    form.current.submit();
  }
  return (
    <form method="post" ref={form} onSubmit={send}>
      <label>Name <input name="name" /></label>
      <input type="hidden" name="g-recaptcha-response" />
      <button type="submit" disabled={!executeRecaptcha}>Sign in</button>
    </form>
  );
}

createRoot(document.getElementById("root")).render(
  <GoogleReCaptchaProvider reCaptchaKey={SITE_KEY}>
    <SignIn />
  </GoogleReCaptchaProvider>,
);
