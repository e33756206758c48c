// WebKitGTK's MiniBrowser, by plain calls of W3C WebDriver. A reader's preferences are those with which it is started.
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { start, stop } from "../programs.mjs";

const program = process.env.WEBKIT_DRIVER ?? "/usr/bin/WebKitWebDriver";
const browser = process.env.MINIBROWSER ?? `/usr/lib/${triplet()}/webkit2gtk-4.1/MiniBrowser`;
const usualTextSize = 16;
/** With the toolbar as it is, no page is narrower than 447 pixels. */
const narrowWindow = "window * { min-width: 0; margin: 0; padding: 0; border-width: 0; font-size: 1px; }";
/** As WebDriver has them. */
const keys = { Enter: "\uE007", Escape: "\uE00C", Tab: "\uE004", Backspace: "\uE003" };

export class WebKit {
  static needs = { [program]: "webkit2gtk-driver", [browser]: "libwebkit2gtk-4.1-0", Xvfb: "xvfb" };
  name = "webkit";
  cannot = { hasForcedColors: "WebKitGTK has no forced colours" };
  #drivers = new Map();

  async start({ sound, folder }) {
    this.folder = folder;
    const screen = start("Xvfb", ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    this.screen = screen;
    const [display] = await once(createInterface(screen.stdio[3]), "line");
    this.env = { ...process.env, ...sound, DISPLAY: `:${display}`, LANG: "C.UTF-8" };
    const { browserName, browserVersion } = (await this.#driver({})).capabilities;
    return `${browserName} ${browserVersion}`;
  }

  async open({ width = 800, height = 800, ...preferences } = {}) {
    const tab = await this.#driver(preferences);
    await tab.resize(width, height);
    return tab;
  }

  async stop() {
    for (const driver of this.#drivers.values()) await driver.quit();
    if (this.screen) await stop(this.screen);
  }

  async #driver(preferences) {
    const id = JSON.stringify(preferences);
    if (!this.#drivers.has(id)) {
      const folder = join(this.folder, `webkit-${this.#drivers.size}`);
      const flags = writeSettings(folder, preferences);
      this.#drivers.set(id, await WebKitTab.launch({ ...this.env, XDG_CONFIG_HOME: folder }, flags));
    }
    return this.#drivers.get(id);
  }
}

/** A browser with one window, in which one page follows another. */
class WebKitTab {
  static async launch(env, flags) {
    const tab = new WebKitTab();
    const port = await freePort();
    tab.driver = start(program, [`--port=${port}`], { env });
    tab.url = `http://127.0.0.1:${port}`;
    await tab.#untilReady();
    const options = { binary: browser, args: ["--automation", ...flags] };
    const wanted = { alwaysMatch: { "webkitgtk:browserOptions": options, timeouts: { script: 60_000 } } };
    const { sessionId, capabilities } = await tab.#call("POST", "/session", { capabilities: wanted });
    tab.url += `/session/${sessionId}`;
    tab.capabilities = capabilities;
    return tab;
  }

  async go(url) {
    await this.#call("POST", "/url", { url });
  }

  async back() {
    await this.#call("POST", "/back", {});
  }

  async evaluate(text) {
    const script = `const done = arguments[arguments.length - 1];
      (async () => ${text})().then((value) => done({ value }), (error) => done({ error: String(error) }));`;
    const { value, error } = await this.#call("POST", "/execute/async", { script, args: [] });
    if (error) throw new Error(`in the page: ${error}`);
    return value;
  }

  async move(place) {
    await this.#point(place, []);
  }

  async click(place) {
    await this.#point(place, [{ type: "pointerDown", button: 0 }, { type: "pointerUp", button: 0 }]);
  }

  async type(text) {
    await this.#keys([...text]);
  }

  async press(key) {
    await this.#keys([keys[key] ?? key]);
  }

  /** So that the page has this size, whatever the window has around it. */
  async resize(width, height) {
    const [wide, high] = await this.evaluate("[outerWidth - innerWidth, outerHeight - innerHeight]");
    await this.#call("POST", "/window/rect", { width: width + wide, height: height + high });
  }

  /** The window stays for the next page. */
  async close() {
    await this.go("about:blank");
  }

  async quit() {
    await this.#call("DELETE", "");
    await stop(this.driver);
  }

  #point({ x, y }, then) {
    const actions = [{ type: "pointerMove", x, y }, ...then];
    return this.#act({ type: "pointer", id: "mouse", parameters: { pointerType: "mouse" }, actions });
  }

  #keys(values) {
    const actions = values.flatMap((value) => [{ type: "keyDown", value }, { type: "keyUp", value }]);
    return this.#act({ type: "key", id: "keyboard", actions });
  }

  #act(source) {
    return this.#call("POST", "/actions", { actions: [source] });
  }

  async #untilReady() {
    const end = Date.now() + 10_000;
    for (;;) {
      const isReady = await this.#call("GET", "/status").then(() => true, () => false);
      if (isReady) return;
      if (Date.now() > end) throw new Error(`${program} does not answer`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #call(method, path, body) {
    const init = { method, body: body && JSON.stringify(body), headers: { "content-type": "application/json" } };
    const { value } = await (await fetch(this.url + path, init)).json();
    if (value?.error) throw new Error(`WebDriver ${path}: ${value.error} ${value.message}`);
    return value;
  }
}

/** GTK reads one file, and the browser the one that it is told of. */
function writeSettings(folder, { isDark, isStill, textSize = usualTextSize }) {
  mkdirSync(join(folder, "gtk-3.0"), { recursive: true });
  writeFileSync(join(folder, "gtk-3.0/settings.ini"), `[Settings]\ngtk-enable-animations=${!isStill}\n`);
  writeFileSync(join(folder, "gtk-3.0/gtk.css"), narrowWindow);
  const own = join(folder, "browser.ini");
  writeFileSync(own, `[websettings]\ndefault-font-size=${textSize}\n`);
  return [`--config=${own}`, ...(isDark ? ["--dark-mode"] : [])];
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Debian's name of the folder for programs of this processor. */
function triplet() {
  return { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" }[process.arch];
}
