// "Convert in the lab": a notebook beside the model, its cell filled in.

import { icons } from "./icons.js";

const CELL = `import tfonnx_lab as lab

view = lab.Lab(MODEL)  # view.result is the conversion; view.result.save("model.onnx") writes it
view`;
export const COMMAND = "tfonnx-lab:convert";
const RUN = "tfonnx-lab:run";
const RUN_MS = 60_000;
const SELECTOR = '.jp-DirListing-item[data-file-type="tflite"]';

export function convertPlugin(jupyter) {
  const { filebrowser, docmanager, apputils, launcher, notebook: notebooks } = jupyter;
  return {
    id: "tfonnx-lab:convert",
    description: "Opens a notebook that converts a .tflite file.",
    autoStart: true,
    requires: [docmanager.IDocumentManager],
    optional: [filebrowser.IFileBrowserFactory, filebrowser.IDefaultFileBrowser, launcher.ILauncher, apputils.ICommandPalette, notebooks.INotebookTracker],
    activate: (app, manager, browsers, defaultBrowser, launch, palette, tracker) => {
      const { model: icon } = icons(jupyter["ui-components"]);
      const current = () => browsers?.tracker.currentWidget ?? defaultBrowser;
      app.commands.addCommand(COMMAND, {
        label: (args) => (args.isLauncher ? "Convert a TFLite model" : "Convert in the lab"),
        caption: "Convert a TensorFlow Lite model to ONNX, step by step, in a new notebook",
        icon,
        describedBy: { args: { type: "object", properties: { path: { type: "string", description: "The .tflite file" } } } },
        execute: async (args) => {
          try {
            const chosen = args.path ? [args.path] : (selected(current(), args) ?? (await ask(filebrowser, manager, current())));
            for (const path of chosen) await open(app, manager, path);
          } catch (error) {
            await apputils.showErrorMessage("The notebook cannot be made", error);
          }
        },
      });
      tracker?.widgetAdded.connect((_, panel) => runOnce(notebooks, panel).catch((error) => console.warn("tfonnx-lab:", error)));
      app.contextMenu.addItem({ command: COMMAND, selector: SELECTOR, rank: 2 });
      launch?.add({ command: COMMAND, category: "Other", rank: 0, args: { isLauncher: true } });
      palette?.addItem({ command: COMMAND, category: "tfonnx_lab" });
    },
  };
}

/** The models that are selected in the file browser; null where there are none, or where the launcher asks. */
function selected(browser, { isLauncher }) {
  if (!browser || isLauncher) return null;
  const paths = [...browser.selectedItems()].map((item) => item.path).filter(isModel);
  return paths.length > 0 ? paths : null;
}

async function ask({ FileDialog }, manager, browser) {
  const answer = await FileDialog.getOpenFiles({
    manager,
    title: "Convert a TensorFlow Lite model",
    defaultPath: browser?.model.path,
    filter: (item) => (isModel(item.path) ? {} : null),
  });
  return answer.button.accept ? answer.value.map((item) => item.path).filter(isModel) : [];
}

/** Whether a file can be converted. */
export function isModel(path) {
  return path.toLowerCase().endsWith(".tflite");
}

async function open(app, manager, path) {
  const { contents, kernelspecs } = app.serviceManager;
  await kernelspecs.ready;
  const name = path.split("/").pop();
  const folder = path.slice(0, -name.length - 1);
  const made = await contents.newUntitled({ path: folder, type: "notebook" });
  const content = notebook(name, pythonOf(kernelspecs.specs));
  await contents.save(made.path, { type: "notebook", format: "json", content });
  const renamed = await named(contents, made.path, folder, name.replace(/\.tflite$/i, ""));
  runs.ask(renamed);
  await app.commands.execute("docmanager:open", { path: renamed, factory: "Notebook" });
}

/** Which notebook is to be run when it opens: Notebook 7 opens it in a tab of its own, which reads this. It is kept where no
 * notebook's file can write, for a minute, and for one opening. */
const runs = {
  ask(path) {
    localStorage.setItem(RUN, JSON.stringify({ path, until: Date.now() + RUN_MS }));
  },
  taken(path) {
    const wanted = JSON.parse(localStorage.getItem(RUN) ?? "null");
    if (wanted?.path !== path) return false;
    localStorage.removeItem(RUN);
    return Date.now() < wanted.until;
  },
};

/** Run a notebook that was made to be run. */
async function runOnce({ NotebookActions }, panel) {
  await panel.context.ready;
  if (!runs.taken(panel.context.localPath ?? panel.context.path)) return;
  await panel.sessionContext.ready;
  await panel.sessionContext.session?.kernel?.info;
  await NotebookActions.runAll(panel.content, panel.sessionContext);
}

/** Call the notebook after its model, with a number where that name is taken. */
async function named(contents, path, folder, stem) {
  const { content } = await contents.get(folder, { content: true });
  const taken = new Set(content.map((item) => item.name));
  let name = `${stem}.ipynb`;
  for (let number = 2; taken.has(name); number += 1) name = `${stem}_${number}.ipynb`;
  return contents.rename(path, folder ? `${folder}/${name}` : name).then((model) => model.path, () => path);
}

/** The kernel to run it with: the default one if it is a Python, else the first Python. */
function pythonOf(specs) {
  const { default: standard, kernelspecs } = specs ?? { kernelspecs: {} };
  const pythons = Object.values(kernelspecs).filter((spec) => spec.language.toLowerCase() === "python");
  return pythons.find((spec) => spec.name === standard) ?? pythons[0] ?? { name: "python3", display_name: "Python 3", language: "python" };
}

function notebook(name, { name: kernel, display_name, language }) {
  const source = CELL.replace("MODEL", () => JSON.stringify(name)); // JSON's strings are Python's too
  const cell = { cell_type: "code", id: "convert", metadata: {}, execution_count: null, outputs: [], source };
  return { cells: [cell], metadata: { kernelspec: { name: kernel, display_name, language } }, nbformat: 4, nbformat_minor: 5 };
}
