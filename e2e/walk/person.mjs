// Somebody at a keyboard, who has no mouse.
const MOST_STOPS = 120;
const PATIENCE_MILLIS = 20_000;

export class Person {
  constructor(tab) {
    this.tab = tab;
    this.presses = 0;
  }

  go(url) {
    return this.tab.go(url);
  }

  /** Goes from stop to stop until the focus is on what a selector finds. */
  async reach(selector) {
    for (let stops = 0; stops < MOST_STOPS; stops++) {
      if (await this.#ask(`document.activeElement?.matches(${JSON.stringify(selector)}) ?? false`)) return;
      await this.#press("Tab");
      await this.#seeFocus();
    }
    throw new Error(`${selector} is not reached by ${MOST_STOPS} stops`);
  }

  async type(selector, text) {
    await this.reach(selector);
    await this.tab.type(text);
    this.presses += text.length;
  }

  /** Presses Enter on what a selector finds, and waits for the page that comes. */
  async follow(selector) {
    await this.reach(selector);
    await this.#ask("void (document.documentElement.dataset.before = '1')");
    await this.#press("Enter");
    await this.until("document.documentElement.dataset.before === undefined && document.readyState === 'complete'");
  }

  async press(selector, key = "Enter") {
    await this.reach(selector);
    await this.#press(key);
  }

  /** Waits until an expression is true in the page, which may be about to be replaced. */
  async until(expression) {
    const end = Date.now() + PATIENCE_MILLIS;
    while (!(await this.#ask(`Boolean(${expression})`).catch(() => false))) {
      if (Date.now() > end) throw new Error(`it did not become true: ${expression}\n${await this.read().catch(() => "")}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The text of the page, or of a part of it. */
  read(selector = "body") {
    return this.#ask(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ''`);
  }

  async #press(key) {
    this.presses++;
    await this.tab.press(key);
  }

  /** What has the focus and is no whole page must show it. */
  async #seeFocus() {
    const look = `(() => {
      const element = document.activeElement;
      if (!element || element === document.body || element.shadowRoot) return "";
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const isSeen = (outlineStyle !== "none" && outlineWidth !== "0px") || !element.matches(":focus-visible");
      return isSeen || element.matches("audio, iframe") ? "" : element.outerHTML.slice(0, 200);
    })()`;
    const unseen = await this.#ask(look);
    if (unseen) throw new Error(`the focus cannot be seen on ${unseen}`);
  }

  #ask(expression) {
    return this.tab.evaluate(`(() => ${expression})()`);
  }
}
