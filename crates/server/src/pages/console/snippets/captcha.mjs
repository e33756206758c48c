// Node.js 18 or later, with nothing to install.
const calls = `{host}/captcha/v1.0/appkeys/${process.env.HAECHI_APPKEY}/keys`;

/** The key of a new challenge in the language of the page with the form. */
export async function issue() {
  const response = await fetch(`${calls}?lang={lang}`, { method: "POST" });
  return (await response.json()).key;
}

/** Whether what was typed is right. A key passes once. */
export async function isRight(key, answer) {
  const query = new URLSearchParams({ answer });
  const response = await fetch(`${calls}/${encodeURIComponent(key)}/verification?${query}`);
  return (await response.json()).header.resultCode === 0;
}
