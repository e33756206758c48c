/** Where the panel is shown. */
export interface Surface {
  readonly isOpen: boolean;
  open(): void;
  close(): void;
}

/**
 * In the page's flow: the bar covers the panel as long as nothing is asked. One that folds has no room to cover before
 * it was open once, and keeps it from then on, so that the page below moves once at most.
 */
export class Inline implements Surface {
  constructor(
    private readonly panel: HTMLElement,
    bar: HTMLElement,
    folds = false,
  ) {
    panel.append(bar);
    panel.classList.toggle("tall", !folds);
    this.close();
  }

  get isOpen(): boolean {
    return !this.panel.classList.contains("covered");
  }

  open(): void {
    this.panel.classList.remove("covered");
    this.panel.classList.add("tall");
  }

  close(): void {
    this.panel.classList.add("covered");
  }
}
