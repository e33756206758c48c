import { element } from "./dom";
import { HOOK, type Order, type Report, type Solve } from "./work/puzzle";

/** How long the frame has to speak up. */
const PATIENCE_MS = 2_000;
/** When the script that works in the page is asked for again. */
const RETRY_MS = 5_000;

interface Listener {
  onReport(report: Report): void;
  /** The script cannot be had just now. */
  onLost(): void;
}

/**
 * Has a puzzle solved: in a hidden frame of the server's origin, which has workers, or in short slices in the page itself
 * where the page's policy allows no such frame.
 */
export class Solver {
  private readonly life = new AbortController();
  private readonly frame: HTMLIFrameElement;
  private readonly timer: number;
  private port: MessagePort | undefined;

  constructor(
    root: ShadowRoot,
    private readonly server: string,
    private readonly order: Order,
    private readonly listener: Listener,
  ) {
    const { origin } = new URL(server);
    const { signal } = this.life;
    this.frame = element("iframe", { src: `${server}/widget/v1/work` });
    this.frame.style.display = "none";
    // A frame that is moved in the page loads anew.
    this.frame.addEventListener("load", () => {
      this.frame.contentWindow?.postMessage(order, origin, [this.open()]);
    });
    document.addEventListener(
      "securitypolicyviolation",
      ({ effectiveDirective }) => effectiveDirective === "frame-src" && this.stay(),
      { signal },
    );
    this.timer = window.setTimeout(() => this.stay(), PATIENCE_MS);
    (root.isConnected ? root : document.body).append(this.frame);
  }

  stop(): void {
    this.life.abort();
    clearTimeout(this.timer);
    this.frame.remove();
    this.port?.postMessage(0);
    this.port?.close();
  }

  /** The end of a line at which the order is worked on. */
  private open(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.port?.close();
    this.port = port1;
    port1.onmessage = ({ data }) => {
      clearTimeout(this.timer);
      this.listener.onReport(data);
    };
    return port2;
  }

  /** Works in the page. */
  private stay(): void {
    clearTimeout(this.timer);
    this.frame.remove();
    const hook = (window as unknown as Record<symbol, Solve | undefined>)[HOOK];
    if (this.life.signal.aborted) return;
    if (hook) return hook(this.order, this.open());
    const script = element("script", { src: `${this.server}/widget/v1/work.js` });
    // Where the page's policy allows scripts by a nonce, ours may come along.
    script.nonce = document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce ?? "";
    script.onload = () => this.stay();
    script.onerror = () => {
      this.listener.onLost();
      setTimeout(() => this.stay(), RETRY_MS);
    };
    document.head.append(script);
  }
}
