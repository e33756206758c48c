import { element } from "./dom";
import css from "./style.css";

let shared: CSSStyleSheet | undefined;

/** Dresses a shadow root without anything that a page's policy would call inline. */
export function dress(root: ShadowRoot, box: HTMLElement, server: string, isModal: boolean): void {
  root.append(box);
  if (typeof root.adoptedStyleSheets !== "object") {
    // A dialog cannot wait: what is hidden does not take the focus.
    box.hidden = !isModal;
    root.append(link(server, () => (box.hidden = false)));
    return;
  }
  if (!shared) {
    shared = new CSSStyleSheet();
    shared.replaceSync(css);
  }
  root.adoptedStyleSheets = [shared];
}

/** Browsers of before 2023 fetch the same from the server. What it dresses is not shown before that. */
function link(server: string, onSettled: () => void): Element {
  const made = element("link", { rel: "stylesheet", href: `${server}/widget/v1/widget.css` });
  for (const name of ["load", "error"]) made.addEventListener(name, onSettled);
  return made;
}
