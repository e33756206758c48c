// A new challenge ten seconds before the old one's time is over, and by the button "another". Your server's
// /captcha/new issues a key, keeps it in the visitor's session, and answers with it as plain text.
const form = document.querySelector("form[data-ttl-secs]");
const [picture, sound, answer, another, late] =
  ["img", "audio", "#captcha_answer", "[name=another]", "#captcha_late"].map((part) => form.querySelector(part));
let timer;

async function renew(isLate) {
  const reply = await fetch("/captcha/new", { method: "POST", signal: AbortSignal.timeout(10_000) });
  if (!reply.ok) throw new Error(`no new challenge: ${reply.status}`);
  const key = await reply.text();
  for (const part of [picture, sound]) part.src = part.src.replace(/\/keys\/[^/]+\//, `/keys/${key}/`);
  answer.value = "";
  late.hidden = !isLate;
  wait();
}

function wait() {
  clearTimeout(timer);
  timer = setTimeout(renewWhenSeen, (form.dataset.ttlSecs - 10) * 1000);
}

// A page that nobody looks at asks for nothing.
function renewWhenSeen() {
  if (document.hidden) document.addEventListener("visibilitychange", renewWhenSeen, { once: true });
  else renew(true).catch(() => another.click());
}

// Without this script, or without a reply, the button sends the form, and your server shows it anew.
another.addEventListener("click", (event) => {
  if (!event.isTrusted) return;
  event.preventDefault();
  renew(false).then(() => answer.focus(), () => another.click());
});
wait();
