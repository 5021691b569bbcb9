// The whole lab in a file of its own: all that it shows stands in the page.

import { fromBase64, unzipped } from "../common/bytes.js";
import { lab } from "./lab.js";
import { Still } from "./still.js";

async function start() {
  const text = (id) => document.getElementById(id).textContent.trim();
  const saved = JSON.parse(await unzipped(fromBase64(text("saved"))));
  const still = new Still(saved, text("blobs").split("\n"), () => fromBase64(text("netron")));
  lab({ model: still, el: document.getElementById("lab") });
  window.lab = still; // for the console, and for tests
}

start();
