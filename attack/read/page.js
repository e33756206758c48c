"use strict";

const element = (id) => document.getElementById(id);
const screens = ["start", "test", "end"].map(element);
const pictures = [...document.querySelectorAll(".picture")];
const inputs = pictures.map((picture) => picture.querySelector("input"));
const spentMillis = pictures.map(() => 0);

let current = 0; // The picture that is shown.
let reached = 0; // How many pictures the reader has had, from the first on.
let since = null; // When the clock of the current picture started; null while it stands.
let saved = true;

function startClock() {
  if (!screens[1].hidden && !document.hidden) since = performance.now();
}

function stopClock() {
  if (since !== null) spentMillis[current] += performance.now() - since;
  since = null;
}

function showScreen(id) {
  for (const screen of screens) screen.hidden = screen.id !== id;
}

function showPicture(index) {
  stopClock();
  current = index;
  showScreen("test");
  pictures.forEach((picture, position) => { picture.hidden = position !== index; });
  element("progress").value = index;
  element("back").disabled = index === 0;
  element("next").textContent = index === pictures.length - 1 ? "Finish" : "Next";
  inputs[index].focus();
  startClock();
}

function showEnd() {
  stopClock();
  showScreen("end");
  const answered = inputs.filter((input) => input.value.trim()).length;
  element("summary").textContent = `You answered ${answered} of ${pictures.length} pictures.`;
  element("text").value = answersFile();
  document.querySelector("#end h1").focus();
}

/** The answers in the form that score.py reads. Pictures that were never reached do not count. */
function answersFile() {
  const head = [
    `test: ${document.querySelector("main").dataset.test}`,
    `reader: ${oneLine(element("reader").value)}`,
    `pictures: ${reached === pictures.length ? "all" : `1-${Math.max(reached, 1)}`}`,
    "",
  ];
  const lines = inputs.slice(0, reached).map((input, index) => {
    const number = String(index + 1).padStart(3, "0");
    return `${number}: ${oneLine(input.value)} [${(spentMillis[index] / 1000).toFixed(1)} s]`;
  });
  return [...head, ...lines, ""].join("\n");
}

function oneLine(text) {
  return text.replace(/\s+/g, " ").trim();
}

function download() {
  const link = document.createElement("a");
  const reader = oneLine(element("reader").value).replace(/[^\p{L}\p{N}]+/gu, "-");
  link.href = URL.createObjectURL(new Blob([element("text").value], { type: "text/plain" }));
  link.download = reader ? `answers-${reader}.txt` : "answers.txt";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  saved = true;
}

element("start").addEventListener("submit", (event) => {
  event.preventDefault();
  showPicture(0);
});
element("test").addEventListener("submit", (event) => {
  event.preventDefault();
  reached = Math.max(reached, current + 1);
  if (current + 1 < pictures.length) showPicture(current + 1);
  else showEnd();
});
element("test").addEventListener("input", () => { saved = false; });
element("back").addEventListener("click", () => showPicture(current - 1));
element("stop").addEventListener("click", () => {
  if (inputs[current].value.trim()) reached = Math.max(reached, current + 1);
  showEnd();
});
element("resume").addEventListener("click", () => showPicture(current));
element("download").addEventListener("click", download);
// A picture nobody looks at costs no time.
document.addEventListener("visibilitychange", () => (document.hidden ? stopClock() : startClock()));
window.addEventListener("beforeunload", (event) => { if (!saved) event.preventDefault(); });
