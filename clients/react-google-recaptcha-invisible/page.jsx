import { StrictMode, useRef } from "react";
import { createRoot } from "react-dom/client";
import ReCAPTCHA from "react-google-recaptcha";

function SignIn() {
  const [form, recaptcha] = [useRef(), useRef()];
  async function send(event) {
    event.preventDefault();
    await recaptcha.current.executeAsync();
    form.current.submit();
  }
  return (
    <form method="post" ref={form} onSubmit={send}>
      <label>Name <input name="name" /></label>
      <ReCAPTCHA sitekey={SITE_KEY} size="invisible" ref={recaptcha} />
      <button type="submit">Sign in</button>
    </form>
  );
}

createRoot(document.getElementById("root")).render(<StrictMode><SignIn /></StrictMode>);
