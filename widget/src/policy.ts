/** What was already said on this page. */
const told = new Set<string>();

/** Says once on the console what the page's Content-Security-Policy lacks for haechi. */
export function tellPolicy(server: string, signal: AbortSignal): void {
  document.addEventListener(
    "securitypolicyviolation",
    ({ blockedURI, effectiveDirective: directive, disposition }) => {
      const { origin } = new URL(server, location.href);
      if (disposition !== "enforce" || !blockedURI.startsWith(origin) || told.has(directive)) return;
      told.add(directive);
      console.error(`haechi: this page's Content-Security-Policy lacks ${origin} in ${directive}.`);
    },
    { signal },
  );
}
