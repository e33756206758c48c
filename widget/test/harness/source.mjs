/** A call of a function with what is given, as source for a page. Drivers run it in spite of the page's policy. */
export function source(inPage, given) {
  return `(${inPage})(${given.map(literal).join(", ")})`;
}

function literal(value) {
  return typeof value === "function" ? `(${value})` : (JSON.stringify(value) ?? "undefined");
}
