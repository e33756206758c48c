import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import ReCAPTCHA from "react-google-recaptcha";

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <form method="post">
      <label>Name <input name="name" /></label>
      <ReCAPTCHA sitekey={SITE_KEY} />
      <button type="submit">Sign in</button>
    </form>
  </StrictMode>,
);
