// What opens model files and traces: a document with a frame of the server's page in it.

import { COMMAND, isModel } from "./convert.js";
import { icons } from "./icons.js";
import { PageOf } from "./page.js";

const BINARY = { mimeTypes: ["application/octet-stream"], contentType: "file", fileFormat: "base64" };
const MODELS = [
  { name: "tflite", displayName: "TensorFlow Lite model", extensions: [".tflite"], ...BINARY },
  { name: "onnx", displayName: "ONNX model", extensions: [".onnx"], ...BINARY },
  { name: "ort", displayName: "ONNX Runtime model", extensions: [".ort"], ...BINARY },
];
const TRACE = { name: "tfltrace", displayName: "Trace of a conversion", extensions: [".tfltrace"], mimeTypes: ["text/plain"], contentType: "file", fileFormat: "text" };
const PROVIDER = "tfonnx-lab-without-content";

export function viewersPlugin(jupyter) {
  const { IThemeManager } = jupyter.apputils;
  const { ILayoutRestorer } = jupyter.application;
  return {
    id: "tfonnx-lab:viewers",
    description: "Opens .tflite, .onnx and .ort files in Netron, and .tfltrace files in the stepper.",
    autoStart: true,
    requires: [jupyter.services.IDefaultDrive],
    optional: [IThemeManager, ILayoutRestorer],
    activate: (app, drive, themes, restorer) => activate(jupyter, app, drive, themes, restorer),
  };
}

function activate(jupyter, app, drive, themes, restorer) {
  const { model, trace } = icons(jupyter["ui-components"]);
  drive.contentProviderRegistry?.register(PROVIDER, new WithoutContent(drive));
  const { docRegistry } = app;
  const { contents, serverSettings } = app.serviceManager;
  for (const type of MODELS) docRegistry.addFileType({ ...type, icon: model });
  docRegistry.addFileType({ ...TRACE, icon: trace });
  const viewers = [
    { name: "Netron", fileTypes: MODELS.map((type) => type.name), icon: model, page: "netron" },
    { name: "Stepper", fileTypes: [TRACE.name], icon: trace, page: "stepper" },
  ];
  for (const viewer of viewers) {
    const factory = factoryOf(jupyter, viewer, { base: serverSettings.baseUrl, local: (path) => contents.localPath(path), themes, commands: app.commands });
    docRegistry.addWidgetFactory(factory);
    if (restorer) remember(jupyter, factory, viewer, restorer);
  }
}

/**
 * What makes the documents of a viewer.
 * @param {any} jupyter
 * @param {{name: string, fileTypes: string[], icon: any, page: string}} viewer
 * @param {{base: string, local: (path: string) => string, themes?: any, commands: any}} surroundings
 */
function factoryOf({ docregistry, "ui-components": ui }, { name, fileTypes, icon, page }, { commands, ...surroundings }) {
  /** @type {new (options: object) => any} */
  const Base = docregistry.ABCWidgetFactory;
  const Factory = class extends Base {
    createNewWidget(context) {
      const content = new PageOf(ui.IFrame, context, { page, ...surroundings }).frame;
      const widget = new docregistry.DocumentWidget({ content, context });
      widget.title.icon = icon;
      context.ready.then(() => removeItem(widget.toolbar, "read-only-indicator")); // a viewer need not say so
      if (isModel(context.path)) widget.toolbar.addItem("convert", convertButton(ui, commands, context));
      return widget;
    }
  };
  // the provider keeps the file out of the contents API, where it would travel as base64
  return new Factory({ name, label: name, fileTypes, defaultFor: fileTypes, readOnly: true, modelName: "base64", contentProviderId: PROVIDER });
}

function removeItem(toolbar, name) {
  const index = [...toolbar.names()].indexOf(name);
  if (index >= 0) [...toolbar.children()][index].dispose();
}

function convertButton({ ToolbarButton }, commands, context) {
  return new ToolbarButton({
    label: "Convert in the lab",
    tooltip: "Convert this model to ONNX, step by step, in a new notebook",
    onClick: () => commands.execute(COMMAND, { path: context.path }),
  });
}

/** What was open is open again after the page was loaded anew. */
function remember({ apputils }, factory, { name }, restorer) {
  const tracker = new apputils.WidgetTracker({ namespace: `tfonnx-lab-${name.toLowerCase()}` });
  factory.widgetCreated.connect((_, widget) => {
    tracker.add(widget);
    widget.context.pathChanged.connect(() => tracker.save(widget));
  });
  restorer.restore(tracker, { command: "docmanager:open", args: (widget) => ({ path: widget.context.path, factory: name }), name: (widget) => widget.context.path });
}

/** Tells the document manager of a file's name and date, and reads nothing of it. */
class WithoutContent {
  constructor(drive) {
    this.drive = drive;
  }

  async get(path, options) {
    const model = await this.drive.get(path, { ...options, contentProviderId: undefined, content: false, hash: false });
    return { ...model, writable: false }; // of a file that can be written, JupyterLab makes a copy as its checkpoint
  }

  async save(path) {
    throw new Error(`${path} is only viewed`);
  }
}
