(async () => {
  // The code of an authenticator app (RFC 6238) for the key that the page has. All of this is one expression.
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const letters = [...document.querySelector("input[name=secret]").value];
  const bits = letters.map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const bytes = Uint8Array.from(bits.match(/.{8}/g), (byte) => Number.parseInt(byte, 2));
  const step = new DataView(new ArrayBuffer(8));
  step.setUint32(4, Math.floor(Date.now() / 30_000));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-1" }, false, ["sign"]);
  const mac = new DataView(await crypto.subtle.sign("HMAC", key, step));
  const number = mac.getUint32(mac.getUint8(19) & 15) & 0x7f_ff_ff_ff;
  return String(number % 1_000_000).padStart(6, "0");
})()
