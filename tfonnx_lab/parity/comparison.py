"""compare(): every tensor that LiteRT and the converted model both have."""

from __future__ import annotations

import os
import weakref
from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.conversion.given import converted
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import TENSORS, quantization
from tfonnx_lab.graph.meta import TENSOR_INDEX
from tfonnx_lab.litert.reference import LiteRT
from tfonnx_lab.litert.signature import converted_source
from tfonnx_lab.parity.arrays import tensor_quantization
from tfonnx_lab.parity.given import Inputs, as_taken, given_runs
from tfonnx_lab.parity.rows import row_of, with_band
from tfonnx_lab.parity.running import up_to_failure
from tfonnx_lab.parity.table import Parity
from tfonnx_lab.parity.tensors import TensorParity
from tfonnx_lab.runtime.sessions import OnnxRuntime
from tfonnx_lab.texts.progress import Said, working

_OTHER_SHAPES = (
    "the conversion follows the shapes of inputs= there, and LiteRT's op cannot: compare the conversion with the "
    "file's own shapes, lab.compare(lab.convert(file)), which has the same rules, and each example of the batch with "
    "what it gives alone"
)
"""What to do where LiteRT cannot run a file at another batch that the conversion follows."""

_LAST: weakref.WeakKeyDictionary[Conversion, Parity] = weakref.WeakKeyDictionary()


def last_parity(result: Conversion) -> Parity | None:
    """The last comparison of this conversion with LiteRT; None where there was none."""
    return _LAST.get(result)


def compare(
    result: Any,
    inputs: Inputs = None,
    *,
    seed: int = 0,
    band: bool = True,
    ort: str | os.PathLike[str] | bytes | None = None,
) -> Parity:
    """Run LiteRT's reference kernels and ONNX Runtime on the same inputs and compare every tensor that both have.

    result: a Conversion, or what `convert` takes, which is converted with default options first.
    inputs: one array an input, in the TFLite model's order, layout and dtypes; a dict of them by input name; a bare
    array, of a model with one input; or the path of a picture, a .wav, .npy or .npz
    file, or of a folder of such files, of which each is one run (`runs_from`); default: a picture or a sound where the
    model takes one, else random numbers (`default_inputs`).
    band: also run LiteRT's optimised kernels, for the outputs.
    ort: a file of the ORT format that was made of the result, or its bytes; then the outputs are those that it gives,
    with what a Runtime-style one recorded replayed.
    Where ONNX Runtime does not run the whole model, the rows end before the node that stops it, and the verdict names
    its op.
    Raises ConversionError where an op was not converted, LiteRT cannot run the model, or ONNX Runtime the .ort file.
    """
    result = converted(result)
    if result.failures:
        why = f"{result.name}: an op was not converted, so there is nothing to compare"
        raise ConversionError(why, result.failures)
    source = converted_source(result)
    with working() as heard:
        tell = heard or (lambda said: None)
        tell(Said("running LiteRT", 0.0))
        reference = LiteRT(source, keep=not result.states)
        runs = given_runs(result, reference, inputs, seed)
        if (longer := converted_source(result, runs)) is not source:
            source, reference = longer, LiteRT(longer, keep=not result.states)
        try:
            theirs = _Theirs(result, source, reference, runs[0], band)
        except ConversionError as error:
            if source is result.source or not result.options.inputs:
                raise
            raise ConversionError(f"{result.name}: {error}; {_OTHER_SHAPES}") from error
        tell(Said("running ONNX Runtime", 0.1))
        rows, missing = theirs.beside(_ours(result, reference, runs[0], ort))
    layers = result.layers
    rows = [replace(row, layer=layers.text([row.position])) for row in rows]
    rows.sort(key=lambda row: row.position)
    found = _LAST[result] = Parity(result.name, rows, missing, runs[0], _twin(result), runs)
    return found


class _Theirs:
    """What LiteRT makes of the inputs of one run: every tensor that the converted model can have, too."""

    def __init__(self, result: Conversion, source: Any, reference: LiteRT, given: list[np.ndarray], band: bool) -> None:
        self.places = places_of(result.ir_model)
        self.indices: dict[str, int] = result.ir_model.meta[TENSOR_INDEX]
        self.makers = makers(reference)
        returned = [d["index"] for d in reference.outputs]
        self.outputs = dict(zip(returned, reference.run(given), strict=True))
        seen = {n: i for n, i in self.indices.items() if n in self.places and i in self.makers and not result.states}
        self.known = reference.tensors(seen)
        self.known |= {n: self.outputs[i] for n, i in self.indices.items() if n in self.places and i in self.outputs}
        self.fast = dict(zip(returned, _fast(source, given) if band else [], strict=False))
        self.quants = {d["index"]: tensor_quantization(d) for d in reference.details}

    def beside(self, ours: dict[str, np.ndarray]) -> tuple[list[TensorParity], list[str]]:
        """The rows of the tensors that both have, and the names of those that the converted model no longer has."""
        rows, missing = [], []
        for name, index in self.indices.items():
            if index not in self.makers or (name in self.places and name not in self.known):
                continue
            value, perm = self.places.get(name, (None, None))
            got = ours.get(value.name or "") if value is not None else None
            if value is None or got is None:
                missing.append(name)
                continue
            row = self.row(name, got if perm is None or got.ndim != len(perm) else got.transpose(perm), value)
            rows += [] if row is None else [row]
        return rows, missing

    def row(self, name: str, got: np.ndarray, value: ir.Value) -> TensorParity | None:
        """The row of one tensor; `got` is the converted model's, in LiteRT's layout."""
        index = self.indices[name]
        want, quant = self.outputs.get(index, self.known[name]), self.quants[index]
        row = row_of(name, self.makers[index], want, quant, got, quantization(value), index in self.outputs)
        fast = self.fast.get(index)
        return row if row is None or fast is None else with_band(row, want, quant, fast)


def _fast(source: Any, given: list[np.ndarray]) -> list[np.ndarray]:
    """The outputs by XNNPACK; none where it does not take a model that LiteRT's kernels run, or crashes on it."""
    try:
        return LiteRT(source, optimised=True).run(given)
    except ConversionError:
        return []


def _ours(result: Conversion, reference: LiteRT, given: list[np.ndarray], ort: Any) -> dict[str, np.ndarray]:
    """What ONNX Runtime makes of the same: its outputs as a user gets them, every other tensor with nothing fused; as
    far as the model runs."""
    runtime = OnnxRuntime(result.model)
    feeds = as_taken(result, given, reference.inputs)
    held = (v for node in result.ir_model.graph for v in node.outputs if v.meta.get(TENSORS))
    names = list(dict.fromkeys(v.name for v in held if v.name))
    kept, _ = up_to_failure(result.model, names, runtime.feed(feeds), optimised=False)
    try:
        return kept | dict(zip(runtime.outputs, runtime.run(feeds, ort), strict=True))
    except ConversionError:
        if ort is not None:
            raise
        return kept  # the verdict tells which node it is


def _twin(result: Conversion) -> Conversion:
    """The same conversion as another object: a comparison that held its own would keep it alive in `_LAST`."""
    return Conversion(
        result.ir_model, result.trace, result.options, result.source, result.name, result.failures, result.seconds,
        result.resumable,
    )  # fmt: skip


def places_of(model: ir.Model) -> dict[str, tuple[ir.Value, tuple[int, ...] | None]]:
    """TFLite tensor => the value that holds it and the permutation that restores its layout."""
    found: dict[str, tuple[ir.Value, tuple[int, ...] | None]] = {}
    for node in model.graph:
        for value in node.outputs:
            for name, perm in value.meta.get(TENSORS, ()):
                if name not in found or perm is None:
                    found[name] = value, perm
    for value in model.graph.outputs:  # channels first on request: what the user gets is compared
        found |= {name: (value, perm) for name, perm in value.meta.get(TENSORS, ()) if perm is not None}
    return found


def makers(reference: LiteRT) -> dict[int, tuple[int, str]]:
    """Tensor => position and type of the op that makes it."""
    made: dict[int, tuple[int, str]] = {}
    for op in reference.ops:
        for index in op["outputs"]:
            made[int(index)] = int(op["index"]), str(op["op_name"])
    return made
