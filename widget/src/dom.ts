type Attributes = Record<string, string | number | false | undefined>;

/** An element with its attributes, without those that are false or undefined. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  set(made, attributes);
  made.append(...children);
  return made;
}

/** A drawing without a meaning of its own, of paths and their classes. */
export function drawing(className: string, size: number, ...paths: [path: string, className?: string][]): SVGElement {
  const made = vector("svg", { class: className, viewBox: `0 0 ${size} ${size}`, "aria-hidden": "true" });
  made.append(...paths.map(([d, name]) => vector("path", { d, class: name })));
  return made;
}

function vector(name: string, attributes: Attributes): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name) as SVGElement;
  set(made, attributes);
  return made;
}

function set(made: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, String(value));
  }
}
