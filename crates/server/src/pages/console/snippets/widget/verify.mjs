// Node.js 18 or later, with nothing to install. The token is the form's field haechi-response.

/** Whether the form comes from a person who passed the challenge. A token counts once. */
export async function isPerson(token) {
  const body = new URLSearchParams({ secret: process.env.HAECHI_SECRET, response: token });
  const reply = await fetch("{host}/siteverify", { method: "POST", body, signal: AbortSignal.timeout(10_000) });
  return (await reply.json()).success;
}
