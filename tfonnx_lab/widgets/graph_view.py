"""The whole graph in Netron, at any step of a trace, or of a model file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import traitlets

from tfonnx_lab.widgets._listing import of_model, of_trace
from tfonnx_lab.widgets._source import TraceLike, bytes_of, packed, with_trace
from tfonnx_lab.widgets.assets import FrontEnd
from tfonnx_lab.widgets.page import summary
from tfonnx_lab.widgets.view import as_html

_GZIP = b"\x1f\x8b"
MODELS = (".tflite", ".onnx", ".ort")


class GraphView(FrontEnd):
    """A graph in Netron, drawn in the browser without a server.

    source: a Trace, a Conversion, a `.tfltrace` file; or a model: a `.tflite`, `.onnx` or `.ort` file, its bytes, an
    onnx.ModelProto; of what else `convert` takes the trace of its conversion.
    index: of a trace, the step after which the graph is shown (-1: the graph it started from).
    name: of a model given as bytes.
    selected: the selected node, of a trace its id (docs/trace.md), of a model its place in the graph;
    picked: its name.
    Of a graph of more than 600 nodes the 200 around the selection are drawn.
    """

    FRONT = "graph"

    trace = traitlets.Bytes().tag(sync=True)
    model_bytes = traitlets.Bytes().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    index = traitlets.Int(-1).tag(sync=True)
    selected = traitlets.Int(None, allow_none=True).tag(sync=True)
    picked = traitlets.Unicode().tag(sync=True)
    height = traitlets.Unicode("560px").tag(sync=True)

    def __init__(
        self, source: TraceLike, index: int = -1, name: str = "", height: str = "560px", **traits: Any
    ) -> None:
        kind, data, found = _read(source)
        super().__init__(name=name or found, index=index, height=height, **{kind: data}, **traits)

    def text(self) -> str:
        """One line for places that show no widgets."""
        return (
            f"GraphView({summary(self.trace)}, after step {self.index + 1})"
            if self.trace
            else f"GraphView({self.name})"
        )

    def html(self) -> str | None:
        """The nodes as a table."""
        table = of_trace(self.trace, self.index) if self.trace else of_model(self.model_bytes, self.name)
        return None if table is None else as_html(*table)


def _read(source: Any) -> tuple[str, bytes, str]:
    """The trait that the source goes to, its bytes and its name."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
        if data.startswith(_GZIP):
            return "trace", data, ""
        return "model_bytes", data, {b"TFL3": "model.tflite", b"ORTM": "model.ort"}.get(data[4:8], "model.onnx")
    if isinstance(source, (str, os.PathLike)) and Path(source).suffix in MODELS:
        return "model_bytes", bytes_of(source), Path(source).name
    if hasattr(source, "SerializeToString"):
        return "model_bytes", source.SerializeToString(), "model.onnx"
    return "trace", packed(with_trace(source)), ""
