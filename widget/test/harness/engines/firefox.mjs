// Firefox, by puppeteer over WebDriver BiDi, which has no words for a reader's preferences: they are those of a browser
// that is started with them.
import { PuppeteerTab, puppeteer } from "./puppeteer.mjs";

const program = process.env.FIREFOX ?? "/usr/bin/firefox-esr";

export class Firefox {
  static needs = { [program]: "firefox-esr" };
  name = "firefox";
  cannot = {};
  #browsers = new Map();

  async start({ sound }) {
    this.sound = sound;
    return (await this.#browser({})).version();
  }

  async open({ width = 800, height = 800, ...preferences } = {}) {
    const browser = await this.#browser(preferences);
    const page = await browser.newPage();
    await page.setViewport({ width, height });
    return new FirefoxTab(page);
  }

  async stop() {
    for (const browser of this.#browsers.values()) await browser.close();
  }

  async #browser(preferences) {
    const id = JSON.stringify(preferences);
    if (!this.#browsers.has(id)) this.#browsers.set(id, await this.#launch(preferences));
    return this.#browsers.get(id);
  }

  #launch({ isDark, isStill, hasForcedColors, textSize }) {
    const extraPrefsFirefox = {
      "intl.accept_languages": "en",
      "network.dns.localDomains": "plain.test",
      "ui.systemUsesDarkTheme": isDark ? 1 : 0,
      "ui.prefersReducedMotion": isStill ? 1 : 0,
      ...(hasForcedColors && { "browser.display.document_color_use": 2 }),
      ...(textSize && { "font.size.variable.x-western": textSize }),
    };
    return puppeteer.launch({
      browser: "firefox",
      executablePath: program,
      extraPrefsFirefox,
      env: { ...process.env, ...this.sound },
    });
  }
}

class FirefoxTab extends PuppeteerTab {
  /** puppeteer waits in vain for a page that comes out of the browser's cache. */
  async back() {
    const before = this.page.url();
    await this.evaluate("void setTimeout(() => history.back())");
    const isThere = `location.href !== ${JSON.stringify(before)} && document.readyState === "complete"`;
    while (!(await this.evaluate(isThere).catch(() => false)));
  }
}
