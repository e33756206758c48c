// The console works without this script, which shows settings before they are saved and keeps figures up to date.

/** How long to wait, in milliseconds, until nobody has typed. */
const PAUSE = 400;
/** How often figures are fetched, in milliseconds. */
const INTERVAL = 60_000;
/** The settings that a picture and a sound depend on, beside the theme and the language, which each keeps. */
const SHOWN = { IMG: ["answer_length", "alphabet", "width", "height", "difficulty"], AUDIO: ["answer_length", "alphabet"] };

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
