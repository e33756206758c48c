"use strict";

const element = (id) => document.getElementById(id);
const { test, language, sounds, texts } = JSON.parse(element("data").textContent);
const screens = ["start", "test", "end"].map(element);
const [audio, play, typed] = ["audio", "play", "typed"].map(element);
const KEPT_AS = `haechi-listening-test-${test}`;

let isKept = true; // Whether the browser keeps what is done, so that a reload goes on.
let since = null; // When the clock of the current sound started; null while it stands.
let state = restored() ?? untouched();

/** What is kept: where the listener is, and what is known of each sound. */
function untouched() {
  return {
    screen: "start",
    current: 0, // The sound that is asked.
    reached: 0, // How many sounds the listener has had, from the first on.
    listening: "",
    screenReader: "",
    isDownloaded: false,
    answers: sounds.map(() => ({ typed: "", plays: 0, millis: 0 })),
  };
}

/** What an earlier visit left; null if there is nothing, or nothing that this page wrote. */
function restored() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT_AS));
    return kept && isWhole(kept) ? kept : null;
  } catch (error) {
    // A browser that denies its storage throws, and so does a text that is no JSON.
    if (!(error instanceof SyntaxError)) isKept = false;
    return null;
  }
}

function isWhole(kept) {
  const isCount = (value, most) => Number.isInteger(value) && value >= 0 && value <= most;
  const isAnswer = (answer) =>
    typeof answer?.typed === "string" && isCount(answer.plays, Infinity) && Number.isFinite(answer.millis);
  return (
    screens.some((screen) => screen.id === kept.screen) &&
    isCount(kept.current, sounds.length - 1) &&
    isCount(kept.reached, sounds.length) &&
    typeof kept.listening === "string" &&
    typeof kept.screenReader === "string" &&
    typeof kept.isDownloaded === "boolean" &&
    Array.isArray(kept.answers) &&
    kept.answers.length === sounds.length &&
    kept.answers.every(isAnswer)
  );
}

function keep() {
  if (!isKept) return;
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify(state));
  } catch {
    isKept = false;
  }
}

const answer = () => state.answers[state.current];

function startClock() {
  if (state.screen === "test" && !document.hidden) since = performance.now();
}

function stopClock() {
  if (since !== null) answer().millis += performance.now() - since;
  since = null;
}

function showScreen(id) {
  state.screen = id;
  for (const screen of screens) screen.hidden = screen.id !== id;
}

/** Puts the placeholders' values into one of the texts. */
function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** What a screen reader says without being asked. Nothing is said while a sound begins, which it would cover. */
function say(text) {
  element("status").textContent = text;
}

function showStart() {
  stopClock();
  showScreen("start");
  element("forgetful").hidden = isKept;
}

function showSound(index) {
  stopClock();
  audio.pause();
  state.current = index;
  showScreen("test");
  audio.src = sounds[index].address;
  typed.value = answer().typed;
  const title = filled(texts.title, { number: index + 1, count: sounds.length });
  element("title").textContent = title;
  element("progress").value = index;
  element("back").disabled = index === 0;
  element("next").textContent = index === sounds.length - 1 ? texts.finish : texts.next;
  say("");
  showPlay();
  element("title").focus();
  startClock();
  keep();
}

function showPlay() {
  if (!audio.paused && !audio.ended) play.textContent = texts.pause;
  else play.textContent = answer().plays && isAtStart() ? texts.again : texts.play;
}

const isAtStart = () => audio.ended || audio.currentTime === 0;

/** Plays, pauses and plays on. A start from the beginning counts as a play. */
async function toggle() {
  if (!audio.paused && !audio.ended) {
    audio.pause();
    return;
  }
  const counted = isAtStart() ? answer() : null;
  if (counted) counted.plays += 1;
  say("");
  keep();
  try {
    await audio.play();
  } catch (error) {
    // A pause, or the next sound, before this one has come is nothing to complain about.
    if (error.name === "AbortError") return;
    if (counted) counted.plays -= 1;
    say(texts.silent);
    keep();
  }
}

function showEnd() {
  stopClock();
  audio.pause();
  showScreen("end");
  const answered = state.answers.slice(0, state.reached).filter((one) => one.typed.trim()).length;
  element("summary").textContent = filled(texts.summary, { heard: state.reached, count: sounds.length, answered });
  element("text").value = result();
  element("download").disabled = state.reached === 0;
  document.querySelector("#end h1").focus();
  keep();
}

/** The file that listen.py scores, one answer a line. Sounds that were never reached do not count. */
function result() {
  const head = {
    test,
    language,
    listening: state.listening || null,
    screen_reader: { yes: true, no: false }[state.screenReader] ?? null,
  };
  const rows = state.answers.slice(0, state.reached).map((one, index) =>
    JSON.stringify({
      sound: index + 1,
      typed: one.typed.replace(/\s+/g, " ").trim(),
      plays: one.plays,
      seconds: Math.round(one.millis / 100) / 10,
      telephone: sounds[index].telephone,
    }),
  );
  return `${JSON.stringify(head).slice(0, -1)}, "answers": [\n${rows.join(",\n")}\n]}\n`;
}

function download() {
  const link = document.createElement("a");
  // Files of many people must not all have one name; the number says nothing of who it was.
  const number = crypto.getRandomValues(new Uint32Array(1))[0].toString(16).padStart(8, "0");
  link.href = URL.createObjectURL(new Blob([element("text").value], { type: "application/json" }));
  link.download = `result-${test}-${number}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  state.isDownloaded = true;
  keep();
}

function clear() {
  if (!state.isDownloaded && !confirm(texts.sure)) return;
  state = untouched();
  keep();
  element("start").reset();
  showStart();
  document.querySelector("#start h1").focus();
}

element("start").addEventListener("submit", (event) => {
  event.preventDefault();
  const said = new FormData(event.target);
  state.listening = said.get("listening");
  state.screenReader = said.get("screen-reader");
  showSound(0);
});
element("test").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!answer().plays) {
    say(texts.unplayed);
    play.focus();
    return;
  }
  state.reached = Math.max(state.reached, state.current + 1);
  if (state.current + 1 < sounds.length) showSound(state.current + 1);
  else showEnd();
});
play.addEventListener("click", toggle);
typed.addEventListener("input", () => {
  answer().typed = typed.value;
  state.isDownloaded = false;
  keep();
});
// As in the widget, so that a listener need not leave the field, whose name a screen reader would say over the sound.
typed.addEventListener("beforeinput", (event) => {
  if (event.data !== "." && event.data !== "。") return;
  event.preventDefault();
  toggle();
});
for (const name of ["play", "pause", "ended", "loadeddata"]) audio.addEventListener(name, showPlay);
audio.addEventListener("ended", () => say(texts.ended));
audio.addEventListener("error", () => say(texts.silent));
element("back").addEventListener("click", () => showSound(state.current - 1));
element("stop").addEventListener("click", () => {
  if (answer().plays && typed.value.trim()) state.reached = Math.max(state.reached, state.current + 1);
  showEnd();
});
element("resume").addEventListener("click", () => showSound(state.current));
element("download").addEventListener("click", download);
element("clear").addEventListener("click", clear);
// A sound nobody attends to costs no time.
document.addEventListener("visibilitychange", () => (document.hidden ? stopClock() : startClock()));
window.addEventListener("pagehide", () => {
  stopClock();
  keep();
});
window.addEventListener("pageshow", (event) => { if (event.persisted) startClock(); });
window.addEventListener("beforeunload", (event) => {
  if (!isKept && state.reached && !state.isDownloaded) event.preventDefault();
});

keep();
if (state.screen === "start") showStart();
else if (state.screen === "end") showEnd();
else {
  showSound(state.current);
  say(texts.resumed);
}
