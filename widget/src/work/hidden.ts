/** A page that is hidden for so long is one that nobody waits for. */
const LONG_MS = 30_000;

/** Says when the page has been hidden for long, and when it is seen again. Returns what ends that. */
export function watchHiding(onHidden: () => void, onSeen: () => void): () => void {
  let timer: number | undefined;
  const change = (): void => {
    clearTimeout(timer);
    if (document.hidden) timer = window.setTimeout(onHidden, LONG_MS);
    else onSeen();
  };
  document.addEventListener("visibilitychange", change);
  if (document.hidden) change();
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", change);
  };
}
