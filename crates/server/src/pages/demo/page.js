// The page works without this script, which plays, judges and renews in place.

const [
  form, renewal, sentences, result, key, image, darkImage, progress, sound, play, replay, settings, slower, loudness,
  volume, answer, keys,
] = [
  "challenge", "renewal", "sentences", "result", "key", "image", "dark-image", "progress", "sound", "play", "replay",
  "settings", "slower", "loudness", "volume", "answer", "keys",
].map((id) => document.getElementById(id));

/** What each result code of the server means to a person. */
const KINDS = {
  0: "right", "-1": "undecided", "-3": "busy", "-4": "noapp", "-5": "expired", "-6": "wrong", "-7": "expired",
  "-8": "empty",
};
/** The outcomes after which a challenge is over. */
const FINAL = ["right", "wrong", "expired"];
/** How far the keys go back and forward, in seconds of the sound: about two characters. */
const STEP = 2;
/** How quickly the slower sound plays. Browsers keep its pitch. */
const SLOWER = 0.75;
/**
 * What the keys in the answer field do, in any width and script: signs that no answer holds, next to each other on most
 * keyboards. A Chinese keyboard writes the slash as the sign that a Japanese one writes for the comma.
 */
const ACTIONS = {
  ".": toggle, "。": toggle, "．": toggle, "｡": toggle,
  ",": back, "，": back, "、": document.documentElement.lang === "zh" ? forward : back, "､": back,
  "/": forward, "／": forward, "・": forward, "･": forward,
};
/** Longest wait for the server, in milliseconds. */
const PATIENCE = 15_000;

let isBusy = false;
let isStale = false;
let expiry;

/** Shows a sentence, as a new element, so that a screen reader also reads one that it has just read. */
function say(kind) {
  const sentence = sentences.content.querySelector(`[data-kind=${kind}]`);
  result.dataset.kind = kind;
  result.replaceChildren(sentence.cloneNode(true));
}

/** Posts JSON; the reply's kind is "unreachable" if there is none that can be read. */
async function call(path, body) {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE),
    });
    const reply = await response.json();
    return { ...reply, kind: KINDS[reply.header.resultCode] ?? "undecided" };
  } catch {
    return { kind: "unreachable" };
  }
}

/** Runs one action at a time: a second click while the first one waits does nothing. */
async function alone(action) {
  if (isBusy) return;
  isBusy = true;
  form.ariaBusy = "true";
  try {
    await action();
  } finally {
    isBusy = false;
    form.ariaBusy = null;
  }
}

/** Puts another challenge in the place of this one. Its addresses differ in nothing but the key. */
function show({ key: newKey, expires_in_secs }) {
  sound.pause();
  for (const [element, name] of [[image, "src"], [image, "srcset"], [darkImage, "srcset"], [sound, "src"]]) {
    element.setAttribute(name, element.getAttribute(name).replaceAll(key.value, newKey));
  }
  key.value = newKey;
  answer.value = "";
  awaitExpiry(expires_in_secs);
}

/** Gets another challenge and says why. That an answer was right is said even if none comes. */
async function renew(kind) {
  const issued = await call(`/demo/challenge?lang=${document.documentElement.lang}`, {});
  if (issued.kind === "right") show(issued);
  say(issued.kind === "right" || kind === "right" ? kind : issued.kind);
}

async function judge() {
  const { kind } = await call("/demo/verification", { key: key.value, answer: answer.value });
  if (FINAL.includes(kind)) await renew(kind);
  else say(kind);
  (kind === "right" ? result : answer).focus();
}

async function renewAsAsked() {
  await renew("new");
  answer.focus();
}

/** A challenge that runs out under somebody's hands is replaced at once, else as soon as somebody is there. */
function awaitExpiry(secs) {
  isStale = false;
  clearTimeout(expiry);
  expiry = setTimeout(() => {
    isStale = true;
    if (answer.value || !sound.paused) renewIfStale();
  }, secs * 1000);
}

function renewIfStale() {
  if (!isStale) return;
  isStale = false;
  alone(() => renew("expired"));
}

function toggle() {
  if (sound.paused) start();
  else sound.pause();
}

function restart() {
  sound.currentTime = 0;
  start();
}

function back() {
  move(-STEP);
}

function forward() {
  move(STEP);
}

/** Goes to another moment of the sound and plays on from there. Before anything is loaded that is its start. */
function move(secs) {
  const end = Number.isFinite(sound.duration) ? sound.duration : 0;
  sound.currentTime = Math.min(Math.max(sound.currentTime + secs, 0), end);
  start();
}

function changePace() {
  const isSlower = slower.ariaPressed !== "true";
  slower.ariaPressed = String(isSlower);
  // The default is what the next challenge's sound begins with.
  sound.defaultPlaybackRate = sound.playbackRate = isSlower ? SLOWER : 1;
}

function changeVolume() {
  sound.volume = volume.value / 100;
}

/** Some devices leave the volume to their own keys. */
function canChangeVolume() {
  sound.volume = 0.5;
  const canChange = sound.volume === 0.5;
  sound.volume = 1;
  return canChange;
}

async function start() {
  try {
    await sound.play();
  } catch (error) {
    // A pause or a new challenge before the sound has come is nothing to complain about.
    if (error.name !== "AbortError") say("silent");
  }
}

function showSound() {
  const state = sound.paused ? "play" : "pause";
  play.dataset.offers = state;
  play.lastElementChild.textContent = play.dataset[state];
  progress.value = sound.currentTime / sound.duration || 0;
}

/** The keys that work the sound from within the answer field. */
function control(event) {
  const action = event.isComposing ? undefined : ACTIONS[event.data];
  if (!action) return;
  event.preventDefault();
  action();
}

function onSubmit(element, action) {
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    alone(action);
  });
}

function enhance() {
  sound.hidden = true;
  for (const element of [play, replay, progress, settings, keys]) element.hidden = false;
  loudness.hidden = !canChangeVolume();
  answer.setAttribute("aria-describedby", "hint keys");
  onSubmit(form, judge);
  onSubmit(renewal, renewAsAsked);
  play.addEventListener("click", toggle);
  replay.addEventListener("click", restart);
  slower.addEventListener("click", changePace);
  volume.addEventListener("input", changeVolume);
  answer.addEventListener("beforeinput", control);
  for (const name of ["play", "pause", "ended", "emptied", "timeupdate"]) sound.addEventListener(name, showSound);
  for (const name of ["focusin", "keydown", "pointerdown"]) form.addEventListener(name, renewIfStale);
  showSound();
  awaitExpiry(Number(form.dataset.expiresInSecs));
}

if (form) enhance();
