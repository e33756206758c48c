/**
 * One thing that is tried in every engine that can. `run` gets a visit. `reader` are a reader's preferences, `engines`
 * the only ones for it, with the reason in `why`.
 */
export function check(name, run, { reader = {}, engines, why } = {}) {
  return { name, run, reader, engines, why };
}
