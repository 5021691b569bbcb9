// Two icons in JupyterLab's manner: their colours follow the theme.

const svg = (body) => `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">${body}</svg>`;
const BOXES = `<g class="jp-icon3 jp-icon-selectable" fill="#616161"><rect x="8" y="2" width="8" height="5" rx="1"/><rect x="2" y="17" width="8" height="5" rx="1"/>
<rect x="14" y="17" width="8" height="5" rx="1"/><path d="M11 7h2v4h6v6h-2v-4H7v4H5v-6h6z"/></g>`;
const STEPS = `<g class="jp-icon3 jp-icon-selectable" fill="#616161"><rect x="2" y="5" width="7" height="14" rx="1"/><path d="M15 5h7v14h-7zm2 2v10h3V7z" fill-rule="evenodd"/>
<path d="M10 11h2V9l3 3-3 3v-2h-2z"/></g>`;

/** JupyterLab's icons for models and traces, given its module of user interface components. */
export function icons({ LabIcon }) {
  return {
    model: new LabIcon({ name: "tfonnx-lab:model", svgstr: svg(BOXES) }),
    trace: new LabIcon({ name: "tfonnx-lab:trace", svgstr: svg(STEPS) }),
  };
}
