"""StatefulSession: a converted model that keeps its states from one run to the next, in ONNX Runtime."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph.meta import STATES_PROPERTY
from tfonnx_lab.runtime.refusals import short

if TYPE_CHECKING:
    import onnx
    import onnxruntime

    from tfonnx_lab.conversion.result import Conversion

Inputs: TypeAlias = Mapping[str, np.ndarray] | Sequence[np.ndarray] | np.ndarray


class StatefulSession:
    """Runs a model as often as there is input; what it keeps goes from one run into the next.

        session = lab.StatefulSession(result)  # or a saved .onnx file
        for frame in frames:
            outputs = session.run({"frame": frame})  # the model's own outputs, by name
        session.reset()

    source: a Conversion, the path or bytes of a converted model (.onnx or .ort), or a ModelProto. Of a Runtime-style
    .ort file, what it recorded is replayed. On x86 without VNNI, ONNX Runtime is told to make uint8 of int8 weights,
    whose kernels saturate there (`session.x64quantprecision`), where it can.
    A model without states runs as in an ordinary session.
    session: an `onnxruntime.InferenceSession` to use instead of one with default options.
    states: what each state input is fed next, by name; those that are missing start with the model's initial values. It
    can be read, saved and set: `session.states = saved`.
    Raises ConversionError for what is no converted model (a .tflite file), and for what ONNX Runtime does not load;
    ValueError for a model that says to keep a state that it does not have.
    """

    def __init__(self, source: Any, session: onnxruntime.InferenceSession | None = None) -> None:
        self.session = session or _session(source)
        self.pairs = _pairs(self.session)
        self.states: dict[str, np.ndarray] = {}
        self.inputs = [i.name for i in self.session.get_inputs()]
        kept = set(self.pairs.values())
        self.outputs = [o.name for o in self.session.get_outputs() if o.name not in kept]

    def run(self, inputs: Inputs = ()) -> dict[str, np.ndarray]:
        """One run.

        inputs: by name, or in the model's order, or the only one.

        Returns the outputs that are no states.
        """
        names = [*self.outputs, *self.pairs.values()]
        feeds = {**self.states, **self._named(inputs)}
        found = dict(zip(names, self.session.run(names, feeds), strict=True))
        self.states = {i: found.pop(o) for i, o in self.pairs.items()}
        return found

    def reset(self) -> None:
        """Start again with the initial values."""
        self.states = {}

    def _named(self, inputs: Inputs) -> dict[str, np.ndarray]:
        if isinstance(inputs, Mapping):
            return dict(inputs)
        given = [inputs] if isinstance(inputs, np.ndarray) else list(inputs)
        if len(given) != len(self.inputs):
            raise ValueError(f"{len(given)} inputs were given, the model has {len(self.inputs)}: {self.inputs}")
        return dict(zip(self.inputs, given, strict=True))


def _session(source: Conversion | onnx.ModelProto | str | os.PathLike[str] | bytes) -> onnxruntime.InferenceSession:
    import onnxruntime

    from tfonnx_lab.runtime.saturation import on_every_cpu

    given: Any = os.fspath(source) if isinstance(source, os.PathLike) else source
    name = given if isinstance(given, str) else "<bytes>" if isinstance(given, bytes) else type(source).__name__
    if not isinstance(given, (str, bytes)):
        model = getattr(given, "model", given)
        if not hasattr(model, "SerializeToString"):
            raise ConversionError(
                f"a StatefulSession is of a conversion, lab.convert(...), or of a converted model (a path, bytes, a "
                f"ModelProto), not {name}"
            )
        given = model.SerializeToString()
    elif _start(given)[4:8] == b"TFL3":
        raise ConversionError(f"{name}: is a TFLite model; convert it first: lab.StatefulSession(lab.convert(...))")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.enable_saved_runtime_optimizations", "1")  # heard by .ort files only
    try:
        return on_every_cpu(
            lambda told: onnxruntime.InferenceSession(given, told, providers=["CPUExecutionProvider"]), options
        )
    except Exception as error:  # ONNX Runtime's errors share no base class
        told = short(error)
        raise ConversionError(f"{name}: ONNX Runtime cannot load it as an .onnx or .ort model: {told}") from error


def _start(source: str | bytes) -> bytes:
    """The first bytes. Raises ConversionError where a file cannot be read."""
    if isinstance(source, bytes):
        return source[:8]
    try:
        with open(source, "rb") as file:
            return file.read(8)
    except OSError as error:
        raise ConversionError(f"{source}: cannot be read: {error.strerror or error}") from error


def _pairs(session: onnxruntime.InferenceSession) -> dict[str, str]:
    """State input => state output."""
    text = session.get_modelmeta().custom_metadata_map.get(STATES_PROPERTY, "[]")
    pairs = {str(p["input"]): str(p["output"]) for p in json.loads(text)}
    inputs = {i.name for i in (*session.get_inputs(), *session.get_overridable_initializers())}
    missing = {*pairs} - inputs | {*pairs.values()} - {o.name for o in session.get_outputs()}
    if missing:
        raise ValueError(f"the model keeps {', '.join(sorted(missing))}, which it does not have")
    return pairs
