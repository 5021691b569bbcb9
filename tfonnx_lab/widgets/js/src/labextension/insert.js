// "Insert as cell": a view says which code, this puts it below the cell that is active.

const EVENT = "tfonnx-lab:insert";

export function insertPlugin({ notebook: notebooks }) {
  return {
    id: "tfonnx-lab:insert",
    description: "Inserts code that a view of the lab offers as a cell.",
    autoStart: true,
    optional: [notebooks.INotebookTracker],
    activate: (app, tracker) => {
      if (!tracker) return;
      document.documentElement.dataset.tfonnxLabInserts = "";
      document.addEventListener(EVENT, (event) => {
        const { detail } = /** @type {CustomEvent} */ (event);
        const panel = tracker.currentWidget;
        if (!panel || typeof detail !== "string") return;
        const { content } = panel;
        const at = content.activeCellIndex + 1;
        content.model.sharedModel.insertCell(at, { cell_type: "code", source: detail });
        content.activeCellIndex = at;
      });
    },
  };
}
