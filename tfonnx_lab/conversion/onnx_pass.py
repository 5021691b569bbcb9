"""Our optimizers on an ONNX model that somebody else made: the same steps, the same trace."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Literal

import onnx

from tfonnx_lab.conversion.options import OLDEST_OPSET, Options
from tfonnx_lab.conversion.pipeline import newest_opset
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.files import paths_of
from tfonnx_lab.graph import ONNX, Editor
from tfonnx_lab.graph.collector import collector_paused
from tfonnx_lab.readers.onnx_model import onnx_graph, read_onnx
from tfonnx_lab.rules import OPTIMIZERS, Driver
from tfonnx_lab.trace import Recorder

_ORDER = {"": ONNX, "ai.onnx": ONNX}


class OnnxPass(Conversion):
    """An ONNX model, and what our optimizers made of it.

    before: the model as it came.
    why_not: why no optimizer ran; empty where they did.
    """

    def __init__(self, *args: Any, before: onnx.ModelProto, why_not: str = "", **named: Any) -> None:
        super().__init__(*args, **named)
        self.before = before
        self.why_not = why_not

    def __repr__(self) -> str:
        left = len(self.ir_model.graph)
        did = self.why_not or f"{len(self.trace)} steps in {self.seconds * 1e3:.0f} ms"
        return f"OnnxPass({self.name}: {len(self.before.graph.node)} nodes, {left} after our optimizers, {did})"


def optimize_onnx(source: Any, name: str = "", target: Literal["x86_64", "arm64", "portable"] = "x86_64") -> OnnxPass:
    """Run the optimizers on an ONNX model; the file stays as it is.

    source: the path of an .onnx file, its bytes, or an onnx.ModelProto.
    name: for messages, where the source has none.
    target: the machine that the result is for.
    Raises ConversionError for what cannot be read. A model of an opset that our optimizers do not write stays as it
    is, and `why_not` says so.
    """
    began = time.perf_counter()
    with collector_paused():
        before = read_onnx(source)
        model = onnx_graph(before)
        opset = next((o.version for o in before.opset_import if _ORDER.get(o.domain) == ONNX), 0)
        shown = name or (str(Path(source)) if isinstance(source, (str, Path)) else "model.onnx")
        options = Options(opset=opset, target=target)
        recorder = Recorder(model, shown, opset, {}, paths_of(source))
        why_not = "" if OLDEST_OPSET <= opset <= newest_opset() else _other_opset(opset)
        if not why_not:
            Driver(Editor(model, [recorder]), opset, options, [recorder]).run(OPTIMIZERS)
        recorder.finish("ok", model)
        _unused_away(model)
    seconds = time.perf_counter() - began
    return OnnxPass(model, recorder.trace, options, source, shown, seconds=seconds, before=before, why_not=why_not)


def _other_opset(opset: int) -> str:
    return f"opset {opset} is not one that our optimizers write ({OLDEST_OPSET} to {newest_opset()})"


def _unused_away(model: Any) -> None:
    """Constants that nothing uses any more leave the file."""
    graph = model.graph
    ends = {*graph.inputs, *graph.outputs}
    for name in [n for n, value in graph.initializers.items() if not value.uses() and value not in ends]:
        del graph.initializers[name]
