import type { Dialect } from "./dialect";
import { isButton } from "./elements";

/** Renders what stands in the page now. Elements that are added later are the page's business, as with the originals. */
export function renderAll(dialect: Dialect): void {
  for (const element of Array.from(document.querySelectorAll(dialect.selector))) {
    if (isField(element) || dialect.isRendered(element)) continue;
    try {
      dialect.render(element);
    } catch (error) {
      console.error(error); // one element without a site key must not keep the others from being rendered
    }
  }
}

/** Some forms mark their own hidden field with the class. */
function isField(element: Element): boolean {
  return element instanceof HTMLInputElement && !isButton(element);
}
