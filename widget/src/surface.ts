/** Where the panel is shown. */
export interface Surface {
  readonly isOpen: boolean;
  open(): void;
  close(): void;
}

/** In the page's flow: a cover over the panel says how things stand as long as nothing is asked. */
export class Inline implements Surface {
  constructor(private readonly panel: HTMLElement) {
    this.close();
  }

  get isOpen(): boolean {
    return !this.panel.classList.contains("covered");
  }

  open(): void {
    this.panel.classList.remove("covered");
  }

  close(): void {
    this.panel.classList.add("covered");
  }
}
