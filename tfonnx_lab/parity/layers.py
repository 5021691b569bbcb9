"""compare_layers(): each layer's result in Keras itself, in LiteRT and in ONNX Runtime: whose numbers leave first?"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfonnx_lab.conversion.options import Options
from tfonnx_lab.conversion.pipeline import convert_with
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import quantization
from tfonnx_lab.graph.meta import TENSOR_INDEX, TFLITE_NAMES
from tfonnx_lab.litert.inputs import random_inputs
from tfonnx_lab.litert.reference import LiteRT
from tfonnx_lab.litert.signature import converted_source
from tfonnx_lab.parity.comparison import places_of
from tfonnx_lab.parity.forcing import real
from tfonnx_lab.parity.tensors import LEAST_SIZE
from tfonnx_lab.readers.tensorflow import keras_models
from tfonnx_lab.readers.tensorflow.layers import watched
from tfonnx_lab.readers.tensorflow.names import filled, flat
from tfonnx_lab.readers.tensorflow.specs import specs_of
from tfonnx_lab.runtime.sessions import OnnxRuntime
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
        """The rows as texts."""
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


def compare_layers(
    model: Any, inputs: Sequence[np.ndarray] | None = None, *, seed: int = 0, result: Conversion | None = None
) -> LayersParity:
    """Run a Keras model, LiteRT and ONNX Runtime on the same inputs, and compare what each layer returns.

    model: a Keras model, or the path of its file.
    inputs: one array an input, in the model's order (default: random ones).
    seed: of the random ones.
    result: a conversion of this very model, with any options (default: one with default options).
    Raises ConversionError where the model is none of Keras, or cannot be converted or run.
    """
    import tensorflow as tf

    if isinstance(model, (str, os.PathLike)):
        model = keras_models.loaded(tf, Path(model))
    if not keras_models.is_keras(model):
        raise ConversionError(
            f"compare_layers() compares a Keras model with its conversion, not {type(model).__name__}"
        )
    made = result if result is not None else convert_with(model, Options())
    if not made.layers.exact:
        raise ConversionError(f"{made.name}: was not converted from a Keras model, whose layers could have been asked")
    reference = LiteRT(converted_source(made), keep=not made.states)
    given = list(inputs) if inputs is not None else random_inputs(reference.inputs, seed)
    wanted = _of_keras(tf, model, given, made)
    rows = list(_rows(made, wanted, reference, given))
    return LayersParity(made.name, rows, given)


def _of_keras(tf: Any, model: Any, given: Sequence[np.ndarray], made: Conversion) -> dict[str, np.ndarray]:
    """Path of a layer => its result, in the order of the calls; without layers that return several tensors."""
    found: dict[str, np.ndarray] = {}

    def told(path: str, result: Any) -> None:
        leaves = [np.asarray(leaf) for _, leaf in flat(result) if leaf is not None]
        found.pop(path, None)
        if len(leaves) == 1:
            found[path] = leaves[0]

    rest = iter(given)
    arguments = keras_models.arguments(tf, model, specs_of(made.options.input_signature))
    values = [filled(item, rest) for _, item in arguments]
    with watched(tf, model, told):
        model(*values, **keras_models.inference(model))
    return found


def _rows(
    made: Conversion, wanted: Mapping[str, np.ndarray], reference: LiteRT, given: Sequence[np.ndarray]
) -> Iterator[LayerParity]:
    kinds = {row.path: row.kind for row in made.layers}
    makers = {int(index): int(op["index"]) for op in reference.ops for index in op["outputs"]}
    tensors = _tensors(made, makers)
    outputs = dict(zip((d["index"] for d in reference.outputs), reference.run(given), strict=True))
    indices: dict[str, int] = made.ir_model.meta[TENSOR_INDEX]
    places = places_of(made.ir_model)
    seen = [name for name in tensors.values() if name in places and name in indices]
    theirs = reference.tensors({name: indices[name] for name in seen}) if not made.states else {}
    theirs |= {name: outputs[indices[name]] for name in seen if indices[name] in outputs}
    runtime = OnnxRuntime(made.model)
    ours = runtime.tensors(sorted({places[name][0].name or "" for name in seen}), given)
    values = {}
    for name in theirs:
        value, perm = places[name]
        ort = ours[value.name or ""]
        values[name] = theirs[name], real(ort if perm is None else ort.transpose(perm), quantization(value))
    tensors = _nearest(tensors, wanted, theirs)
    for path, want in wanted.items():
        row = LayerParity(path, kinds.get(path, ""))
        name = tensors.get(path, "")
        if name in values:
            litert, ort = values[name]
            if litert.shape == want.shape == ort.shape:
                far = (_far(want, litert), _far(litert, ort), _far(want, ort))
                row = LayerParity(path, row.kind, name, makers.get(indices[name]), *far)
        yield row


def _nearest(
    tensors: Mapping[str, str], wanted: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray]
) -> dict[str, str]:
    """Path of a layer => its tensor, where the converter may have made one op of a layer and of those that follow it.

    The name of such an op's tensor may be the first layer's alone (of a convolution with its batch normalization, say):
    of the layers up to the next that has a tensor of its own, that one has it whose result is nearest.
    """
    order = list(wanted)
    found: dict[str, str] = {}
    for position, path in enumerate(order):
        name = tensors.get(path)
        if name is None or name not in theirs:
            continue
        have = theirs[name]
        near = [path]
        for other in order[position + 1 :]:
            if other in tensors:
                break
            near.append(other)
        fits = [p for p in near if wanted[p].shape == have.shape]
        found[min(fits, key=lambda p: _far(wanted[p], have)) if fits else path] = name
    return found


def _tensors(made: Conversion, computed: Mapping[int, int]) -> dict[str, str]:
    """Path of a layer => the value that holds its result in the graph that was read.

    A tensor whose op was made of several layers' belongs to the one that was called last.

    computed: index of a tensor that an op makes => the index of the op; a constant may have the same name.
    """
    told = made.layers.told
    assert told is not None
    of_file = made.ir_model.meta.get(TFLITE_NAMES, {})
    holders: dict[str, str] = {}
    latest: dict[str, tuple[int, str]] = {}
    for name, index in made.ir_model.meta[TENSOR_INDEX].items():
        parts = (of_file.get(name) or name).split(";") if index in computed else ()
        for operation in filter(None, (told.operation(part.split(":")[0]) for part in parts)):
            holders.setdefault(operation, name)
            layer = told.of(operation)
            if layer is not None:
                latest[layer.path] = max(latest.get(layer.path, (-1, "")), (computed[index], name))
    found: dict[str, tuple[str, str]] = {}
    last: dict[str, str] = {}
    for path, results in told.results.items():
        operation = results[0].removesuffix(":0") if len(results) == 1 else ""
        layer = told.of(operation) if operation else None
        # an addition of zeros, say, is no op any more: then it is the layer's last tensor
        name = holders.get(operation) or (latest.get(layer.path, (0, ""))[1] if layer is not None else "")
        if name and ":" not in operation:
            found[path] = name, operation
            last[name] = operation
    return {path: name for path, (name, operation) in found.items() if last[name] == operation}


def _far(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference as a share of the largest value of the first."""
    if not a.size:
        return 0.0
    left, right = np.asarray(a, np.float64), np.asarray(b, np.float64)
    with np.errstate(invalid="ignore"):
        same = (left == right) | (np.isnan(left) & np.isnan(right))
        error = np.where(same, 0.0, np.abs(left - right))
    worst = float(np.max(np.where(np.isnan(error), np.inf, error)))
    return worst / max(float(np.abs(left[np.isfinite(left)]).max(initial=0.0)), LEAST_SIZE)
