// Runs in the site's page before all else, and tells the tests what there is to see and what has happened.
(() => {
  const parts = {
    bar: ".go",
    field: "#answer",
    listen: ".tools button:nth-child(1)",
    slower: ".tools button:nth-child(2)",
    another: ".tools button:nth-child(3)",
    check: ".check",
    close: ".close",
    other: ".other",
    picture: "canvas",
    panel: "#panel",
  };
  /** What was read out, events of the widget, keys that the page saw, and what went wrong. */
  const seen = { said: [], events: [], keys: [], faults: [], shifts: [], reports: 0, stretches: [] };

  /** Hosts of widgets, also those in shadow roots of the page. */
  function hosts(root = document) {
    return Array.from(root.querySelectorAll("*")).flatMap((element) => {
      if (element.matches("[data-shape]")) return [element];
      return element.shadowRoot ? hosts(element.shadowRoot) : [];
    });
  }

  function part(name, index = 0) {
    return hosts()[index]?.shadowRoot.querySelector(parts[name]);
  }

  /** How a widget is to somebody who looks at it. */
  function look(index = 0) {
    const host = hosts()[index];
    if (!host) return { isThere: false };
    const root = host.shadowRoot;
    const one = (selector) => root.querySelector(selector);
    const [bar, button, field, canvas] = [".bar", ".go", "#answer", "canvas"].map(one);
    const [progress, barProgress, other] = [".screen progress", ".bar progress", ".other"].map(one);
    const isOpen = isSeen(field);
    return {
      isThere: true,
      shape: host.dataset.shape,
      isDark: one(".box").classList.contains("dark"),
      lang: one(".box").lang,
      state: bar?.dataset.state,
      label: one(".label")?.textContent,
      isExpanded: button?.getAttribute("aria-expanded") === "true",
      isOpen,
      isAsking: isOpen && canvas.width > 0 && one("#panel").getAttribute("aria-busy") !== "true",
      task: one("#task").textContent,
      picture: { name: canvas.getAttribute("aria-label"), print: print(canvas) },
      answer: field.value,
      keyboard: field.inputMode,
      note: one(".note").textContent,
      isBad: one(".note").dataset.tone === "bad",
      status: one("[role=status]").textContent,
      focus: nameOf(root.activeElement),
      offers: one(parts.listen).textContent,
      /** Of what plays, or of what is worked at. */
      progress: progress.value || new DOMMatrix(getComputedStyle(one(".time")).transform).a,
      /** Of work, on the bar and, where the device works instead of the person, in the panel. */
      done: barProgress?.value,
      isWorking: one("#panel").classList.contains("working") && isSeen(progress),
      other: isSeen(other) ? other.textContent : undefined,
      isSlower: one(parts.slower).getAttribute("aria-pressed") === "true",
    };
  }

  function isSeen(element) {
    return element.getClientRects().length > 0 && getComputedStyle(element).visibility === "visible";
  }

  function nameOf(element) {
    return Object.keys(parts).find((name) => element?.matches(parts[name])) ?? element?.tagName;
  }

  function nodeName(node) {
    return node?.id || node?.className || node?.nodeName;
  }

  /** Tells pictures from each other. */
  function print(canvas) {
    if (!canvas.width) return "";
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let sum = 0;
    for (let at = 0; at < data.length; at += 4) sum = (sum * 31 + data[at]) >>> 0;
    return `${canvas.width}×${canvas.height} ${sum.toString(16)}`;
  }

  /** A screen reader reads what is put into the live region. */
  function listenTo(root) {
    new MutationObserver((records) => {
      for (const { target, addedNodes } of records) {
        if (!(target instanceof Element && target.matches("[role=status]"))) continue;
        seen.said.push(...Array.from(addedNodes, (node) => node.textContent).filter((text) => text));
      }
    }).observe(root, { subtree: true, childList: true });
  }

  /** What is heard of work. */
  const { MessageChannel } = window;
  window.MessageChannel = function () {
    const channel = new MessageChannel();
    channel.port1.addEventListener("message", ({ data }) => {
      if (!data) return;
      seen.reports++;
      seen.stretches.push(...(data.stretches ?? []));
    });
    return channel;
  };

  const { attachShadow } = Element.prototype;
  Element.prototype.attachShadow = function (options) {
    const root = attachShadow.call(this, options);
    listenTo(root);
    return root;
  };
  for (const type of ["passed", "expired", "error"]) {
    document.addEventListener(type, ({ target, detail }) => {
      if (target.localName === "haechi-captcha") seen.events.push(detail?.code ? `${type} ${detail.code}` : type);
    }, true);
  }
  addEventListener("keydown", ({ key }) => seen.keys.push(key));
  addEventListener("error", ({ message }) => message && seen.faults.push(message));
  addEventListener("unhandledrejection", ({ reason }) => seen.faults.push(String(reason)));
  addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
    seen.faults.push(`${violatedDirective} forbids ${blockedURI}`);
  });
  for (const level of ["warn", "error"]) {
    const log = console[level];
    console[level] = (...words) => {
      seen.faults.push(words.join(" "));
      log.apply(console, words);
    };
  }
  if (window.PerformanceObserver?.supportedEntryTypes.includes("layout-shift")) {
    new PerformanceObserver((list) => {
      for (const { value, hadRecentInput, sources } of list.getEntries()) {
        if (!hadRecentInput) seen.shifts.push({ value, of: sources.map(({ node }) => nodeName(node)) });
      }
    }).observe({ type: "layout-shift", buffered: true });
  }

  window.test = { hosts, part, look, seen };
})();
