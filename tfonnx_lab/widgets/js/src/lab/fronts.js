// Which function draws which widget. A widget alone has a model of the notebook's; as a part of another one it has one of hub.js.

import explorer from "../explorer/widget.js";
import graph from "../netron/widget.js";
import stepper from "../stepper/widget.js";
import view from "../views/widget.js";
import { lab } from "./lab.js";
import { ort } from "./ort.js";
import { pair } from "./pair.js";
import { quantization } from "./quantization.js";

const FRONTS = {
  explorer: explorer.render,
  graph: graph.render,
  lab,
  ort,
  pair,
  quantization,
  stepper: stepper.render,
  view: view.render,
};

export const draw = (front, context) => FRONTS[front](context);

export default { render: (context) => draw(context.model.get("_front"), context) };
