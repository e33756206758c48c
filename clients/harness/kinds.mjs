// Kinds of clients: how an application is installed and started, and what is asked of it.
import { join } from "node:path";
import { freePort, start } from "./application.mjs";
import { byToken, byWidget, isRefused } from "./sign-in.mjs";
import { debianVersion } from "./install.mjs";
import { startSite } from "./site.mjs";

/** Below a proxy's prefix, over https, over http. */
const addressNames = { told: "https, below a prefix", prefixed: "https, below a prefix", secure: "https", plain: "http" };

/** An application in Python, `app.py`, with a requirements.txt. */
export function pythonSite(folder, distribution, wanted) {
  return {
    title: async ({ cache }) => `${distribution} ${await cache.pythonVersion(folder, distribution)}`,
    async run(context) {
      const python = await context.cache.python(folder);
      const env = { PYTHONPATH: join(context.clients, "harness"), PYTHONUNBUFFERED: "1" };
      return signIn(context, wanted, (settings) =>
        start(python, ["app.py"], withEnv(settings, env, join(context.clients, folder))));
    },
  };
}

/** An application in Node, `app.mjs`. The packages are those of package.json. */
export function nodeSite(folder, name, wanted) {
  return {
    title: async ({ cache }) => `${name} ${await cache.npmVersion(name)}`,
    async run(context) {
      const cwd = await context.cache.nodeApplication(folder);
      const hook = wanted.misled ? context.vendors.hook : [];
      const env = { VENDORS_PORT: String(context.vendors.port) };
      return signIn(context, wanted, (settings) =>
        start(process.execPath, [...hook, "app.mjs"], withEnv(settings, env, cwd)));
    },
  };
}

/** An application in a language that Debian has, with Debian's packages. */
export function debianSite(folder, [name, ...others], command, wanted) {
  return {
    title: async () => `${name} ${await debianVersion(name, ...others)} (Debian)`,
    async run(context) {
      await debianVersion(name, ...others);
      const cwd = join(context.clients, folder);
      return signIn(context, wanted, (settings) => {
        const [program, ...args] = command(settings);
        return start(program, args, withEnv(settings, {}, cwd));
      });
    },
  };
}

/** A page with a wrapper or with plain tags; the site behind it has no package of anybody's. */
export function page(folder, name, wanted) {
  return {
    title: async ({ cache }) => (name ? `${name} ${await cache.npmVersion(name)}` : "plain tags"),
    async run(context) {
      const source = await context.cache.nodeApplication(folder);
      return signIn(context, wanted, ({ haechi }) => startSite(source, haechi, wanted));
    },
  };
}

/** Lets a person sign in, then tries what must fail. Returns what was done, in words. */
export async function signIn(context, wanted, startApplication) {
  const address = context.addresses[wanted.at ?? "plain"];
  const haechi = wanted.asks === "work" ? { ...address, ...address.work } : address;
  const port = await freePort();
  const application = await startApplication({ haechi, port, env: siteEnv(context, haechi, port, wanted) });
  try {
    const url = application.url + (wanted.path ?? "/");
    const token = wanted.api || wanted.payload
      ? await byToken(url, haechi, wanted)
      : await byWidget(context.browser, url, wanted);
    await isRefused(url, token, wanted);
    const means = wanted.payload ? "a payload" : wanted.api ? "a token" : "the widget";
    return `signed in with ${means} (${wanted.misled ? "vendor's name" : addressNames[wanted.at ?? "plain"]}); used, made-up and missing tokens refused`;
  } catch (error) {
    throw new Error(`${error.message}\n${application.output().slice(-3000)}`);
  } finally {
    await application.stop();
  }
}

function siteEnv({ certificate, vendors }, { url, siteKey, secret, altchaKey }, port, { env, misled }) {
  return {
    PORT: String(port),
    HAECHI: url,
    SITE_KEY: siteKey,
    SECRET: secret,
    ALTCHA_KEY: altchaKey,
    SSL_CERT_FILE: certificate,
    REQUESTS_CA_BUNDLE: certificate,
    NODE_EXTRA_CA_CERTS: certificate,
    ...(misled && { https_proxy: vendors.proxy }),
    ...env,
  };
}

function withEnv(settings, env, cwd) {
  return { port: settings.port, env: { ...settings.env, ...env }, cwd };
}
