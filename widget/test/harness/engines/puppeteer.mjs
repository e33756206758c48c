// What Chromium and Firefox have in common: tabs, as puppeteer drives them.
import { load } from "../packages.mjs";

export const puppeteer = load("puppeteer-core");

export class PuppeteerTab {
  /** Of all that the page has asked for, as the browser says. */
  addresses = [];

  constructor(page) {
    this.page = page;
    page.on("request", (request) => this.addresses.push(request.url()));
  }

  async go(url) {
    await this.page.goto(url);
  }

  async back() {
    await this.page.goBack();
  }

  evaluate(text) {
    return this.page.evaluate(text);
  }

  async move({ x, y }) {
    await this.page.mouse.move(x, y);
  }

  async click({ x, y }) {
    await this.page.mouse.click(x, y);
  }

  async type(text) {
    await this.page.keyboard.type(text);
  }

  async press(key) {
    await this.page.keyboard.press(key);
  }

  async close() {
    await this.page.close();
  }
}
