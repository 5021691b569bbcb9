// What Netron's View asks of the page that it runs in. No cookies, no telemetry, no age check, no request: everything
// that it reads is in the bundle.

import * as onnx from "netron/onnx.js";
import * as onnxProto from "netron/onnx-proto.js";
import * as onnxSchema from "netron/onnx-schema.js";
import * as tflite from "netron/tflite.js";
import * as tfliteSchema from "netron/tflite-schema.js";
import { BinaryStream } from "netron/base.js";
import onnxOps from "netron/onnx-metadata.json";
import tfliteOps from "netron/tflite-metadata.json";
import { factoryOf } from "./model.js";

const MODULES = {
  "./onnx": onnx, "./onnx-proto": onnxProto, "./onnx-schema": onnxSchema,
  "./tflite": tflite, "./tflite-schema": tfliteSchema,
};
const ASSETS = { "onnx-metadata.json": onnxOps, "tflite-metadata.json": tfliteOps };
const ENVIRONMENT = { name: "Netron", type: "Python", version: "0.0.0", packaged: false, menu: false, serial: true, platform: "", agent: "", repository: "" };

export class Host {
  constructor(window) {
    this.window = window;
    this.document = window.document;
    this.type = ENVIRONMENT.type;
    this.version = ENVIRONMENT.version;
    this.kept = new Map();
    this.state = null; // of a replay, where that is to be drawn and no file
    this.drawn = null; // the nodes of it that are drawn, where not all are
  }

  async view(view) {
    this.viewer = view;
  }

  async start() {}

  environment(name) {
    return ENVIRONMENT[name];
  }

  async require(id) {
    if (id === "./message") return factoryOf(this.state, this.drawn); // the slot of Netron's own JSON format
    if (!(id in MODULES)) throw new Error(`${id} is not part of this viewer`);
    return MODULES[id];
  }

  async asset(file) {
    if (!(file in ASSETS)) throw new Error(`${file} is not part of this viewer`);
    return JSON.stringify(ASSETS[file]);
  }

  // options live as long as the view: what one reader hides, another's page need not
  get(name) {
    return this.kept.get(name);
  }

  set(name, value) {
    this.kept.set(name, value);
  }

  delete(name) {
    this.kept.delete(name);
  }

  event() {}

  update() {}

  openURL() {}

  async execute() {}

  exception(error) {
    console.warn("Netron:", error); // there is nobody to report to
  }

  async save(name, extension, path) {
    return `${path}.${extension}`;
  }

  async export(file, blob) {
    const url = URL.createObjectURL(blob);
    const link = Object.assign(document.createElement("a"), { href: url, download: file });
    link.click();
    URL.revokeObjectURL(url);
  }

  /** Show a message over the graph, with a button that takes it away. */
  async message(text, alert, action) {
    const { body } = this.document;
    const before = body.className;
    const button = this.document.getElementById("message-button");
    this.document.getElementById("message-text").textContent = text ?? "";
    button.style.display = action ? "" : "none";
    button.textContent = action ?? "";
    body.className = alert ? "alert" : "default notification";
    if (!action) return 0;
    return new Promise((resolve) => {
      button.onclick = () => {
        body.className = before;
        resolve(0);
      };
    });
  }
}

/** What Netron reads a model from. */
export class Context {
  constructor(host, identifier, bytes, beside = null) {
    this.host = host;
    this.identifier = identifier;
    this.beside = beside;
    this.name = identifier;
    this.stream = new BinaryStream(bytes);
  }

  async require(id) {
    return this.host.require(id);
  }

  async asset(file) {
    return this.host.asset(file);
  }

  async fetch(file) {
    if (!this.beside) throw new Error(`${file} lies beside the model, and only the model was given`);
    return new Context(this.host, file, await this.beside(file), this.beside);
  }

  error(error) {
    this.host.exception(error);
  }
}
