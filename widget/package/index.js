// @ts-check

/** @type {Promise<import("./haechi.js").Haechi> | undefined} */
let loading;

/** @type {typeof import("./index.js").load} */
export function load(options) {
  if (window.haechi?.render) return Promise.resolve(window.haechi);
  loading ??= addScript(options).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/**
 * @param {import("./index.js").LoadOptions} options
 * @returns {Promise<import("./haechi.js").Haechi>}
 */
function addScript({ server, nonce }) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${server.replace(/\/+$/, "")}/widget/v1/api.js?render=explicit`;
    script.async = true;
    // The challenge then comes over the connection that brought the script.
    script.crossOrigin = "anonymous";
    if (nonce) script.nonce = nonce;
    script.onload = () => {
      if (window.haechi) resolve(window.haechi);
      else reject(new Error(`haechi: ${script.src} is not a widget`));
    };
    script.onerror = () => {
      script.remove();
      reject(new Error(`haechi: ${script.src} cannot be loaded`));
    };
    document.head.append(script);
  });
}
