// Node.js 18 or later, with nothing to install. The token is the form's field haechi-response.

/** Whether a person passed the challenge. A token counts once. Without a verdict nothing has passed. */
export async function isPerson(token) {
  const body = new URLSearchParams({ secret: process.env.HAECHI_SECRET, response: token });
  try {
    const reply = await fetch("{host}/siteverify", { method: "POST", body, signal: AbortSignal.timeout(10_000) });
    return (await reply.json()).success;
  } catch (error) {
    console.error("haechi gave no verdict:", error);
    return false;
  }
}
