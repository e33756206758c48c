// The page works without this script, which puts the widget in the place of the form, or before it.

const [form, widget, result, sentences] = ["form", "widget", "result", "sentences"].map((id) => document.getElementById(id));

/** Longest wait for the server, in milliseconds. */
const PATIENCE = 15_000;

/** Shows a sentence, as a new element, so that a screen reader also reads one that it has just read. */
function say(kind) {
  const sentence = sentences.content.querySelector(`[data-kind=${kind}]`);
  result.dataset.kind = kind;
  result.replaceChildren(sentence.cloneNode(true));
  result.hidden = false;
}

/** Redeems a token as a site does, and shows what the site learns of it. */
async function redeem(token) {
  try {
    const body = new URLSearchParams({ response: token });
    const reply = await fetch(new URL("redemption", import.meta.url), { method: "POST", body, signal: AbortSignal.timeout(PATIENCE) });
    const verdict = await reply.json();
    show(JSON.stringify(verdict, null, 2));
    // Of work the widget has said it.
    if (!verdict.success) say("undecided");
    else if (widget.dataset.place === "instead") say("right");
  } catch {
    say("unreachable");
  }
}

function show(text) {
  const verdict = document.getElementById("verdict");
  verdict.textContent = text;
  verdict.hidden = text === "";
  document.getElementById("again").hidden = text === "";
}

if (widget) {
  if (widget.dataset.place === "instead") {
    form.replaceWith(widget.content);
    result.hidden = true;
  } else {
    document.querySelector(".task").before(widget.content);
    // What became of a token is said beside the widget, and what of the form's answer beside the form.
    if (result.dataset.kind === "new") {
      document.getElementById("verdict").before(result);
      result.hidden = true;
    }
  }
  const captcha = document.getElementById("captcha");
  captcha.addEventListener("passed", ({ detail }) => redeem(detail.token));
  document.getElementById("again").addEventListener("click", () => {
    captcha.reset();
    show("");
    result.hidden = true;
  });
}
