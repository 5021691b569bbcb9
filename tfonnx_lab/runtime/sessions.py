"""The converted model in ONNX Runtime, once as it is and once with every tensor kept."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.extensions import with_kernels
from tfonnx_lab.runtime.refusals import short

REPLAY = "session.enable_saved_runtime_optimizations"
"""The session option (off by default) with which ONNX Runtime applies what a Runtime-style .ort file recorded."""

PATIENCE = 120.0
"""How long a model may run, in seconds: a wrong handler can make a loop endless, and a kernel cannot be interrupted
then."""


class Threads:
    """How many threads a session has that is not told: 0 is one a core; 1 in a process beside others like it."""

    each = 0


class Endless(ConversionError):
    """A run that was stopped because it took too long; running a part of it would take as long."""


def session(
    model: onnx.ModelProto | bytes, *, threads: int | None = None, optimised: bool = True
) -> ort.InferenceSession:
    """An ONNX Runtime session on the CPU with default options.

    threads: None: as many as `Threads` says.
    Raises ConversionError where it cannot load the model.
    """
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = Threads.each if threads is None else threads
    if not optimised:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    with loading():
        data = model if isinstance(model, bytes) else model.SerializeToString()
        made: ort.InferenceSession = with_kernels(
            lambda given: ort.InferenceSession(data, given, providers=["CPUExecutionProvider"]), options
        )
        return made


@contextmanager
def loading() -> Iterator[None]:
    """What ONNX Runtime does not load, and what is too large to be handed to it in memory, is a ConversionError."""
    try:
        yield
    except Exception as error:  # ONNX Runtime's errors share no base class
        raise ConversionError(f"ONNX Runtime cannot load the converted model: {short(error)}") from error


def ort_format_session(model: str | os.PathLike[str] | bytes, *, replay: bool = True) -> ort.InferenceSession:
    """A session of a file of the ORT format.

    replay: apply what a Runtime-style file recorded, which is off by default.

    Raises ConversionError where ONNX Runtime cannot load it.
    """
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry(REPLAY, "1" if replay else "0")
    options.add_session_config_entry("session.load_model_format", "ORT")
    try:
        given = model if isinstance(model, bytes) else os.fspath(model)
        return ort.InferenceSession(given, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors share no base class
        raise ConversionError(f"ONNX Runtime cannot load the .ort file: {short(error)}") from error


def run(loaded: ort.InferenceSession, names: Sequence[str], feed: Mapping[str, Any]) -> list[Any]:
    """Run a session. Raises ConversionError where it fails, Endless where it runs for longer than `PATIENCE`."""
    options = ort.RunOptions()
    watch = threading.Timer(PATIENCE, lambda: setattr(options, "terminate", True))
    watch.daemon = True
    watch.start()
    try:
        return list(loaded.run(names, feed, options))
    except Exception as error:  # as above
        if options.terminate:
            raise Endless(f"ONNX Runtime did not end within {PATIENCE} s: a loop that never ends?") from error
        raise ConversionError(f"ONNX Runtime cannot run the converted model: {short(error)}") from error

    finally:
        watch.cancel()


class OnnxRuntime:
    """A converted model in ONNX Runtime.

    `outputs` are the model's own output names, `floats` says of each input whether it is float32.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.outputs = [o.name for o in model.graph.output]
        self.inputs = [i.name for i in model.graph.input]
        self.floats = [i.type.tensor_type.elem_type == onnx.TensorProto.FLOAT for i in model.graph.input]

    def run(
        self, inputs: Sequence[np.ndarray], ort_file: str | os.PathLike[str] | bytes | None = None
    ) -> list[np.ndarray]:
        """The outputs, as a user gets them (ONNX Runtime fuses what it can).

        ort_file: run this .ort file in the model's place.
        """
        loaded = session(self.model) if ort_file is None else ort_format_session(ort_file)
        return run(loaded, self.outputs, self.feed(inputs))

    def tensors(self, names: Sequence[str], inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """The named tensors. Nothing is fused across them, so numbers can differ a little from an ordinary run's."""
        known = {o.name for o in self.model.graph.output}
        wanted = [n for n in names if n not in known]
        extended = onnx.ModelProto()
        extended.CopyFrom(self.model)
        extended.graph.output.extend(onnx.ValueInfoProto(name=n) for n in wanted)
        names = [*self.outputs, *wanted]
        return dict(zip(names, run(session(extended, optimised=False), names, self.feed(inputs)), strict=True))

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
