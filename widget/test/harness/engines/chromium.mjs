// Chromium, by puppeteer over CDP.
import { PuppeteerTab, puppeteer } from "./puppeteer.mjs";

const program = process.env.CHROMIUM ?? "/usr/bin/chromium";
const usualTextSize = 16;

export class Chromium {
  static needs = { [program]: "chromium" };
  name = "chromium";
  cannot = {};

  async start({ sound }) {
    this.browser = await puppeteer.launch({
      executablePath: program,
      args: ["--no-sandbox", "--lang=en", "--host-resolver-rules=MAP plain.test 127.0.0.1"],
      // puppeteer mutes it otherwise.
      ignoreDefaultArgs: ["--mute-audio"],
      env: { ...process.env, ...sound },
    });
    return this.browser.version();
  }

  /** `preferences` are a reader's: width, height, isDark, isStill, hasForcedColors, textSize. */
  async open({ width = 800, height = 800, ...preferences } = {}) {
    const page = await this.browser.newPage();
    await page.setViewport({ width, height });
    const tab = new ChromiumTab(page);
    tab.devtools = await page.createCDPSession();
    await tab.prefer(preferences);
    return tab;
  }

  async stop() {
    await this.browser?.close();
  }
}

class ChromiumTab extends PuppeteerTab {
  async prefer({ isDark, isStill, hasForcedColors, textSize = usualTextSize }) {
    const features = [
      { name: "prefers-color-scheme", value: isDark ? "dark" : "light" },
      { name: "prefers-reduced-motion", value: isStill ? "reduce" : "no-preference" },
      { name: "forced-colors", value: hasForcedColors ? "active" : "none" },
    ];
    await this.devtools.send("Emulation.setEmulatedMedia", { features });
    await this.devtools.send("Page.setFontSizes", { fontSizes: { standard: textSize } });
  }

  /** The browser itself says so to its pages. */
  async setOffline(isOffline) {
    await this.page.setOfflineMode(isOffline);
  }
}
