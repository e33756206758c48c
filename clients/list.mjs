// Every client: where haechi is for it, the field its token is in, and the words by which it refuses.
import { debianSite, nodeSite, page, pythonSite } from "./harness/kinds.mjs";
import { mediaWiki } from "./harness/mediawiki.mjs";
import { passAltcha, passAltchaAtSecondTry, passAltchaWork, passCap, passChallenge, passFallback } from "./harness/person.mjs";
import { naverProgram } from "./harness/naver.mjs";
import { phpMyAdmin } from "./harness/phpmyadmin.mjs";

const recaptcha = { field: "g-recaptcha-response" };
const hcaptcha = { field: "h-captcha-response" };
const turnstile = { field: "cf-turnstile-response" };

const altcha = { field: "altcha", pass: passAltcha };
// Nothing is asked of a person.
const work = { asks: "work", pass: passAltchaWork };

// Over http, unless it is said otherwise.
const secure = { at: "secure" };
const prefixed = { at: "prefixed" };
const told = { at: "told" };
// Knows the vendor's address alone.
const misled = { at: "secure", misled: true };

// There is nothing to press beside the form's own button: the challenge opens by it, as a dialog.
const invisible = { pass: passChallenge };
// The score of who is faster than two seconds is too low for these.
const scored = { pass: (shown) => passChallenge(shown, 3) };

const says = (missing, madeUp = missing, used = madeUp) => ({ says: { missing, madeUp, used } });
const person = says("Please prove that you are a person.");
const django = says("This field is required.", "Error verifying reCAPTCHA, please try again.");
const rest = says("This field may not be blank.", "Error verifying reCAPTCHA, please try again.");
const login = says("Missing reCAPTCHA verification", "Entered captcha is wrong");
const wiki = says("There are problems with some of your input.", "CAPTCHA verification failed");
const codes = (used) => says("missing-input-response", "invalid-input-response", used);

const recaptchaPage = { ...recaptcha, vendor: "recaptcha", ...codes("timeout-or-duplicate") };
const hcaptchaPage = { ...hcaptcha, vendor: "hcaptcha", ...codes("already-seen-response") };
const turnstilePage = { ...turnstile, vendor: "turnstile", ...codes("timeout-or-duplicate") };

const altchaPage = (challenge, wanted) => ({
  ...altcha, vendor: "altcha", challenge: `/altcha/${challenge}/challenge?sitekey=`,
  // It makes its workers out of texts, and its style out of a tag.
  needs: { "worker-src": "blob: data:", "style-src": "'unsafe-inline'" },
  ...says("INVALID_PAYLOAD", "INVALID_PAYLOAD", "PAYLOAD_ALREADY_USED"), ...wanted,
});
const altchaLib = (mode, payload, wanted) =>
  nodeSite("npm-altcha-lib", "altcha-lib", {
    ...altcha, payload, env: { MODE: mode },
    ...says("ALTCHA payload is missing.", "not verified", "seen before"), ...wanted,
  });
const pythonAltcha = (mode, payload, wanted) =>
  pythonSite("python-altcha", "altcha", {
    ...altcha, payload, env: { MODE: mode },
    ...says("ALTCHA payload is missing.", "not verified", "seen before"), ...wanted,
  });
const altchaDjango = (mode, wanted) =>
  pythonSite("altcha-django", "altcha-django", {
    ...altcha, env: { MODE: mode },
    ...says("Please complete the ALTCHA verification.", "The ALTCHA response was invalid.", "This ALTCHA challenge was already used."),
    ...wanted,
  });
// By asking haechi, whose words the library passes on.
const asked = { ...says("ALTCHA payload is missing.", "INVALID_PAYLOAD", "PAYLOAD_ALREADY_USED") };
const [bare, verified] = [false, true].map((isVerified) => (version) => ({ version, isVerified }));

function php({ port, env }) {
  const trust = ["openssl.cafile", "curl.cainfo"].flatMap((name) => ["-d", `${name}=${env.SSL_CERT_FILE}`]);
  return ["php", ...trust, "-S", `localhost:${port}`, "app.php"];
}

const djangoRecaptcha = (kind, wanted) =>
  pythonSite("django-recaptcha", "django-recaptcha", { ...recaptcha, ...django, env: { KIND: kind }, ...wanted });
const drfRecaptcha = (kind, wanted) =>
  pythonSite("drf-recaptcha", "drf-recaptcha", { ...recaptcha, ...rest, env: { KIND: kind }, ...wanted });
const phpRecaptcha = (method, packages, wanted) =>
  debianSite("php-google-recaptcha", ["php-google-recaptcha", "php-cli", ...packages], php, {
    ...recaptcha, ...codes("timeout-or-duplicate"), env: { METHOD: method }, ...wanted,
  });

const python = {
  "django-recaptcha-checkbox": djangoRecaptcha("checkbox", secure),
  "django-recaptcha-invisible": djangoRecaptcha("invisible", { ...prefixed, ...invisible }),
  "django-recaptcha-v3": djangoRecaptcha("v3", { ...secure, ...scored, field: "captcha" }),
  "flask-wtf": pythonSite("flask-wtf", "Flask-WTF", {
    ...recaptcha, ...says("The response parameter is missing.", "is invalid or malformed.", "The response parameter is missing."),
  }),
  "flask-hcaptcha": pythonSite("flask-hcaptcha", "flask-hcaptcha", { ...hcaptcha, ...prefixed, ...person }),
  "django-hcaptcha": pythonSite("django-hcaptcha", "django-hcaptcha", {
    ...hcaptcha, ...says("Please prove you are a human.", "hCaptcha could not be verified."),
  }),
  "django-hcaptcha-field": pythonSite("django-hcaptcha-field", "django-hcaptcha-field", {
    ...hcaptcha, ...prefixed, ...says("Please prove you are human.", "hCaptcha could not be verified."),
  }),
  "flask-turnstile": pythonSite("flask-turnstile", "flask-turnstile", { ...turnstile, ...secure, ...person }),
  "django-turnstile": pythonSite("django-turnstile", "django-turnstile", {
    ...turnstile, ...says("Please prove you are a human.", "Turnstile could not be verified."),
  }),
  "django-cf-turnstile": pythonSite("django-cf-turnstile", "django-cf-turnstile", {
    ...turnstile, ...misled, ...says("Error verifying CAPTCHA"),
  }),
  "drf-recaptcha-v2": drfRecaptcha("v2", secure),
  "drf-recaptcha-v3": drfRecaptcha("v3", { ...prefixed, ...scored }),
  "django-altcha": pythonSite("django-altcha", "django-altcha", {
    ...altcha, ...work, ...says("ALTCHA CAPTCHA token is missing.", "Invalid CAPTCHA token.", "Challenge has already been used."),
  }),
  "altcha-django-local": altchaDjango("local", { ...work, ...prefixed }),
  "altcha-django-sentinel": altchaDjango("sentinel", {}),
  "altcha-django-sentinel-work": altchaDjango("sentinel", work),
  "altcha-django-sentinel-remote": altchaDjango("sentinel-remote", secure),
  "python-altcha-v1": pythonAltcha("first", bare("v1"), work),
  "python-altcha-v2": pythonAltcha("second", bare("v2"), { ...work, ...prefixed }),
  "python-altcha-signature": pythonAltcha("signed", verified("v2"), secure),
  "python-altcha-remote": pythonAltcha("remote", verified("v1"), { ...secure, ...asked }),
  pyturnstile: pythonSite("pyturnstile", "pyturnstile", {
    ...turnstile, ...misled, ...codes("timeout-or-duplicate"),
  }),
};

const node = {
  "npm-hcaptcha": nodeSite("npm-hcaptcha", "hcaptcha", {
    ...hcaptcha, ...misled, api: "hcaptcha", ...codes("already-seen-response"),
  }),
  "npm-next-turnstile": nodeSite("npm-next-turnstile", "next-turnstile", {
    ...turnstile, ...prefixed, api: "turnstile", ...codes("timeout-or-duplicate"),
  }),
  "npm-google-recaptcha": nodeSite("npm-google-recaptcha", "google-recaptcha", {
    ...recaptcha, ...prefixed, api: "recaptcha", ...says("Missing response object.", "invalid-input-response", "timeout-or-duplicate"),
  }),
  "npm-recaptcha2": nodeSite("npm-recaptcha2", "recaptcha2", {
    ...recaptcha, api: "recaptcha",
    ...says("The response parameter is missing.", "is invalid or malformed.", "timeout-or-duplicate"),
  }),
  "express-recaptcha": nodeSite("express-recaptcha", "express-recaptcha", {
    ...recaptcha, ...misled, api: "recaptcha", ...says("invalid-input-response", "invalid-input-response", "timeout-or-duplicate"),
  }),
};

const altchaNode = {
  "altcha-lib-v1": altchaLib("first", bare("v1"), work),
  "altcha-lib-v1-signature": altchaLib("first-signed", verified("v1"), secure),
  "altcha-lib-v2": altchaLib("second", bare("v2"), work),
  "altcha-lib-v2-signature": altchaLib("signed", verified("v2"), prefixed),
  "altcha-lib-remote": altchaLib("remote", verified("v2"), { ...secure, ...asked }),
  "altcha-lib-remote-work": altchaLib("remote", bare("v1"), { ...work, ...asked }),
};

const debian = {
  "ruby-recaptcha": debianSite("ruby-recaptcha", ["ruby-recaptcha"], () => ["ruby", "app.rb"], {
    ...recaptcha, ...person,
  }),
  "php-google-recaptcha": phpRecaptcha("post", [], secure),
  "php-google-recaptcha-curl": phpRecaptcha("curl", ["php-curl"], prefixed),
  "phpmyadmin-invisible": phpMyAdmin({ ...recaptcha, ...prefixed, ...login, ...invisible, env: { METHOD: "invisible" } }),
  "phpmyadmin-checkbox": phpMyAdmin({ ...recaptcha, ...login, env: { METHOD: "checkbox" } }),
  "mediawiki-hcaptcha": mediaWiki({ ...hcaptcha, ...misled, ...wiki, env: { CAPTCHA: "hCaptcha" } }),
  "mediawiki-recaptcha": mediaWiki({ ...recaptcha, ...misled, ...wiki, env: { CAPTCHA: "ReCaptchaNoCaptcha" } }),
  "mediawiki-recaptcha-without-javascript": mediaWiki({
    ...recaptcha, ...misled, ...wiki, env: { CAPTCHA: "ReCaptchaNoCaptcha" }, pass: passFallback,
  }),
};

const pages = {
  "plain-recaptcha": page("plain-recaptcha", "", recaptchaPage),
  "plain-recaptcha-invisible": page("plain-recaptcha-invisible", "", { ...recaptchaPage, ...prefixed, ...invisible }),
  "plain-recaptcha-v3": page("plain-recaptcha-v3", "", { ...recaptchaPage, ...invisible }),
  "plain-recaptcha-enterprise": page("plain-recaptcha-enterprise", "", { ...recaptchaPage, ...prefixed, ...invisible }),
  "plain-hcaptcha": page("plain-hcaptcha", "", { ...hcaptchaPage, ...prefixed }),
  "plain-turnstile": page("plain-turnstile", "", { ...turnstilePage, ...secure }),
  // As the two vendors have it for sites that come from reCAPTCHA.
  "plain-hcaptcha-for-recaptcha": page("plain-hcaptcha-for-recaptcha", "", { ...hcaptchaPage, ...recaptcha }),
  "plain-turnstile-for-recaptcha": page("plain-turnstile-for-recaptcha", "", { ...turnstilePage, ...recaptcha }),
  "react-hcaptcha": page("react-hcaptcha", "@hcaptcha/react-hcaptcha", { ...hcaptchaPage, ...prefixed }),
  "react-google-recaptcha": page("react-google-recaptcha", "react-google-recaptcha", { ...recaptchaPage, ...prefixed }),
  "react-google-recaptcha-invisible": page("react-google-recaptcha-invisible", "react-google-recaptcha", {
    ...recaptchaPage, ...invisible,
  }),
  "react-google-recaptcha-v3": page("react-google-recaptcha-v3", "react-google-recaptcha-v3", {
    ...recaptchaPage, ...invisible,
  }),
  "marsidev-react-turnstile": page("marsidev-react-turnstile", "@marsidev/react-turnstile", {
    ...turnstilePage, ...prefixed,
  }),
  "react-turnstile": page("react-turnstile", "react-turnstile", turnstilePage),
  "react-next-turnstile": page("react-next-turnstile", "next-turnstile", turnstilePage),
  "vanilla-hcaptcha": page("vanilla-hcaptcha", "@hcaptcha/vanilla-hcaptcha", { ...hcaptchaPage, ...prefixed }),
  "vue3-hcaptcha": page("vue3-hcaptcha", "@hcaptcha/vue3-hcaptcha", hcaptchaPage),
  "vue3-recaptcha2": page("vue3-recaptcha2", "vue3-recaptcha2", recaptchaPage),
  "vue-recaptcha": page("vue-recaptcha", "vue-recaptcha", recaptchaPage),
  "vue-recaptcha-v3": page("vue-recaptcha-v3", "vue-recaptcha-v3", { ...recaptchaPage, ...prefixed, ...invisible }),
  "vue-turnstile": page("vue-turnstile", "vue-turnstile", turnstilePage),
};

const capPages = {
  cap: page("cap", "@cap.js/widget", {
    field: "cap-token", vendor: "cap", asks: "work", pass: passCap,
    // It asks a CDN for a version of its program that is not there, unless it is told of another.
    files: { "/cap.wasm": "@cap.js/wasm/browser/cap_wasm_bg.wasm" },
    needs: {
      "script-src": "'wasm-unsafe-eval'", "connect-src": "'self'", "img-src": "data:", "worker-src": "blob: data:",
      "style-src": "'unsafe-inline'",
    },
    ...says("invalid-input-response", "invalid-input-response", "already-seen-response"),
  }),
};

const altchaPages = {
  "altcha-3": page("altcha-3", "altcha", altchaPage("v2", told)),
  "altcha-3-v1": page("altcha-3", "altcha", altchaPage("v1", {})),
  "altcha-3-second-try": page("altcha-3", "altcha", altchaPage("v2", { ...secure, pass: passAltchaAtSecondTry })),
  "altcha-3-work": page("altcha-3", "altcha", altchaPage("v2", work)),
  "altcha-2": page("altcha-2", "altcha-2", altchaPage("v1", told)),
  "altcha-2-second-try": page("altcha-2", "altcha-2", altchaPage("v1", { ...secure, pass: passAltchaAtSecondTry })),
  "altcha-2-work": page("altcha-2", "altcha-2", altchaPage("v1", work)),
};

const java = (generation) => naverProgram("naver-java", ["java", "App.java"], "--version", generation);
const naver = {
  "naver-java": java("cloud"),
  "naver-java-developers": java("developers"),
  "naver-python": naverProgram("naver-python", ["python3", "app.py"], "--version", "cloud", "prefixed"),
  "naver-python-developers": naverProgram("naver-python", ["python3", "app.py"], "--version", "developers"),
  "naver-node": naverProgram("naver-node", ["node", "app.mjs"], "--version", "cloud"),
  "naver-node-developers": naverProgram("naver-node", ["node", "app.mjs"], "--version", "developers"),
  "naver-php": naverProgram("naver-php", ["php", "app.php"], "--version", "cloud"),
  "naver-php-developers": naverProgram("naver-php", ["php", "app.php"], "--version", "developers"),
};

export const list = { ...python, ...node, ...altchaNode, ...debian, ...pages, ...altchaPages, ...capPages, ...naver };
