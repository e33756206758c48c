import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import Turnstile from "react-turnstile";

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <form method="post">
      <label>Name <input name="name" /></label>
      <Turnstile sitekey={SITE_KEY} />
      <button type="submit">Sign in</button>
    </form>
  </StrictMode>,
);
