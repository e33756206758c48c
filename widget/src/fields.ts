import { element } from "./dom";

/** The hidden inputs that carry the token. They are outside the shadow root: only there they belong to the site's form. */
export class Fields {
  private readonly inputs: HTMLInputElement[];

  constructor(container: Element, names: string[]) {
    // A browser that brings a page back would also bring back the token of that time.
    this.inputs = names.map((name) => element("input", { type: "hidden", name, autocomplete: "off", value: "" }));
    container.append(...this.inputs);
  }

  fill(token: string): void {
    for (const input of this.inputs) input.value = token;
  }

  remove(): void {
    for (const input of this.inputs) input.remove();
  }
}
