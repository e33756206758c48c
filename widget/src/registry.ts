import type { Captcha } from "./captcha";
import { isElement } from "./elements";

/** With more than these, the oldest that is not in the document any more is given up. */
const MOST = 100;

/** The widgets that a page has rendered, by the ids that it was given for them. */
export class Registry<Id extends string | number> {
  private readonly captchas = new Map<Id, Captcha>();
  private count = 0;

  constructor(private readonly makeId: (count: number) => Id) {}

  nextId(): Id {
    const id = this.makeId(this.count++);
    return this.captchas.has(id) ? this.nextId() : id;
  }

  /** `grecaptcha` has no way to remove a widget, and an app may render one for each of its views. */
  add(id: Id, captcha: Captcha): void {
    const left = this.captchas.size < MOST ? undefined : this.all.find(([, { element }]) => !element.isConnected);
    if (left) this.remove(left[0]);
    this.captchas.set(id, captcha);
  }

  /** The id of the widget in an element. One whose element the page has emptied is given up. */
  idIn(element: Element): Id | undefined {
    for (const [id, captcha] of this.captchas) {
      if (captcha.element !== element) continue;
      if (captcha.isIntact) return id;
      this.remove(id);
    }
    return undefined;
  }

  /** By nothing: the first, and rather one in the document than one that an app has left behind. */
  find(which: unknown): [Id, Captcha] | undefined {
    const { all } = this;
    if (which === undefined || which === null) return all.find(([, { element }]) => element.isConnected) ?? all[0];
    if (isElement(which)) return all.find(([, { element }]) => element === which);
    return all.find(([id]) => String(id) === String(which));
  }

  remove(id: Id): void {
    this.captchas.get(id)?.remove();
    this.captchas.delete(id);
  }

  private get all(): [Id, Captcha][] {
    return Array.from(this.captchas);
  }
}

/** As the originals' ids look. They need only differ on one page. */
export function randomDigits(length: number): string {
  let digits = "";
  while (digits.length < length) digits += Math.random().toString(36).slice(2);
  return digits.slice(0, length);
}
