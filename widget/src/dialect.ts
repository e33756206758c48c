import type { Given } from "./options";

/** What one of the api.js files puts into the page. */
export interface Dialect {
  /** Of the global. */
  name: string;
  /** They work without `this`: wrappers take them out of their object. */
  methods: Given;
  /** The elements that are rendered automatically. */
  selector: string;
  render(element: Element): void;
  isRendered(element: Element): boolean;
}
