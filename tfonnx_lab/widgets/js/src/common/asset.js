// Netron's code is large and rarely wanted: it is asked for once a page, when it is.

import { bytesOf, unzipped } from "./bytes.js";

const OTHERS_MS = 5000; // another view of the page has asked; its kernel may be gone
const PATIENCE_MS = 20000; // then it is asked again, and later again: a kernel that was restarted lost the question
const KEY = Symbol.for("tfonnx_lab.netron");

/** The viewer's module, from Python over the widget's comm, whenever the kernel answers. */
export function netronFrom(model) {
  const viewer = wanted();
  if (!viewer.given) ask(model, viewer);
  return viewer.module;
}

/** The viewer's module from its gzipped source. */
export function netronOf(bytes) {
  const viewer = wanted();
  viewer.give(bytes);
  return viewer.module;
}

/** One for all views of the page: its module, a function that takes the source, and whether somebody has asked. */
function wanted() {
  if (window[KEY]) return window[KEY];
  /** @type {{ asked: boolean, given: boolean, give: (bytes: any) => void, module: Promise<any> }} */
  const viewer = (window[KEY] = { asked: false, given: false, give: () => {}, module: Promise.resolve() });
  const source = new Promise((resolve) => (viewer.give = resolve));
  viewer.module = source.then((bytes) => {
    viewer.given = true;
    return load(bytes);
  });
  viewer.module.catch(() => delete window[KEY]); // a later try may do better
  return viewer;
}

async function load(bytes) {
  const url = URL.createObjectURL(new Blob([await unzipped(bytes)], { type: "text/javascript" }));
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

function ask(model, viewer) {
  let wait = PATIENCE_MS;
  let timer = null;
  const answer = (message, buffers) => message?.asset === "netron" && viewer.give(bytesOf(buffers[0]));
  const again = () => {
    viewer.asked = true;
    timer = setTimeout(again, wait);
    wait *= 2;
    model.send({ want: "netron" });
  };
  const done = () => {
    clearTimeout(timer);
    model.off("msg:custom", answer);
  };
  model.on("msg:custom", answer);
  viewer.module.then(done, done);
  if (viewer.asked) timer = setTimeout(again, OTHERS_MS);
  else again();
}
