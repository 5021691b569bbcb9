"""What `benchmarks/latency.py` runs: a model in LiteRT, ours and tf2onnx's in ONNX Runtime."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

import tfonnx_lab as lab
from tfonnx_lab.litert.inputs import random_inputs

_CONVERT = (
    "import sys, os, logging; os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'; logging.disable(50)\n"
    "from tf2onnx import convert; convert.from_tflite(sys.argv[1], opset=int(sys.argv[3]), output_path=sys.argv[2])"
)


def litert(path: Path, threads: int) -> Interpreter:
    """The model in LiteRT with XNNPACK, its random inputs set."""
    interpreter = Interpreter(str(path), num_threads=threads)
    interpreter.allocate_tensors()
    for detail, value in zip(interpreter.get_input_details(), feeds(interpreter), strict=True):
        interpreter.set_tensor(detail["index"], value)
    return interpreter


def feeds(interpreter: Interpreter) -> list[np.ndarray]:
    """Inputs in LiteRT's order, always the same."""
    return random_inputs(interpreter.get_input_details())


_CALLS = {
    schema.BuiltinOptions.WhileOptions: (schema.WhileOptions, ("CondSubgraphIndex", "BodySubgraphIndex")),
    schema.BuiltinOptions.IfOptions: (schema.IfOptions, ("ThenSubgraphIndex", "ElseSubgraphIndex")),
    schema.BuiltinOptions.CallOnceOptions: (schema.CallOnceOptions, ("InitSubgraphIndex",)),
}


def ops_of(path: Path) -> int:
    """How many ops the file's main subgraph has, and those that it calls (bodies of loops, branches), as `nodes_of`
    counts nodes."""
    model = schema.Model.GetRootAs(path.read_bytes(), 0)
    waiting, seen = [0], {0}
    count = 0
    while waiting:
        graph = model.Subgraphs(waiting.pop())
        count += graph.OperatorsLength()
        for i in range(graph.OperatorsLength()):
            operator = graph.Operators(i)
            kind, names = _CALLS.get(operator.BuiltinOptionsType(), (None, ()))
            if kind is not None:
                options = kind()
                options.Init(operator.BuiltinOptions().Bytes, operator.BuiltinOptions().Pos)
                called = {getattr(options, name)() for name in names} - seen
                seen |= called
                waiting += called
    return count


def nodes_of(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """The nodes of a graph and of those in it."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from nodes_of(inner)


def models_of(path: Path, opset: int, kept: str) -> dict[str, bytes]:
    """The ONNX models by who made them: `ours`, and `tf2onnx` where it is to be had and makes one."""
    found = {"ours": bytes(lab.convert(path, opset).model.SerializeToString())}
    python = os.environ.get("PY_TF2ONNX")
    target = Path(kept) / f"{path.stem}_{opset}.onnx"
    if python is not None and not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        command = [python, "-c", _CONVERT, str(path), str(target), str(opset)]
        subprocess.run(command, capture_output=True, check=False)
        if not target.exists():
            target.touch()
    if target.exists() and target.stat().st_size:
        found["tf2onnx"] = target.read_bytes()
    return found


def onnx_runtime(model: bytes, values: Sequence[np.ndarray], threads: int) -> Callable[[], Any]:
    """A function that runs the model once.

    Inputs are matched by position, may be channels first, and states have defaults.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 4
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    details = session.get_inputs()
    if any(value.dtype.kind in "OUS" for value in values):
        given = {d.name: v for d, v in zip(details, values, strict=False)}
        return lambda: session.run(None, given)
    binding = session.io_binding()
    for detail, value in zip(details, values, strict=False):
        binding.bind_cpu_input(detail.name, _as_wanted(value, detail.shape))
    for output in session.get_outputs():
        binding.bind_output(output.name)
    return lambda: session.run_with_iobinding(binding)


def _as_wanted(value: np.ndarray, shape: Sequence[Any]) -> np.ndarray:
    """The value with its channels first, where the model wants it so."""
    moved = value.transpose(0, 3, 1, 2) if value.ndim == 4 else value
    same = list(shape)[1:] == list(value.shape)[1:]
    wanted = moved if not same and list(moved.shape)[1:] == list(shape)[1:] else value
    if wanted.dtype.kind == "c":
        wanted = np.stack([wanted.real, wanted.imag], -1)
    return np.ascontiguousarray(wanted)
