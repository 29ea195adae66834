// Goes to the next app of a sign-out, and on without it where it does not answer: this
// page stays for as long as nothing of the app's has come. Without scripts the page
// goes to the app as well, and somebody has to press the button to go on.
"use strict";
(() => {
  const patience = 15000; // milliseconds
  const go = document.getElementById("go"), skip = document.getElementById("skip");
  // What the browser kept of this page may be history: the server knows.
  addEventListener("pageshow", (e) => { if (e.persisted) location.reload(); });
  if (!("auto" in go.dataset)) return;
  addEventListener("load", () => setTimeout(() => {
    location.assign(go.href);
    setTimeout(() => location.replace(skip.href), patience);
  }, 0)); // after load, so that the page keeps its place in the history
})();
