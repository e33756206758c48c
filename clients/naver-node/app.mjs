// As the public references of NAVER's CAPTCHA have it, by fetch.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

const { HAECHI: base, SITE_KEY: clientId, SECRET: clientSecret, FOLDER: folder, GENERATION: generation } = process.env;

const cloud = {
  headers: { "X-NCP-APIGW-API-KEY-ID": clientId, "X-NCP-APIGW-API-KEY": clientSecret },
  nkey: "/captcha/v1/nkey", ncaptcha: "/captcha-bin/v1/ncaptcha",
  skey: "/scaptcha/v1/skey", scaptcha: "/scaptcha-bin/v1/scaptcha",
  media: `&X-NCP-APIGW-API-KEY-ID=${clientId}`,
};
const developers = {
  headers: { "X-Naver-Client-Id": clientId, "X-Naver-Client-Secret": clientSecret },
  nkey: "/v1/captcha/nkey", ncaptcha: "/v1/captcha/ncaptcha.bin",
  skey: "/v1/captcha/skey", scaptcha: "/v1/captcha/scaptcha",
  media: "",
};
const naver = generation === "cloud" ? cloud : developers;

async function get(path, headers = naver.headers) {
  const response = await fetch(base + path, { headers });
  return { status: response.status, body: await response.text() };
}

async function issue(path) {
  const { body } = await get(`${path}?code=0`);
  return JSON.parse(body).key;
}

async function save(path, key, name) {
  // As a page's <img> or <audio> does, without the secret.
  const response = await fetch(`${base}${path}?key=${key}${naver.media}`);
  await writeFile(join(folder, name), Buffer.from(await response.arrayBuffer()));
}

const judge = (path, key, value) => get(`${path}?code=1&key=${key}&value=${encodeURIComponent(value)}`);
const say = (what, replied) => console.log(JSON.stringify({ what, ...replied }));

for (const [kind, address, media, name] of [
  ["picture", naver.nkey, naver.ncaptcha, "captcha.jpg"],
  ["sound", naver.skey, naver.scaptcha, "captcha.wav"],
]) {
  const key = await issue(address);
  await save(media, key, name);
  say(`${kind} right`, await judge(address, key, "TEST5"));
  say(`${kind} again`, await judge(address, key, "TEST5"));
  say(`${kind} wrong`, await judge(address, await issue(address), "WRONG"));
}
const wrong = Object.fromEntries(Object.keys(naver.headers).map((name) => [name, "wrong"]));
say("stranger", await get(`${naver.nkey}?code=0`, wrong));
