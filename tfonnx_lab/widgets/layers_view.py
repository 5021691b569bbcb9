"""Layers: what became of each layer of a Keras model, and whether it computes what Keras does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfonnx_lab.conversion.given import converted
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.parity import LayersParity, compare_layers
from tfonnx_lab.widgets.view import View, number

_HINTS = {
    "layer": "its name in the model",
    "kind": "its class in Keras",
    "ops": "which ops TensorFlow's converter made of it",
    "nodes": "what those became",
    "steps": "how many steps worked on it",
    "converter": "how far LiteRT is from Keras: what TensorFlow's converter changed",
    "ours": "how far ONNX Runtime is from LiteRT: what this conversion changed",
    "whose": "who changed the numbers, if anybody did",
}
"""What each column tells."""


class LayersView(View):
    """The layers as a tree, each with its TFLite ops, ONNX nodes and steps.

    model: a Conversion, or a Keras model or its file, which is converted with default options.
    inputs: what Keras, LiteRT and ONNX Runtime run on (default: random ones).
    compared: a comparison made before; the button "compare with Keras" makes one.
    A click on a layer sets `selection` (its first TFLite op) and `index` (its first step).
    """

    KIND = "layers"
    KNOWS_PLACE = True

    def __init__(
        self,
        model: Any,
        inputs: Sequence[np.ndarray] | None = None,
        compared: LayersParity | None = None,
        **traits: Any,
    ) -> None:
        self.result = converted(model, "keep")
        self.inputs, self.compared = inputs, compared
        super().__init__(self.shows(self.result), source=self.result, **traits)

    def shows(self, result: Conversion) -> dict[str, Any]:
        """The layers of a conversion, beside the last comparison."""
        self.result = result
        return layers(result, self.compared)

    def act(self, name: str, content: dict[str, Any]) -> None:
        """Compare with Keras."""
        if name == "compare":
            self.compare()

    def compare(self) -> LayersParity:
        """Run Keras, LiteRT and ONNX Runtime on the same inputs, and show where the numbers leave Keras's."""
        self.compared = compare_layers(self.result.given, self.inputs, result=self.result)
        self.data = layers(self.result, self.compared)
        return self.compared


def layers(result: Conversion, compared: LayersParity | None = None) -> dict[str, Any]:
    """One row a layer, those that lie in another behind it and indented."""
    known = result.layers
    parity = {} if compared is None else {row.path: row for row in compared}
    rows = []
    for row in known:
        steps = known.steps(row.path, result.trace)
        depth = row.path.count("/")
        line: dict[str, Any] = {
            "layer": "\u2003" * depth + row.path.rpartition("/")[2],
            "kind": row.kind,
            "ops": ", ".join(map(str, row.ops)),
            "nodes": len(row.nodes),
            "steps": len(steps),
            "origin": row.ops[0] if row.ops else None,
            "index": steps[0].i if steps else None,
        }
        found = parity.get(row.path)
        if found is not None:
            line |= {"converter": number(found.converter), "ours": number(found.ours), "whose": found.whose}
            line["far"] = found.whose not in ("agrees", "within others")
        rows.append(line)
    columns = [("layer", "layer"), ("kind", "kind"), ("ops", "TFLite ops"), ("nodes", "ONNX nodes"), ("steps", "steps")]
    if compared is not None:
        columns += [("converter", "Keras - LiteRT"), ("ours", "LiteRT - ONNX Runtime"), ("whose", "whose")]
    return {
        "title": known.title if compared is None else f"{known.title}; {compared.sentence}",
        "columns": [{"key": key, "title": title, "hint": _HINTS[key]} for key, title in columns],
        "rows": rows,
        "live": known.exact,
    }
