"""compare_layers(): each layer's result in Keras itself, in LiteRT and in ONNX Runtime: whose numbers leave first?"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfonnx_lab.conversion.options import Options
from tfonnx_lab.conversion.pipeline import convert_with
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import quantization
from tfonnx_lab.graph.meta import TENSOR_INDEX
from tfonnx_lab.litert.inputs import random_inputs
from tfonnx_lab.litert.reference import LiteRT
from tfonnx_lab.litert.signature import converted_source
from tfonnx_lab.parity.arrays import real
from tfonnx_lab.parity.comparison import places_of
from tfonnx_lab.parity.given import as_taken, taken_details
from tfonnx_lab.parity.layer_tensors import nearest, share_between, tensors_of_layers
from tfonnx_lab.parity.layers_table import LayerParity, LayersParity
from tfonnx_lab.readers.tensorflow import keras_models
from tfonnx_lab.readers.tensorflow.layers import watched
from tfonnx_lab.readers.tensorflow.names import filled, flat
from tfonnx_lab.readers.tensorflow.specs import specs_of
from tfonnx_lab.runtime.sessions import OnnxRuntime


def compare_layers(
    model: Any, inputs: Sequence[np.ndarray] | None = None, *, seed: int = 0, result: Conversion | None = None
) -> LayersParity:
    """Run a Keras model, LiteRT and ONNX Runtime on the same inputs, and compare what each layer returns.

    model: a Keras model, or the path of its file.
    inputs: one array an input, in the model's order (default: random ones).
    seed: of the random ones.
    result: a conversion of this very model, with any options (default: one with default options).
    Raises ConversionError where the model is not a Keras model, or cannot be converted or run.
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
    given = list(inputs) if inputs is not None else random_inputs(taken_details(made, reference.inputs), seed)
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
    tensors = tensors_of_layers(made, makers)
    outputs = dict(zip((d["index"] for d in reference.outputs), reference.run(given), strict=True))
    indices: dict[str, int] = made.ir_model.meta[TENSOR_INDEX]
    places = places_of(made.ir_model)
    seen = [name for name in tensors.values() if name in places and name in indices]
    theirs = reference.tensors({name: indices[name] for name in seen}) if not made.states else {}
    theirs |= {name: outputs[indices[name]] for name in seen if indices[name] in outputs}
    runtime = OnnxRuntime(made.model)
    ours = runtime.tensors(
        sorted({places[name][0].name or "" for name in seen}), as_taken(made, given, reference.inputs)
    )
    values = {}
    for name in theirs:
        value, perm = places[name]
        ort = ours[value.name or ""]
        values[name] = theirs[name], real(ort if perm is None else ort.transpose(perm), quantization(value))
    tensors = nearest(tensors, wanted, theirs)
    for path, want in wanted.items():
        row = LayerParity(path, kinds.get(path, ""))
        name = tensors.get(path, "")
        if name in values:
            litert, ort = values[name]
            if litert.shape == want.shape == ort.shape:
                far = (share_between(want, litert), share_between(litert, ort), share_between(want, ort))
                row = LayerParity(path, row.kind, name, makers.get(indices[name]), *far)
        yield row
