// Answers apps that ask whether their user is still signed in (OpenID Connect Session
// Management 1.0). The state that an app shows is a hash over its own origin, which
// the browser names and no page can forge, and over the cookie: whoever shows another
// app's state is told that it changed. The answer goes to the asking origin alone.
"use strict";
(() => {
  const cookie = document.documentElement.dataset.cookie + "=";
  const asked = /^([A-Za-z0-9._~+-]{1,128}) ([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{1,64})$/;

  const state = () => {
    const found = document.cookie.split("; ").find((c) => c.startsWith(cookie));
    return found ? found.slice(cookie.length) : "";
  };

  const answer = async (data, origin) => {
    const m = typeof data === "string" && data.length < 512 && asked.exec(data);
    const now = state();
    if (!m || !now || origin === "null") return "error"; // a browser that hides the cookie tells nothing
    const text = new TextEncoder().encode([m[1], origin, now, m[3]].join(" "));
    const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
    const hash = btoa(String.fromCharCode(...sum)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    return hash === m[2] ? "unchanged" : "changed";
  };

  addEventListener("message", async (e) => {
    if (!e.source || e.origin === "null") return;
    e.source.postMessage(await answer(e.data, e.origin), e.origin);
  });
})();
