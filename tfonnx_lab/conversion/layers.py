"""`result.layers`: the layers of the model, each with the TFLite ops and the ONNX nodes that it became."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import onnx_ir as ir

from tfonnx_lab.conversion.checks import no_such
from tfonnx_lab.graph.meta import LAYERS, ORIGIN
from tfonnx_lab.readers.layers import OpLayers
from tfonnx_lab.texts.tables import grid
from tfonnx_lab.trace import Step, Trace, touched

_HEAD = ("layer", "kind", "TFLite ops", "ONNX nodes")


@dataclass(frozen=True)
class LayerOps:
    """A layer and what became of it.

    path: its name, behind those of the models that it lies in.
    kind: its class, empty where that is not known.
    ops: the indices of the TFLite ops of the main graph that compute it; none where others compute it, too, or nothing
    is left to do.
    nodes: the names of the ONNX nodes.
    """

    path: str
    kind: str
    ops: tuple[int, ...]
    nodes: tuple[str, ...]


class ModelLayers:
    """The layers in the order of the model; prints as a table.

    told: what Keras's layers told as they were traced; None where they were not asked.
    exact: whether Keras's layers were asked as they ran; else names of tensors tell it, which is a guess.
    """

    def __init__(self, told: OpLayers | None, graph: ir.Graph) -> None:
        self.exact = told is not None and told.asked
        self.told = None if told is None else told.told
        self._ops = {} if told is None else {op: tuple(x.path for x in found) for op, found in told.ops.items()}
        nodes: dict[str, list[str]] = {}
        for node in graph:
            paths = self.of(node.meta.get(ORIGIN, ()))
            for path in dict.fromkeys(outer for inner in paths for outer in _outward(inner)):
                nodes.setdefault(path, []).append(node.name or "")
        ops: dict[str, list[int]] = {}
        for op, found in sorted(self._ops.items()):
            for path in dict.fromkeys(outer for inner in found for outer in _outward(inner)):
                ops.setdefault(path, []).append(op)
        self.rows = [
            LayerOps(x.path, x.kind, tuple(ops.get(x.path, ())), tuple(nodes.get(x.path, ())))
            for x in (() if told is None else told.known)
        ]

    def of(self, origin: Iterable[int]) -> tuple[str, ...]:
        """The paths of the layers of some TFLite ops: of what led to a node, a step, a kernel."""
        return tuple(dict.fromkeys(path for op in sorted(origin) for path in self._ops.get(op, ())))

    def around(self, origin: Iterable[int]) -> tuple[str, ...]:
        """The same, and the paths of the layers around them."""
        return tuple(dict.fromkeys(outer for path in self.of(origin) for outer in _outward(path)))

    def text(self, origin: Iterable[int]) -> str:
        """The same for a column of a table: with a question mark where it is a guess."""
        return ", ".join(self.of(origin)) + ("" if self.exact or not self.of(origin) else " ?")

    def within(self, path: str) -> list[LayerOps]:
        """A layer and all that lie in it."""
        return [row for row in self.rows if row.path == path or row.path.startswith(f"{path}/")]

    def steps(self, path: str, trace: Trace) -> list[Step]:
        """The steps of a conversion that changed what a layer became."""
        own = set(self[path].ops)
        return [step for step, ops in zip(trace, touched(trace), strict=True) if own & set(ops)]

    def __getitem__(self, path: str) -> LayerOps:
        """The layer of this path. Raises KeyError, with the path that was meant perhaps, where there is none."""
        for row in self.rows:
            if row.path == path:
                return row
        raise KeyError(no_such(f"there is no layer {path!r}", path, [row.path for row in self.rows]))

    def __iter__(self) -> Iterator[LayerOps]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __bool__(self) -> bool:
        return bool(self.rows)

    @property
    def title(self) -> str:
        """How many there are, and how that is known."""
        if not self.rows:
            return "no layers are known: neither Keras nor names of tensors tell any"
        how = "as Keras's layers told" if self.exact else "guessed from names of tensors"
        return f"{len(self.rows)} layers, {how}"

    def cells(self) -> list[tuple[str, str, str, str]]:
        """The rows as strings."""
        return [
            (r.path, r.kind, ", ".join(map(str, r.ops)) or "in others, or none", ", ".join(r.nodes)) for r in self.rows
        ]

    def __str__(self) -> str:
        lines = [_HEAD, *((a, b, c, d if len(d) < 80 else f"{d[:77]}...") for a, b, c, d in self.cells())]
        widths = [max(len(line[i]) for line in lines) for i in range(4)]
        text = ["  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines]
        return "\n".join([self.title, *text])

    def __repr__(self) -> str:
        return f"ModelLayers({self.title})"

    def _repr_html_(self) -> str:
        return f"<p>{self.title}</p>{grid(_HEAD, self.cells())}"


def _outward(path: str) -> Iterator[str]:
    """`a/b/c` => `a/b/c`, `a/b`, `a`."""
    while path:
        yield path
        path = path.rpartition("/")[0]


def layers_of(model: ir.Model) -> ModelLayers:
    """The layers of a converted model."""
    return ModelLayers(model.meta.get(LAYERS), model.graph)
