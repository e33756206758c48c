// What is wrong with how the page is laid out at this width: a list of sentences, empty if nothing is.
// It is run in the page, as the body of a function.

/** In CSS pixels: WCAG 2.2, 2.5.8. */
const TARGET = 24;
const TARGETS = "a[href], button, input:not([type=hidden]), select, textarea, summary, audio[controls]";
/** What rounding does. */
const SLACK = 1;

const faults = [];
const root = document.documentElement;
const shown = (element) => element.checkVisibility({ visibilityProperty: true });
const named = (element) => {
  const text = (element.innerText || element.value || element.name || "").trim().replace(/\s+/g, " ").slice(0, 40);
  return `${element.tagName.toLowerCase()}${element.id && `#${element.id}`} "${text}"`;
};

if (root.scrollWidth > root.clientWidth) faults.push(`the page is ${root.scrollWidth} wide and scrolls sideways`);

/** The nearest one around that cuts off or scrolls what is wider than it. */
function frameOf(element) {
  for (let around = element; around; around = around.parentElement) {
    const { overflowX } = getComputedStyle(around);
    if (overflowX !== "visible") return { around, scrolls: overflowX === "auto" || overflowX === "scroll" };
  }
  return undefined;
}

/** For screen readers alone, or shown only with the focus. */
function isHiddenFromSight(element) {
  for (let around = element; around; around = around.parentElement) {
    const { clip, clipPath, position } = getComputedStyle(around);
    if (position === "absolute" && (clip !== "auto" || clipPath !== "none")) return true;
    if (around.matches(".skip")) return true;
  }
  return false;
}

const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let text = walker.nextNode(); text; text = walker.nextNode()) {
  const element = text.parentElement;
  if (!text.data.trim() || !shown(element) || isHiddenFromSight(element) || element.closest("svg, option")) continue;
  const range = document.createRange();
  range.selectNodeContents(text);
  const place = range.getBoundingClientRect();
  if (place.width === 0) continue;
  const frame = frameOf(element);
  if (frame?.scrolls) continue;
  const edge = frame ? frame.around.getBoundingClientRect() : { left: 0, right: root.clientWidth };
  if (place.right > edge.right + SLACK || place.left < edge.left - SLACK) faults.push(`cut off: ${named(element)}`);
  // A word that is longer than its box runs out of it.
  const box = element.closest("button, a, th, td, dd, dt, label, legend, li, p, h1, h2, h3, summary");
  if (!box || getComputedStyle(box).display === "inline") continue;
  const around = box.getBoundingClientRect();
  if (place.right > around.right + SLACK || place.bottom > around.bottom + 4) faults.push(`out of its box: ${named(box)}`);
}

/** What a finger or a pointer can hit: a field's label is a part of it. */
function areaOf(element) {
  const boxes = [element, ...(element.labels ?? [])].filter(shown).map((part) => part.getBoundingClientRect());
  return {
    left: Math.min(...boxes.map(({ left }) => left)),
    right: Math.max(...boxes.map(({ right }) => right)),
    top: Math.min(...boxes.map(({ top }) => top)),
    bottom: Math.max(...boxes.map(({ bottom }) => bottom)),
  };
}

const isInSentence = (element) =>
  element.matches("a") && [...element.parentElement.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
const targets = [...document.querySelectorAll(TARGETS)].filter((target) => shown(target) && !isHiddenFromSight(target));
const small = [];
for (const target of targets) {
  const { left, right, top, bottom } = areaOf(target);
  if (right - left >= TARGET - 0.5 && bottom - top >= TARGET - 0.5) continue;
  if (!isInSentence(target)) small.push({ target, x: (left + right) / 2, y: (top + bottom) / 2 });
}
// A small one will do where a circle around it meets no other target, nor the circle of another small one.
for (const { target, x, y } of small) {
  const crowd = targets.find((other) => {
    if (other === target || other.contains(target) || target.contains(other)) return false;
    const { left, right, top, bottom } = areaOf(other);
    const away = Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom));
    const twin = small.find((one) => one.target === other);
    return twin ? Math.hypot(twin.x - x, twin.y - y) < TARGET : away < TARGET / 2;
  });
  if (crowd) faults.push(`smaller than ${TARGET} pixels: ${named(target)}, beside ${named(crowd)}`);
}

/** How it looks, as far as a focus changes it. */
const look = (element) => {
  const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor, backgroundColor, textDecorationLine } =
    getComputedStyle(element);
  const outline = outlineStyle === "none" || outlineWidth === "0px" ? "" : `${outlineWidth} ${outlineColor}`;
  return [outline, boxShadow, borderColor, backgroundColor, textDecorationLine].join("|");
};
const before = document.activeElement;
for (const target of targets.filter(({ disabled, tabIndex }) => !disabled && tabIndex >= 0)) {
  const atRest = look(target);
  target.focus({ preventScroll: true, focusVisible: true });
  if (document.activeElement !== target) continue;
  if (look(target) === atRest && target !== before) faults.push(`the focus cannot be seen: ${named(target)}`);
  target.blur();
}
before?.focus?.({ preventScroll: true });

return [...new Set(faults)];
