"""Graphs as tables, for places that show no widgets."""

from __future__ import annotations

import gzip
from typing import Any

import onnx_ir as ir

from tfonnx_lab.trace import Replay, load_trace
from tfonnx_lab.widgets.view import line

Table = tuple[str, list[str], list[list[str]]]
"""Title, heading, rows."""

_HEADING = ["", "op", "name", "makes"]
_LARGEST = 200 << 20
"""Bytes of a model file that is read only to be listed."""


def of_trace(packed: bytes, index: int) -> Table:
    """The main graph of a packed trace after a step (-1: the one that it starts with)."""
    trace = load_trace(gzip.decompress(packed).decode().splitlines())
    state = Replay(trace).goto(max(0, min(index + 1, len(trace))))
    main = state.graph()["graphs"][trace.start["graphs"][0]["id"]]
    rows = []
    for number, node in enumerate((state.nodes[n] for n in main["nodes"]), 1):
        made = [_value(v["name"], v["dtype"], v["shape"]) for v in (state.values[k] for k in node["out"])]
        rows.append([str(number), node["op"], line(node["name"]), ", ".join(made)])
    moment = f"after step {index + 1} of {len(trace)}" if index >= 0 else "before the first step"
    return f"{trace.header['name']}, {moment}: {_counted(rows)}", _HEADING, rows


def of_model(data: bytes, name: str) -> Table | None:
    """The main graph of a model file; None where it cannot be read."""
    if len(data) > _LARGEST:
        return None
    try:
        graph = _graph(data)
    except Exception:  # the readers' errors share no base class, and the viewer says what is wrong
        return None
    rows = [
        [str(number), node.op_type, line(node.name or ""), ", ".join(_typed(v) for v in node.outputs)]
        for number, node in enumerate(graph, 1)
    ]
    ends = [", ".join(_typed(v) for v in values) or "nothing" for values in (graph.inputs, graph.outputs)]
    return f"{name}: {_counted(rows)}, from {ends[0]} to {ends[1]}", _HEADING, rows


def _graph(data: bytes) -> ir.Graph:
    if data[4:8] == b"TFL3":
        from tfonnx_lab.readers.tflite import read_tflite

        return read_tflite(memoryview(data)).graph
    if data[4:8] == b"ORTM":
        from tfonnx_lab.mobile.ort_file import read_ort
        from tfonnx_lab.mobile.ort_onnx import as_onnx

        return ir.from_proto(as_onnx(read_ort(data))).graph
    import onnx

    return ir.from_proto(onnx.ModelProto.FromString(data)).graph


def _typed(value: ir.Value) -> str:
    shape = None if value.shape is None else [d if isinstance(d, int) else str(d) for d in value.shape]
    return _value(value.name or "", None if value.dtype is None else value.dtype.name, shape)


def _value(name: str, dtype: str | None, shape: Any) -> str:
    return f"{line(name)} {dtype or '?'} {'?' if shape is None else shape}"


def _counted(rows: list[list[str]]) -> str:
    return "1 node" if len(rows) == 1 else f"{len(rows)} nodes"
