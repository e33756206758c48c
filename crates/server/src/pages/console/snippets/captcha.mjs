// Node.js 18 or later, with nothing to install.
const calls = `{host}/captcha/v1.0/appkeys/${process.env.HAECHI_APPKEY}/keys`;

async function call(method, path) {
  const response = await fetch(calls + path, { method, signal: AbortSignal.timeout(10_000) });
  return response.json();
}

/** The key of a new challenge in the language of the page with the form. */
export async function issue() {
  const reply = await call("POST", "?lang={lang}");
  if (!reply.key) throw new Error(`no challenge was issued: ${reply.header.resultMessage}`);
  return reply.key;
}

/** Whether what was typed is right. A key passes once. Without a verdict nothing has passed. */
export async function isRight(key, answer) {
  const query = new URLSearchParams({ answer });
  try {
    const reply = await call("GET", `/${encodeURIComponent(key)}/verification?${query}`);
    return reply.header.resultCode === 0;
  } catch (error) {
    console.error("haechi gave no verdict:", error);
    return false;
  }
}
