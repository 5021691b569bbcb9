"""What Keras, LiteRT and ONNX Runtime have after each layer, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tfonnx_lab.texts.tables import grid

FAR = 1e-3
"""Two results are far apart beyond this share of the largest value."""

_HEAD = ("layer", "kind", "Keras - LiteRT", "LiteRT - ONNX Runtime", "Keras - ONNX Runtime", "whose")


@dataclass(frozen=True)
class LayerParity:
    """A layer's result in three programs.

    path, kind: of the layer.
    tensor: the TFLite tensor that holds its result, empty where TensorFlow's converter made one op of it and others.
    op: the index of the TFLite op that makes it.
    converter: the largest difference between Keras and LiteRT, as a share of the largest value: TensorFlow's converter.
    ours: between LiteRT and ONNX Runtime: this package.
    whole: between Keras and ONNX Runtime.
    All are None where there is nothing to compare.
    """

    path: str
    kind: str
    tensor: str = ""
    op: int | None = None
    converter: float | None = None
    ours: float | None = None
    whole: float | None = None

    @property
    def whose(self) -> str:
        """Whose numbers leave: `TensorFlow's converter`, `ours`, `both`; `agrees`, or why that cannot be seen."""
        if self.converter is None or self.ours is None:
            return "within others"
        found = [
            name for name, far in (("TensorFlow's converter", self.converter), ("ours", self.ours)) if not far <= FAR
        ]
        return "both" if len(found) == 2 else found[0] if found else "agrees"


class LayersParity:
    """The comparison, a row a layer, in the order in which Keras ran them; prints as a table.

    inputs: what all three ran on, in the model's order.
    """

    def __init__(self, name: str, rows: Sequence[LayerParity], inputs: Sequence[np.ndarray]) -> None:
        self.name, self.rows, self.inputs = name, list(rows), list(inputs)

    @property
    def first(self) -> LayerParity | None:
        """The first layer whose numbers leave Keras's, None where none does."""
        return next((row for row in self.rows if row.whose not in ("agrees", "within others")), None)

    @property
    def sentence(self) -> str:
        """What it comes to."""
        seen = sum(row.converter is not None for row in self.rows)
        first = self.first
        if first is None:
            return f"Keras, LiteRT and ONNX Runtime agree in all of {seen} layers that can be seen"
        who = {"ours": "the conversion to ONNX", "both": "both conversions"}.get(first.whose, "TensorFlow's converter")
        return f"the first layer that leaves Keras is {first.path} ({first.kind}), in {who}"

    def __getitem__(self, path: str) -> LayerParity:
        for row in self.rows:
            if row.path == path:
                return row
        raise KeyError(path)

    def __iter__(self) -> Iterator[LayerParity]:
        return iter(self.rows)

    def cells(self) -> list[tuple[str, ...]]:
        """The rows as strings."""
        return [(r.path, r.kind, _share(r.converter), _share(r.ours), _share(r.whole), r.whose) for r in self.rows]

    def __str__(self) -> str:
        lines = [_HEAD, *self.cells()]
        widths = [max(len(line[i]) for line in lines) for i in range(len(_HEAD))]
        rows = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines]
        return "\n".join([f"{self.name}: {self.sentence}", *rows])

    def __repr__(self) -> str:
        return f"LayersParity({self.name}: {self.sentence})"

    def _repr_html_(self) -> str:
        return f"<p>{self.sentence}</p>{grid(_HEAD, self.cells())}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2g}"
