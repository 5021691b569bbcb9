"""The converted model in ONNX Runtime, once as it is and once with every tensor kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort


def session(model: onnx.ModelProto | bytes, *, threads: int = 0, optimised: bool = True) -> ort.InferenceSession:
    """An ONNX Runtime session on the CPU with default options."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    if not optimised:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    data = model if isinstance(model, bytes) else model.SerializeToString()
    return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])


class OnnxRuntime:
    """A converted model in ONNX Runtime. `outputs` are the model's own output names, `floats` says of each input whether it is float32."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.outputs = [o.name for o in model.graph.output]
        self.inputs = [i.name for i in model.graph.input]
        self.floats = [i.type.tensor_type.elem_type == onnx.TensorProto.FLOAT for i in model.graph.input]

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The outputs, as a user gets them (ONNX Runtime fuses what it can)."""
        return list(session(self.model).run(self.outputs, self.feed(inputs)))

    def tensors(self, names: Sequence[str], inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """The named tensors. Nothing is fused across them, so numbers can differ a little from an ordinary run's."""
        known = {o.name for o in self.model.graph.output}
        wanted = [n for n in names if n not in known]
        extended = onnx.ModelProto()
        extended.CopyFrom(self.model)
        extended.graph.output.extend(onnx.ValueInfoProto(name=n) for n in wanted)
        names = [*self.outputs, *wanted]
        return dict(zip(names, session(extended, optimised=False).run(names, self.feed(inputs)), strict=True))

    def feed(self, inputs: Sequence[np.ndarray]) -> Mapping[str, Any]:
        """Inputs by name. State inputs that have a default are left to it."""
        return {name: _plain(value) for name, value in zip(self.inputs, inputs, strict=False)}


def _plain(value: np.ndarray) -> np.ndarray:
    """Complex arrays as pairs of floats, byte strings as text."""
    if value.dtype.kind == "c":
        return np.stack([value.real, value.imag], axis=-1)
    if value.dtype.kind in "OS":
        return np.vectorize(lambda x: x.decode("utf-8", "replace") if isinstance(x, bytes) else x, otypes=[object])(
            value
        )
    return value
