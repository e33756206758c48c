// Measured loads as the documentation has them.

export function figures(loads) {
  const { waterfall } = middle(loads, ({ millis }) => millis);
  const bytes = waterfall.reduce((sum, { bytes }) => sum + bytes, 0);
  const connections = new Set(waterfall.map(({ connectionId }) => connectionId)).size;
  const of = (read) => spread(loads.map(read));
  const frames = (read) => `${of((load) => read(load).mean)}; the busiest frame ${of((load) => read(load).most)}`;
  return [
    `| | median of ${loads.length} (least to most) |`,
    "|---|---|",
    `| from the script's execution to the picture | ${of(({ millis }) => millis)} |`,
    `| longest task of ours | ${of(({ longestTask }) => longestTask)} |`,
    `| work a frame, open and at rest | ${frames(({ idle }) => idle)} |`,
    `| work a frame, while the sound plays | ${frames(({ playing }) => playing)} |`,
    `| layout shift | ${middle(loads, ({ shift }) => shift).shift.toFixed(4)} |`,
    `| requests, bytes, connections | ${waterfall.length}, ${bytes.toLocaleString("en")}, ${connections} |`,
    "",
    "```text",
    ...waterfall.map(bar),
    "```",
  ].join("\n");
}

export function times(what, loads) {
  const connections = new Set(loads[0].waterfall.map(({ connectionId }) => connectionId)).size;
  return `${what}: ${spread(loads.map(({ millis }) => millis))}, ${connections} connections`;
}

function middle(loads, read) {
  return [...loads].sort((a, b) => read(a) - read(b))[loads.length >> 1];
}

function spread(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const [least, median, most] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)].map(millis);
  return `${median} ms (${least} to ${most})`;
}

function millis(number) {
  return number < 10 ? number.toFixed(2) : number.toFixed(0);
}

const millisAColumn = 25;

/** A dot for what is awaited, and a block for what comes. */
function bar({ method, path, bytes, began, answered, ended }) {
  const columns = (from, to, sign) => sign.repeat(Math.max(Math.round((to - from) / millisAColumn), 0));
  const drawn = columns(0, began, " ") + columns(began, answered, ".") + (columns(answered, ended, "#") || "#");
  const times = [began, answered, ended].map((time) => String(Math.round(time)).padStart(5)).join("");
  return `${`${method} ${path}`.padEnd(23)}${String(bytes).padStart(7)} B ${times} ms  ${drawn}`;
}
