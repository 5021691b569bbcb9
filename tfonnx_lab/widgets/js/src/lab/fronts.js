// Which function draws which widget. A widget alone has a model of the notebook's; as a part of another one it has one of hub.js.

import { corner } from "../common/corner.js";
import { h } from "../common/dom.js";
import { once } from "../common/once.js";
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

/** A widget alone, with the buttons that the lab has for all of its views. */
async function alone(context) {
  const front = context.model.get("_front");
  if (front === "lab") return draw(front, context);
  const place = h("div", {});
  const whole = h("div", { class: "tl-alone tl-own" }, place);
  context.el.replaceChildren(whole);
  const end = await draw(front, { ...context, model: context.model, el: place });
  whole.append(corner(whole, () => place, () => front));
  return once(() => {
    end?.();
    context.el.replaceChildren();
  });
}

export default { render: alone };
