/** Says something to the site's developers. */
export function warn(message: string): void {
  console.warn(`[haechi] ${message}`);
}
