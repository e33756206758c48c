// The console works without this script, which shows settings before they are saved and keeps figures up to date.

/** How long to wait, in milliseconds, until nobody has typed. */
const PAUSE = 400;
/** How often figures are fetched, in milliseconds. */
const INTERVAL = 60_000;
/** The settings that a picture and a sound depend on, beside the theme and the language, which each keeps. */
const SHOWN = { IMG: ["answer_length", "width", "height", "difficulty"], AUDIO: ["answer_length"] };

/** When a button says that its form is on its way, in milliseconds. What is quicker needs no word. */
const BUSY_AFTER = 300;

const form = document.getElementById("settings");
const another = document.getElementById("another");
const refresh = document.getElementById("refresh");

/** Has every picture and sound of the preview follow the form, if what stands in it can be. */
function preview() {
  for (const element of document.querySelectorAll("[data-preview]")) {
    const fields = form ? SHOWN[element.tagName].map((name) => form.elements[name]) : [];
    if (!fields.every((field) => field.checkValidity())) return;
    const address = new URL(element.src);
    for (const field of fields) address.searchParams.set(field.name, field.value);
    address.searchParams.set("sample", sample);
    if (address.href === element.src) continue;
    element.src = address;
    if (element.tagName === "IMG" && form) {
      element.width = form.elements.width.value;
      element.height = form.elements.height.value;
    }
  }
}

/** Puts the newest figures in the place of those that are shown, unless somebody is among them by keyboard. */
async function update() {
  const live = document.querySelector("[data-live]");
  if (document.hidden || live.contains(document.activeElement)) return;
  const response = await fetch(location.href).catch(() => null);
  if (!response?.ok || response.redirected) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById(live.id);
  const opened = [...live.querySelectorAll("details")].map((details) => details.open);
  fresh.querySelectorAll("details").forEach((details, at) => { details.open = opened[at] ?? false; });
  live.replaceChildren(...fresh.childNodes);
  showLocalTimes();
  live.querySelectorAll(".chart").forEach(sayStep);
}

/** Has a form that changes something be sent once, and its button say so if that takes a while. */
function sendOnce(event) {
  const { target: sent, submitter } = event;
  if (sent.method !== "post") return;
  if (sent.dataset.sent) {
    event.preventDefault();
    return;
  }
  sent.dataset.sent = "true";
  if (!submitter) return;
  submitter.dataset.text = submitter.textContent;
  setTimeout(() => {
    if (!sent.dataset.sent) return;
    submitter.ariaBusy = "true";
    submitter.ariaDisabled = "true";
    submitter.textContent = document.getElementById("main").dataset.busy;
  }, BUSY_AFTER);
}

/** Whoever comes back to a page as they left it may send its forms. */
function allowAgain() {
  for (const sent of document.querySelectorAll("form[data-sent]")) delete sent.dataset.sent;
  for (const button of document.querySelectorAll("button[data-text]")) {
    button.ariaBusy = null;
    button.ariaDisabled = null;
    button.textContent = button.dataset.text;
    delete button.dataset.text;
  }
}

document.addEventListener("submit", sendOnce);
addEventListener("pageshow", (event) => { if (event.persisted) allowAgain(); });

const unsaved = document.getElementById("unsaved");
if (unsaved) {
  form.addEventListener("input", () => { unsaved.hidden = false; });
  addEventListener("beforeunload", (event) => { if (!unsaved.hidden && !form.dataset.sent) event.preventDefault(); });
}

let sample = Number(new URLSearchParams(location.search).get("sample") ?? 1);
let pending;

form?.addEventListener("input", () => {
  clearTimeout(pending);
  pending = setTimeout(preview, PAUSE);
});

another?.addEventListener("click", (event) => {
  event.preventDefault();
  sample += 1;
  preview();
});

if (refresh) {
  let timer;
  refresh.hidden = false;
  refresh.addEventListener("click", () => {
    const isOn = refresh.ariaPressed !== "true";
    refresh.ariaPressed = String(isOn);
    clearInterval(timer);
    if (isOn) {
      timer = setInterval(update, INTERVAL);
      update();
    }
  });
}

// What a browser filled in again after going back is shown as well.
if (form) preview();

/** Shows times of lists by the clock of this device, and says so below. */
function showLocalTimes() {
  const zone = document.getElementById("zone");
  const times = document.querySelectorAll("time[datetime]");
  if (!zone || times.length === 0) return;
  const moments = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  for (const time of times) time.textContent = moments.format(new Date(time.dateTime));
  const offset = -new Date().getTimezoneOffset();
  const [hours, minutes] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60].map((part) => String(part).padStart(2, "0"));
  zone.textContent = zone.dataset.local.replace("{}", `UTC${offset < 0 ? "−" : "+"}${hours}:${minutes}`);
}

showLocalTimes();

/** Says below a chart what its table has of the step under the pointer. */
function sayStep(chart) {
  const [drawing, rows] = [chart.querySelector(".plot svg"), chart.querySelectorAll("tbody tr")];
  if (rows.length === 0) return;
  const headings = [...chart.querySelectorAll("thead th")].slice(1);
  const said = document.createElement("p");
  said.className = "said";
  said.ariaHidden = "true";
  chart.querySelector(".plot").after(said);
  const say = (event) => {
    const { left, width } = drawing.getBoundingClientRect();
    const at = Math.floor(((event.clientX - left) / width) * rows.length);
    const [time, ...cells] = rows[Math.min(Math.max(at, 0), rows.length - 1)].children;
    said.textContent = `${time.textContent} – ${cells.map((cell, number) => `${headings[number].textContent}: ${cell.textContent}`).join(" · ")}`;
  };
  for (const kind of ["pointermove", "pointerdown"]) drawing.addEventListener(kind, say);
}

document.querySelectorAll(".chart").forEach(sayStep);

const showing = document.getElementById("showing");
if (showing) document.querySelectorAll("input[type=password]").forEach(addShowButton);

/** Puts a button below a password, by which whoever types it can see it. */
function addShowButton(field) {
  const button = showing.content.firstElementChild.cloneNode(true);
  button.ariaPressed = "false";
  button.addEventListener("click", () => {
    const isShown = field.type === "text";
    field.type = isShown ? "password" : "text";
    button.ariaPressed = String(!isShown);
  });
  // So that browsers keep it as a password.
  field.form.addEventListener("submit", () => { field.type = "password"; });
  field.after(button);
}

const copying = document.getElementById("copying");
if (copying) document.querySelectorAll("[data-copy]").forEach(addCopyButton);

/** Puts a button before an example, which copies it and says so. */
function addCopyButton(example) {
  const button = copying.content.firstElementChild.cloneNode(true);
  const before = button.textContent;
  const name = example.getAttribute("aria-label");
  button.className = "copy";
  button.setAttribute("aria-label", `${before}: ${name}`);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(example.textContent);
    button.textContent = copying.dataset.done;
    setTimeout(() => { button.textContent = before; }, 2_000);
  });
  // Where the clipboard is out of reach, as on a page without encryption, there is nothing to press.
  if (navigator.clipboard) example.before(button);
}
