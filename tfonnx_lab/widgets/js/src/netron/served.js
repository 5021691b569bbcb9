// Netron as a page of the Jupyter server, of the model that its address names, `?path=folder/x.onnx`.

import { h } from "../common/dom.js";
import { fetched, page } from "../common/files.js";
import { addStyle } from "../common/style.js";

async function show(place, path) {
  addStyle(place);
  const [{ showModel }, bytes] = await Promise.all([import(new URL("netron.js", location.href).href), read(path)]);
  const frame = h("div", { class: "tl-whole" });
  const root = h("div", { class: "tl-root tl-graph-view" }, frame);
  root.style.setProperty("--tl-height", "100vh");
  place.replaceChildren(root);
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  showModel(frame, bytes, path.split("/").pop(), { beside: (name) => read(`${folder}${name}`) });
}

async function read(path) {
  return new Uint8Array(await (await fetched(path)).arrayBuffer());
}

page(show);
