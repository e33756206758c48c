export function isElement(value: unknown): value is Element {
  return (value as Partial<Node> | null | undefined)?.nodeType === Node.ELEMENT_NODE;
}

/** The element itself, or that with an id, or the first that a selector takes. */
export function findElement(where: unknown): Element | null {
  if (isElement(where)) return where;
  if (typeof where !== "string") return null;
  try {
    return byId(where) ?? document.querySelector(where);
  } catch {
    return null; // not a selector, then it was an id
  }
}

/** A picture named `getElementById` would be in the place of the document's own. */
export function byId(id: string): HTMLElement | null {
  return Document.prototype.getElementById.call(document, id);
}

export function isButton(element: Element): element is HTMLButtonElement | HTMLInputElement {
  if (element instanceof HTMLInputElement) return ["submit", "button", "image"].includes(element.type);
  return element instanceof HTMLButtonElement;
}

/** A place for the fields of a widget that has none in the page. */
export function addBox(parent: Element): HTMLElement {
  const box = document.createElement("div");
  box.hidden = true;
  // A form's own `append` may be a field of that name.
  Element.prototype.append.call(parent, box);
  return box;
}
