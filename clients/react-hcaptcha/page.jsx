import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import HCaptcha from "@hcaptcha/react-hcaptcha";

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <form method="post">
      <label>Name <input name="name" /></label>
      <HCaptcha sitekey={SITE_KEY} apihost={HAECHI} sentry={false} />
      <button type="submit">Sign in</button>
    </form>
  </StrictMode>,
);
