// The JupyterLab extension as a module-federation container, written by hand: JupyterLab asks for nothing more than `init`
// and `get`, and all that is shared comes from it. So no bundler of JupyterLab's is needed to build it.

import { convertPlugin } from "./convert.js";
import { insertPlugin } from "./insert.js";
import { viewersPlugin } from "./viewers.js";

const NEEDED = [
  "@jupyterlab/application", "@jupyterlab/apputils", "@jupyterlab/docmanager", "@jupyterlab/docregistry", "@jupyterlab/filebrowser",
  "@jupyterlab/launcher", "@jupyterlab/notebook", "@jupyterlab/services", "@jupyterlab/ui-components",
];

let shared = null;

function init(scope) {
  shared = scope;
}

/** The factory of a module; JupyterLab asks for `./extension`. */
async function get(name) {
  if (name !== "./extension") throw new Error(`tfonnx-lab has no module ${name}`);
  const jupyter = Object.fromEntries(await Promise.all(NEEDED.map(async (id) => [id.split("/")[1], await load(id)])));
  return () => ({ __esModule: true, default: [viewersPlugin(jupyter), convertPlugin(jupyter), insertPlugin(jupyter)] });
}

/** The module that the application uses itself: the one that is loaded, else the newest. */
async function load(id) {
  const versions = shared?.[id];
  if (!versions) throw new Error(`tfonnx-lab needs ${id}, which this application does not share`);
  const newest = Object.keys(versions).sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  const version = newest.find((v) => versions[v].loaded) ?? newest[0];
  return (await versions[version].get())();
}

window._JUPYTERLAB ??= {};
window._JUPYTERLAB["tfonnx-lab"] = { init, get };
