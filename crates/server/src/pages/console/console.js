// The console works without this script, which shows settings before they are saved and keeps figures up to date.

/** How long to wait, in milliseconds, until nobody has typed. */
const PAUSE = 400;
/** How often figures are fetched, in milliseconds. */
const INTERVAL = 60_000;

/** When a button says that its form is on its way, in milliseconds. What is quicker needs no word. */
const BUSY_AFTER = 300;

const form = document.getElementById("settings");
const another = document.getElementById("another");
const refresh = document.getElementById("refresh");

/** Has every picture and sound of the preview follow the form, if what stands in it can be. */
function preview() {
  for (const element of document.querySelectorAll("[data-preview]")) {
    const fields = form ? element.dataset.preview.split(" ").map((name) => form.elements[name]) : [];
    if (!fields.every((field) => field.checkValidity())) return;
    const address = new URL(element.src);
    for (const field of fields) address.searchParams.set(field.name, field.value);
    address.searchParams.set("sample", sample);
    if (element.tagName === "IMG") address.searchParams.set("scale", Math.min(Math.ceil(devicePixelRatio), 3));
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
  localise(fresh);
  makeCards(fresh);
  live.replaceChildren(...fresh.childNodes);
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

// What is to be mended is seen, also where it is folded away.
addEventListener("invalid", ({ target }) => {
  const folded = target.closest("details");
  if (folded) folded.open = true;
}, true);

let sample = Number(new URLSearchParams(location.search).get("sample") ?? 1);
let pending;

form?.addEventListener("input", () => {
  clearTimeout(pending);
  pending = setTimeout(preview, PAUSE);
});

// What cannot be drawn, as with a ground from which letters would not stand out, leaves what was there.
for (const picture of document.querySelectorAll("img[data-preview]")) {
  let drawn = picture.src;
  picture.addEventListener("load", () => { drawn = picture.src; });
  picture.addEventListener("error", () => { if (picture.src !== drawn) picture.src = drawn; });
}

// A colour can be picked as well as typed.
for (const typed of document.querySelectorAll("[data-colour]")) {
  const picker = document.createElement("input");
  const follow = () => { picker.value = typed.validity.valid && typed.value || "#808080"; };
  picker.type = "color";
  picker.setAttribute("aria-label", typed.dataset.colour);
  picker.addEventListener("input", () => {
    typed.value = picker.value;
    typed.dispatchEvent(new Event("input", { bubbles: true }));
  });
  typed.addEventListener("input", follow);
  typed.after(picker);
  follow();
}

// The ladder of difficulties.
for (const step of document.querySelectorAll("button[data-difficulty]")) {
  step.addEventListener("click", () => {
    form.elements.difficulty.value = step.dataset.difficulty;
    form.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

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

/**
 * Makes tabs of sections that stand below each other. The one that is chosen is named in the address, so that a link leads
 * to it.
 */
function makeTabs(group) {
  const panels = [...group.children];
  const list = document.createElement("div");
  list.role = "tablist";
  list.ariaLabel = group.dataset.tabs;
  const tabs = panels.map((panel, at) => {
    const [tab, heading] = [document.createElement("button"), panel.firstElementChild];
    tab.type = "button";
    tab.role = "tab";
    tab.id = `${panel.id}-tab`;
    tab.textContent = heading.textContent;
    tab.setAttribute("aria-controls", panel.id);
    tab.addEventListener("click", () => choose(at));
    heading.remove();
    panel.role = "tabpanel";
    panel.setAttribute("aria-labelledby", tab.id);
    return tab;
  });
  const show = (chosen) => panels.forEach((panel, at) => {
    panel.hidden = at !== chosen;
    tabs[at].ariaSelected = String(at === chosen);
    tabs[at].tabIndex = at === chosen ? 0 : -1;
  });
  const choose = (at) => {
    show(at);
    tabs[at].focus();
    history.replaceState(null, "", `#${panels[at].id}`);
  };
  const follow = () => {
    const named = panels.findIndex((panel) => `#${panel.id}` === location.hash);
    if (named < 0) return;
    show(named);
    list.scrollIntoView();
  };
  list.addEventListener("keydown", (event) => {
    const [at, last] = [tabs.indexOf(event.target), tabs.length - 1];
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose((next + tabs.length) % tabs.length);
  });
  list.append(...tabs);
  group.prepend(list);
  show(0);
  follow();
  addEventListener("hashchange", follow);
}
document.querySelectorAll("[data-tabs]").forEach(makeTabs);

/** How times are written, as the server writes them. */
const KOREAN = document.documentElement.lang === "ko";
const LOCALE = KOREAN ? "ko-KR" : "en-GB";
const DAY = { day: "numeric", month: KOREAN ? "numeric" : "short" };
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
/** What stands below a chart and in its table, by its span. */
const STEPS = { "1h": [CLOCK, CLOCK], "24h": [CLOCK, { ...DAY, ...CLOCK }], "7d": [DAY, { ...DAY, ...CLOCK }] };

function write(moment, form) {
  const written = new Intl.DateTimeFormat(LOCALE, form).format(moment);
  return form.year ? written : written.replace(",", "");
}

/** Puts the reader's own times in the place of UTC's. Steps of whole days stay UTC's. */
function localise(part) {
  for (const time of part.querySelectorAll("time")) {
    time.textContent = write(new Date(time.dateTime), { year: "numeric", ...DAY, ...CLOCK });
  }
  for (const charts of part.querySelectorAll("[data-step]")) {
    const [label, name] = STEPS[charts.dataset.span];
    const rows = [...charts.querySelectorAll("tbody th")];
    const at = (step) => new Date((Number(charts.dataset.from) + step * Number(charts.dataset.step)) * 1_000);
    rows.forEach((row, step) => { row.textContent = write(at(step), name); });
    for (const times of charts.querySelectorAll(".times")) {
      [...times.children].forEach((span, number, { length }) => {
        span.textContent = write(at(Math.floor((number * (rows.length - 1)) / (length - 1))), label);
      });
    }
  }
}

function offset() {
  const minutes = -new Date().getTimezoneOffset();
  const two = (number) => String(Math.abs(number)).padStart(2, "0");
  return `${minutes < 0 ? "−" : "+"}${two(Math.trunc(minutes / 60))}:${two(minutes % 60)}`;
}

const times = document.getElementById("times");
if (times) {
  localise(document);
  times.textContent = times.dataset.local.replace("{}", offset());
}

/**
 * Has each row of a table become a card where the screen is narrow, whose cells say what they are. Style sheets take from
 * the parts of a table what they are as soon as they are laid out in another way, so each says that too.
 */
function makeCards(part) {
  const roles = { table: "table", "thead, tbody": "rowgroup", tr: "row", td: "cell", "thead th": "columnheader", "tbody th": "rowheader" };
  for (const table of part.querySelectorAll("table.rows")) {
    const names = [...table.querySelectorAll("thead th")].map((heading) => heading.textContent);
    table.classList.add("cards");
    table.setAttribute("role", roles.table);
    for (const [selector, role] of Object.entries(roles)) {
      table.querySelectorAll(selector).forEach((element) => element.setAttribute("role", role));
    }
    for (const cell of table.querySelectorAll("td")) {
      cell.dataset.label = names[cell.cellIndex];
      if (cell.childNodes.length > 1) cell.replaceChildren(inOne(cell.childNodes));
    }
  }
}
makeCards(document);

/** What stands beside the name of a cell is one thing. */
function inOne(nodes) {
  const whole = document.createElement("div");
  whole.append(...nodes);
  return whole;
}

/** Says what a chart shows where somebody points: its part of a row of the table below. */
function point(event) {
  const plot = event.target.closest?.(".plot svg");
  document.querySelectorAll(".tip").forEach((tip) => { if (tip.parentElement !== plot?.parentElement) tip.remove(); });
  const chart = plot?.closest(".chart");
  const [head, ...rows] = chart?.closest(".charts").querySelectorAll("tr") ?? [];
  if (rows.length === 0) return;
  const { left, width } = plot.getBoundingClientRect();
  const share = Math.min(Math.max((event.clientX - left) / width, 0), 0.999_9);
  const { cells } = rows[Math.floor(share * rows.length)];
  const said = chart.dataset.columns.split(" ").map((at) => `${head.cells[at].textContent}: ${cells[at].textContent}`);
  const tip = plot.parentElement.querySelector(".tip") ?? document.createElement("div");
  tip.className = "tip";
  tip.ariaHidden = "true";
  tip.textContent = [cells[0].textContent, ...said].join("\n");
  plot.parentElement.append(tip);
  const place = plot.getBoundingClientRect().left - plot.parentElement.getBoundingClientRect().left + share * width;
  tip.style.left = `${Math.min(Math.max(place - tip.offsetWidth / 2, 0), plot.parentElement.offsetWidth - tip.offsetWidth)}px`;
}
document.addEventListener("pointermove", point);
document.addEventListener("pointerdown", point);

// A password can be seen by whoever types it.
const revealing = document.getElementById("revealing");
for (const field of document.querySelectorAll("input[type=password]")) {
  const button = revealing.content.firstElementChild.cloneNode(true);
  const [around, hasFocus] = [document.createElement("div"), document.activeElement === field];
  around.className = "revealed";
  button.setAttribute("aria-controls", field.id);
  button.ariaPressed = "false";
  button.addEventListener("click", () => {
    const isShown = field.type === "text";
    field.type = isShown ? "password" : "text";
    button.ariaPressed = String(!isShown);
  });
  // So that browsers keep it as a password.
  field.form.addEventListener("submit", () => { field.type = "password"; });
  field.replaceWith(around);
  around.append(field, button);
  if (hasFocus) field.focus();
}
