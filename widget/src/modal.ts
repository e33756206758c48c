import { element } from "./dom";
import type { Surface } from "./surface";

/** Over the whole page, which waits. */
export class Modal implements Surface {
  isOpen = false;
  private readonly dialog: HTMLElement;
  private before: Element | null = null;

  constructor(
    private readonly host: HTMLElement,
    private readonly panel: HTMLElement,
    private readonly status: HTMLElement,
    onDismiss: () => void,
  ) {
    const attributes = { class: "modal", "aria-labelledby": "task" };
    this.dialog = hasDialogs()
      ? element("dialog", attributes, panel)
      : element("div", { ...attributes, role: "dialog", "aria-modal": "true" }, panel);
    this.dialog.hidden = !hasDialogs();
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      onDismiss();
    });
    // Some browsers close it without asking when Escape is pressed twice.
    this.dialog.addEventListener("close", () => {
      if (this.isOpen) onDismiss();
    });
    status.after(this.dialog);
    if (!hasDialogs()) this.dialog.addEventListener("keydown", (event) => this.keepFocus(event));
  }

  /** What is outside of a modal dialog is not read out, so that the status moves into it. */
  open(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    if (!this.host.isConnected) document.body.append(this.host);
    this.before = document.activeElement;
    this.dialog.prepend(this.status);
    if (isDialog(this.dialog)) this.dialog.showModal();
    else this.dialog.hidden = false;
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.dialog.before(this.status);
    if (isDialog(this.dialog)) {
      this.dialog.close();
    } else {
      this.dialog.hidden = true;
      if (this.before instanceof HTMLElement) this.before.focus();
    }
  }

  /** Tab goes round in a dialog that the browser knows nothing of. */
  private keepFocus(event: KeyboardEvent): void {
    if (event.key !== "Tab") return;
    const stops = Array.from(this.panel.querySelectorAll<HTMLElement>("button, input"));
    const [first, last] = event.shiftKey ? [stops[stops.length - 1], stops[0]] : [stops[0], stops[stops.length - 1]];
    if (event.target !== last) return;
    event.preventDefault();
    first?.focus();
  }
}

function hasDialogs(): boolean {
  return typeof HTMLDialogElement === "function";
}

function isDialog(dialog: HTMLElement): dialog is HTMLDialogElement {
  return hasDialogs() && dialog instanceof HTMLDialogElement;
}
