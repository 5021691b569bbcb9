// The stepper as a page of the Jupyter server: it fetches the trace that its address names, `?path=folder/x.tfltrace`,
// with the reader's own rights. The hash holds the step: a link leads to it, and so does loading the page again.

import { addStyle } from "../common/style.js";
import { readTrace } from "../trace/read.js";
import { Stepper } from "./stepper.js";

async function start() {
  const place = document.getElementById("stepper");
  const path = new URLSearchParams(location.search).get("path") ?? "";
  document.title = path.split("/").pop() || document.title;
  addStyle(place);
  document.body.style.margin = "0";
  try {
    show(place, await readTrace(await read(path)));
  } catch (error) {
    const reason = h1(`${path || "no path"} cannot be shown`);
    place.replaceChildren(reason, document.createTextNode(error.message));
    place.style.cssText = "padding: 24px; font: 14px/1.5 system-ui, sans-serif; overflow-wrap: anywhere";
    place.setAttribute("role", "alert");
  }
}

async function read(path) {
  const files = new URL("../../files/", location.href);
  const url = new URL(path.split("/").map(encodeURIComponent).join("/"), files);
  if (!url.pathname.startsWith(files.pathname)) throw new Error("it lies outside of the server's folder");
  const [, token] = document.cookie.match(/(?:^|; *)_xsrf=([^;]*)/) ?? [];
  const answer = await fetch(url, { cache: "no-cache", headers: token ? { "X-XSRFToken": decodeURIComponent(token) } : {} });
  if (!answer.ok) throw new Error(`the server answers ${answer.status} ${answer.statusText}`);
  return answer.text();
}

function show(place, trace) {
  let ready = false;
  const stepper = new Stepper(trace, {
    netron: () => import(new URL("netron.js", location.href).href),
    onindex: (index) => ready && history.replaceState(null, "", `#${index + 1}`),
  });
  stepper.element.style.setProperty("--tl-height", "100vh");
  place.removeAttribute("role");
  place.replaceChildren(stepper.element);
  ready = true;
  stepper.go((Number.parseInt(location.hash.slice(1), 10) || 1) - 1);
  stepper.element.focus();
  window.stepper = stepper; // for the console, and for tests
}

function h1(text) {
  return Object.assign(document.createElement("h1"), { textContent: text });
}

start();
