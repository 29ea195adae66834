// Goes on as soon as every app in a frame has answered. The page goes on without
// this script too, a little later.
"use strict";
(() => {
  const next = document.getElementById("next");
  const go = () => location.replace(next.href);
  addEventListener("load", go); // fires when all frames have loaded, or failed to
})();
