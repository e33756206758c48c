import type { Surface } from "./surface";

/** Between the panel and the bar or the edge of the screen, in CSS pixels. */
const GAP = 6;
/** The narrowest panel, where the screen has room for it. */
const NARROWEST = 300;

/** Over the page beside the bar, in the top layer where there is one: no frame of the page cuts it off there. */
export class Popup implements Surface {
  /** From the bar's corner to the panel's. */
  private readonly offset = { x: 0, y: 0 };
  private readonly observer = new ResizeObserver(() => this.follow());
  private readonly onScroll = (): void => this.follow();
  /** Not up or down: a keyboard that comes up must not send the panel elsewhere. */
  private readonly onResize = (): void => {
    this.placeAcross();
    this.follow();
  };

  constructor(
    private readonly panel: HTMLElement,
    private readonly bar: HTMLElement,
    private readonly button: HTMLElement,
  ) {
    button.setAttribute("aria-controls", panel.id);
    button.setAttribute("aria-expanded", "false");
    panel.classList.add("popup");
    if (hasTopLayer(panel)) panel.setAttribute("popover", "manual");
    else panel.hidden = true;
  }

  /** The browser closes it too, when the widget is moved in the page. */
  get isOpen(): boolean {
    return hasTopLayer(this.panel) ? this.panel.matches(":popover-open") : !this.panel.hidden;
  }

  open(): void {
    if (this.isOpen || !this.panel.isConnected) return;
    if (hasTopLayer(this.panel)) this.panel.showPopover();
    else this.panel.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.placeAcross();
    this.placeDown();
    this.follow();
    addEventListener("scroll", this.onScroll, { capture: true, passive: true });
    addEventListener("resize", this.onResize);
    this.observer.observe(document.documentElement);
  }

  close(): void {
    removeEventListener("scroll", this.onScroll, { capture: true });
    removeEventListener("resize", this.onResize);
    this.observer.disconnect();
    this.button.setAttribute("aria-expanded", "false");
    if (!this.isOpen) return;
    if (hasTopLayer(this.panel)) this.panel.hidePopover();
    else this.panel.hidden = true;
  }

  /** At the side of the bar where lines begin, as far as the screen allows. */
  private placeAcross(): void {
    const width = document.documentElement.clientWidth;
    const bar = this.bar.getBoundingClientRect();
    const wide = Math.min(Math.max(bar.width, NARROWEST), width - 2 * GAP);
    this.panel.style.setProperty("width", `${wide}px`);
    const start = getComputedStyle(this.bar).direction === "rtl" ? bar.right - wide : bar.left;
    this.offset.x = clamp(start, GAP, width - GAP - wide) - bar.left;
  }

  /** Below the bar, else above it, else as low as the screen allows. */
  private placeDown(): void {
    const height = innerHeight;
    const high = this.panel.offsetHeight;
    const bar = this.bar.getBoundingClientRect();
    const below = bar.bottom + GAP;
    const above = bar.top - GAP - high;
    const hasRoom = below + high + GAP <= height;
    const top = hasRoom ? below : above >= GAP ? above : clamp(below, GAP, height - GAP - high);
    this.offset.y = top - bar.top;
  }

  /** Measures where it is before it says where to go: what it is placed in is not the same everywhere. */
  private follow(): void {
    const bar = this.bar.getBoundingClientRect();
    const panel = this.panel.getBoundingClientRect();
    this.shift("left", bar.left + this.offset.x - panel.left);
    this.shift("top", bar.top + this.offset.y - panel.top);
  }

  private shift(side: "left" | "top", pixels: number): void {
    if (Math.abs(pixels) < 0.5) return;
    const now = parseFloat(this.panel.style.getPropertyValue(side)) || 0;
    this.panel.style.setProperty(side, `${now + pixels}px`);
  }
}

function hasTopLayer(panel: HTMLElement): boolean {
  return "showPopover" in panel;
}

/** Not below the least, even if the most is. */
function clamp(number: number, least: number, most: number): number {
  return Math.max(Math.min(number, most), least);
}
