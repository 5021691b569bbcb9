// Netron's code is large and rarely wanted: it is asked for once a page, when it is.

import { bytesOf, unzipped } from "./bytes.js";

const PATIENCE_MS = 15000;
const KEY = Symbol.for("tfonnx_lab.netron");

/** The viewer's module, from Python over the widget's comm. */
export function netronFrom(model) {
  return once(() => asked(model));
}

/** The viewer's module from its gzipped source. */
export function netronOf(bytes) {
  return once(async () => bytes);
}

function once(get) {
  window[KEY] ??= get().then(load).catch((error) => {
    delete window[KEY]; // a later try may do better
    throw error;
  });
  return window[KEY];
}

async function load(bytes) {
  const url = URL.createObjectURL(new Blob([await unzipped(bytes)], { type: "text/javascript" }));
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

function asked(model) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no answer from the kernel; run the cell again")), PATIENCE_MS);
    const answer = (message, buffers) => {
      if (message?.asset !== "netron") return;
      model.off("msg:custom", answer);
      clearTimeout(timer);
      resolve(bytesOf(buffers[0]));
    };
    model.on("msg:custom", answer);
    model.send({ want: "netron" });
  });
}
