// The stepper in a file of its own: trace and Netron stand in the page.

import { netronOf } from "../common/asset.js";
import { fromBase64, unzipped } from "../common/bytes.js";
import { addStyle } from "../common/style.js";
import { readTrace } from "../trace/read.js";
import { Stepper } from "./stepper.js";

async function start() {
  const data = (id) => fromBase64(document.getElementById(id).textContent.trim());
  const place = document.getElementById("stepper");
  addStyle(place);
  const stepper = new Stepper(await readTrace(await unzipped(data("trace"))), { netron: () => netronOf(data("netron")) });
  stepper.element.style.setProperty("--tl-height", "calc(100vh - 16px)");
  place.replaceChildren(stepper.element);
  stepper.go(0);
  stepper.element.focus();
  window.stepper = stepper; // for the console, and for tests
}

start();
