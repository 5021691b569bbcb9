// The stepper as a page of the Jupyter server, of the trace that its address names, `?path=folder/x.tfltrace`. The hash
// holds the step: a link leads to it, and so does loading the page again.

import { fetched, page } from "../common/files.js";
import { addStyle } from "../common/style.js";
import { readTrace } from "../trace/read.js";
import { Stepper } from "./stepper.js";

async function show(place, path) {
  addStyle(place);
  const trace = await readTrace(await (await fetched(path)).text());
  let ready = false;
  const stepper = new Stepper(trace, {
    netron: () => import(new URL("netron.js", location.href).href),
    onindex: (index) => ready && history.replaceState(null, "", `#${index + 1}`),
  });
  stepper.element.style.setProperty("--tl-height", "100vh");
  place.replaceChildren(stepper.element);
  ready = true;
  stepper.go((Number.parseInt(location.hash.slice(1), 10) || 1) - 1);
  stepper.element.focus();
  window.stepper = stepper; // for the console, and for tests
}

page(show);
