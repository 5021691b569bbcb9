// Bundles src/ into ../static. NETRON is the folder of the netron package: dagre and the viewer come from there.

import { build } from "esbuild";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";

const here = import.meta.dirname;
const netron = process.env.NETRON;
const out = path.join(here, "..", "static");
const extension = path.join(here, "..", "..", "jupyter", "labextension");

// Files of these formats are never shown, and their readers are half of Netron: in their place stands what declines all.
const DECLINES = `
  const none = { open: () => null };
  export const File = none, Archive = none, TextReader = none, Unpickler = none;
  export const Execution = class {};
`;
const UNUSED = /^\.\/(python|hdf5|xml|tar)\.js$/;

const fromNetron = {
  name: "netron",
  setup(b) {
    b.onResolve({ filter: /^worker:/ }, (a) => ({ path: a.path.slice("worker:".length), namespace: "worker" }));
    b.onLoad({ filter: /.*/, namespace: "worker" }, async (a) => ({ contents: await layoutWorker(a.path), loader: "text" }));
    b.onResolve({ filter: /^netron\// }, (a) => ({ path: path.join(netron, a.path.slice("netron/".length)) }));
    b.onLoad({ filter: /netron[\\/]view\.js$/ }, (a) => ({ contents: readable(a.path), loader: "js" }));
    b.onResolve({ filter: /^names:inputs$/ }, (a) => ({ path: a.path, namespace: "names" }));
    b.onLoad({ filter: /.*/, namespace: "names" }, () => ({ contents: JSON.stringify(inputNames()), loader: "json" }));
    b.onResolve({ filter: UNUSED }, (a) => (path.dirname(a.importer) === netron ? { path: a.path, namespace: "unused" } : null));
    b.onResolve({ filter: /^(fs|zlib|worker_threads)$/ }, (a) => ({ path: a.path, namespace: "unused" }));
    b.onLoad({ filter: /.*/, namespace: "unused" }, () => ({ contents: DECLINES, loader: "js" }));
    b.onLoad({ filter: /-metadata\.json$/ }, (a) => ({ contents: shortened(a.path), loader: "json" }));
    b.onLoad({ filter: /index\.html$/ }, (a) => ({ contents: withoutScripts(a.path), loader: "text" }));
  },
};

// Its brackets of shapes are in no font that every machine has.
function readable(file) {
  return fs.readFileSync(file, "utf8").replaceAll("\\u3008", "(").replaceAll("\\u3009", ")");
}

// What the inputs of an op are called: a constant on a card says which it is. The last version of an op comes last.
function inputNames() {
  const found = {};
  for (const file of ["onnx-metadata.json", "tflite-metadata.json"]) {
    for (const { name, inputs } of JSON.parse(fs.readFileSync(path.join(netron, file), "utf8"))) {
      if (inputs?.length > 1) found[name.toLowerCase()] = inputs.map((input) => input.name);
    }
  }
  return found;
}

// The script of a worker that lays graphs out.
async function layoutWorker(module) {
  const contents = `
    import { layout } from ${JSON.stringify(module)};
    self.onmessage = ({ data }) => {
      try {
        layout(data.nodes, data.edges, data.layout, data.state);
      } catch (error) {
        data.error = String(error);
      }
      self.postMessage(data);
    };`;
  const { outputFiles } = await build({ ...common, stdin: { contents, resolveDir: here }, format: "iife", write: false });
  return outputFiles[0].text;
}

// Operator documentation is nine tenths of the metadata: names, inputs, outputs and categories are what the drawing needs.
function shortened(file) {
  const keep = ["name", "module", "version", "category", "inputs", "outputs", "attributes", "identifier", "since_version"];
  const strip = (item) => {
    if (Array.isArray(item)) return item.map(strip);
    if (item === null || typeof item !== "object") return item;
    return Object.fromEntries(
      Object.entries(item)
        .filter(([key]) => !["description", "examples", "type_constraints", "support_level"].includes(key))
        .map(([key, value]) => [key, strip(value)]),
    );
  };
  const list = JSON.parse(fs.readFileSync(file, "utf8"));
  return JSON.stringify(list.map((op) => strip(Object.fromEntries(Object.entries(op).filter(([k]) => keep.includes(k))))));
}

// The page without its scripts, policies and icons: the viewer drives it from outside.
function withoutScripts(file) {
  return fs
    .readFileSync(file, "utf8")
    .replace(/<script\b[\s\S]*?<\/script>/g, "")
    .replace(/<(meta|link)\b[^>]*>/g, "")
    .replace(/\n\s+/g, "\n");
}

const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  charset: "utf8",
  target: "es2022",
  legalComments: "none",
  logLevel: "warning",
  plugins: [fromNetron],
  loader: { ".css": "text", ".svg": "text" },
};

const notice = fs.readFileSync(path.join(here, "NETRON-LICENSE"), "utf8").trim();
const banner = { js: `/*! This file holds parts of Netron.\n${notice}\n*/` };

await build({ ...common, entryPoints: { lab: "src/lab/fronts.js" }, outdir: out, format: "esm", banner });
await build({ ...common, entryPoints: { question: "src/question/question.js" }, outdir: out, format: "esm" });
await build({ ...common, entryPoints: { questionpage: "src/question/page.js" }, outdir: out, format: "iife" });
await build({ ...common, entryPoints: { netron: "src/netron/viewer.js" }, outdir: out, format: "esm", banner });
await build({ ...common, entryPoints: { page: "src/stepper/page.js", labpage: "src/lab/page.js" }, outdir: out, format: "iife", banner });
await build({ ...common, entryPoints: { served: "src/stepper/served.js", model: "src/netron/served.js" }, outdir: out, format: "esm", banner });
await labextension();
fs.copyFileSync(path.join(here, "NETRON-LICENSE"), path.join(out, "NETRON-LICENSE"));

// A prebuilt JupyterLab extension is a script with a hash in its name and two files that tell of it.
async function labextension() {
  const { outputFiles } = await build({ ...common, entryPoints: ["src/labextension/remote.js"], format: "iife", write: false });
  const [{ contents }] = outputFiles;
  const script = `static/remoteEntry.${crypto.createHash("sha256").update(contents).digest("hex").slice(0, 20)}.js`;
  const about = {
    name: "tfonnx-lab",
    version: process.env.VERSION,
    description: "Opens TensorFlow Lite and ONNX models and traces of conversions",
    license: "Apache-2.0",
    jupyterlab: { extension: true, _build: { load: script, extension: "./extension" } },
  };
  const install = {
    packageManager: "python",
    packageName: "tfonnx-lab",
    uninstallInstructions: "Use your Python package manager (pip, conda, ...) to uninstall the package tfonnx-lab",
  };
  fs.rmSync(extension, { recursive: true, force: true });
  fs.mkdirSync(path.join(extension, "static"), { recursive: true });
  fs.writeFileSync(path.join(extension, script), contents);
  fs.writeFileSync(path.join(extension, "package.json"), `${JSON.stringify(about, null, 2)}\n`);
  fs.writeFileSync(path.join(extension, "install.json"), `${JSON.stringify(install, null, 2)}\n`);
}
