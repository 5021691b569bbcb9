"""compare(): every tensor that LiteRT and the converted model both have."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.conversion.options import Options
from tfonnx_lab.conversion.pipeline import convert_with
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import TENSORS, Quantization, quantization
from tfonnx_lab.graph.meta import TENSOR_INDEX
from tfonnx_lab.litert.input_files import Given, runs_from
from tfonnx_lab.litert.inputs import default_inputs
from tfonnx_lab.litert.reference import LiteRT
from tfonnx_lab.litert.signature import converted_source
from tfonnx_lab.parity.forcing import real, tensor_quantization
from tfonnx_lab.parity.gap import difference
from tfonnx_lab.parity.tensors import LEAST_SCALE, LEAST_SIZE, LEAST_SPREAD, TensorParity
from tfonnx_lab.parity.verdict import Verdict, verdict_of
from tfonnx_lab.readers.metadata import normalizations
from tfonnx_lab.readers.source import open_source
from tfonnx_lab.runtime.sessions import OnnxRuntime
from tfonnx_lab.texts import shortened
from tfonnx_lab.texts.tables import grid

_LAST: weakref.WeakKeyDictionary[Conversion, Parity] = weakref.WeakKeyDictionary()


class Parity:
    """The comparison: `rows` in graph order; prints as a table; `plot()` draws the error along the graph.

    missing: tensors that the converted model has no more.
    inputs: what both ran on; runs: the inputs of every run that the verdict is of, where files gave more than one.
    `verdict` says whether the conversion is right, and which op is wrong if it is not; it is made when it is first
    asked for, in some seconds.
    """

    def __init__(
        self,
        name: str,
        rows: Sequence[TensorParity],
        missing: Sequence[str],
        inputs: Sequence[np.ndarray] | None = None,
        judged: Conversion | None = None,
        runs: Sequence[Sequence[np.ndarray]] = (),
    ) -> None:
        self.name = name
        self._judged = judged
        self.runs = [list(run) for run in runs] or ([list(inputs)] if inputs is not None else [])
        self.inputs = inputs
        self.rows = list(rows)
        self.missing = list(missing)

    @cached_property
    def verdict(self) -> Verdict:
        """Whether the conversion is right: `ok`, the first wrong `op`, `sentence`, `ops`.

        Raises ConversionError where nothing can be judged.
        """
        return self.judge()

    def judge(self, tell: Callable[[str], None] = lambda said: None) -> Verdict:
        """The verdict, made anew; `tell` is told what is done meanwhile."""
        if self._judged is None or not self.runs:
            raise ConversionError(
                f"{self.name}: this comparison was not made of a conversion, so there is nothing to judge"
            )
        found = verdict_of(self._judged, self.runs, tell)
        self.__dict__["verdict"] = found
        return found

    @property
    def outputs(self) -> list[TensorParity]:
        """The rows of the model's outputs."""
        return [row for row in self.rows if row.is_output]

    @property
    def worst(self) -> TensorParity | None:
        """The row with the largest nrmse."""
        return max(self.rows, key=lambda row: row.nrmse, default=None)

    def plot(self, ax: Any = None) -> Any:
        """Draw the error along the graph; returns the matplotlib Axes."""
        from tfonnx_lab.parity.plot import plot_errors

        return plot_errors(self.rows, self.name, ax)

    def __str__(self) -> str:
        rows = [f"{self.name}: {len(self.rows)} tensors compared with LiteRT, {len(self.missing)} have no counterpart"]
        rows.append(f"{'op':>5}  {'type':24} {'steps':>8} {'error':>10} {'relative':>9} {'nrmse':>9}  tensor")
        rows += [_line(row) for row in self.rows]
        return "\n".join(rows)

    def __repr__(self) -> str:
        worst = self.worst
        return f"Parity({self.name}: {len(self.rows)} tensors, worst nrmse {worst.nrmse if worst else 0:.3g})"

    def _repr_html_(self) -> str:
        return grid(
            ("op", "type", "steps", "error", "relative", "nrmse", "tensor"),
            (
                (
                    r.position,
                    r.op,
                    _steps(r),
                    f"{r.error:.3g}",
                    f"{r.relative:.2g}",
                    f"{r.nrmse:.2g}",
                    shortened(r.name, 60),
                )
                for r in self.rows
            ),
        )


def last_parity(result: Conversion) -> Parity | None:
    """The last comparison of this conversion with LiteRT; None where there was none."""
    return _LAST.get(result)


def converted(model: Any) -> Conversion:
    """A Conversion as it is; whatever else `convert` takes (a path, bytes, a Keras model), converted with default
    options.

    Raises ConversionError for what cannot be read or converted.
    """
    return model if isinstance(model, Conversion) else convert_with(model, Options())


def compare(
    result: Any,
    inputs: Sequence[np.ndarray] | Given | None = None,
    *,
    seed: int = 0,
    band: bool = True,
    ort: str | os.PathLike[str] | bytes | None = None,
) -> Parity:
    """Run LiteRT's reference kernels and ONNX Runtime on the same inputs and compare every tensor that both have.

    result: a Conversion, or what `convert` takes, which is converted with default options first.
    inputs: one array an input, in the TFLite model's order and dtypes; or the path of a picture, a .wav, .npy or .npz
    file, or of a folder of such files, of which each is one run (`runs_from`); default: a picture or a sound where the
    model takes one, else random numbers (`default_inputs`).
    band: also run LiteRT's optimised kernels, for the outputs.
    ort: a file of the ORT format that was made of the result, or its bytes; then the outputs are those that it gives,
    with what a Runtime-style one recorded replayed.
    Raises ConversionError where LiteRT cannot run the model, or ONNX Runtime the file.
    """
    result = converted(result)
    source = converted_source(result)
    keep = not result.states
    reference = LiteRT(source, keep=keep)
    runs = given_runs(source, reference, inputs, seed)
    given = runs[0]
    outputs = reference.run(given)
    places = places_of(result.ir_model)
    indices: dict[str, int] = result.ir_model.meta[TENSOR_INDEX]
    made = makers(reference)
    expected = reference.tensors(
        {name: index for name, index in indices.items() if name in places and index in made and keep}
    )
    expected |= {
        name: want
        for name in places
        for d, want in zip(reference.outputs, outputs, strict=True)
        if indices.get(name) == d["index"]
    }
    runtime = OnnxRuntime(result.model)
    feeds = [
        fed(value, detail, held) for value, detail, held in zip(given, reference.inputs, runtime.floats, strict=False)
    ]
    kept = runtime.tensors(sorted({value.name for value, _ in places.values() if value.name}), feeds)
    plain = dict(zip(runtime.outputs, runtime.run(feeds, ort), strict=True))
    fast = LiteRT(source, optimised=True).run(given) if band else []
    details = {d["index"]: d for d in reference.details}
    numbers = {d["index"]: n for n, d in enumerate(reference.outputs)}
    rows, missing = [], []
    for name, index in indices.items():
        if index not in made or name not in expected:
            continue
        if name not in places:
            missing.append(name)
            continue
        value, perm = places[name]
        got = plain.get(value.name or "", kept.get(value.name or ""))
        if got is None:
            missing.append(name)
            continue
        got = got if perm is None else got.transpose(perm)
        number = numbers.get(index)
        want = outputs[number] if number is not None else expected[name]
        quant = tensor_quantization(details[index])
        row = _row(name, made[index], want, quant, got, quantization(value), number is not None)
        if row is not None and number is not None and fast:
            row = _with_band(row, want, quant, fast[number])
        if row is not None:
            rows.append(row)
    layers = result.layers
    rows = [replace(row, layer=layers.text([row.position])) for row in rows]
    rows.sort(key=lambda row: row.position)
    found = _LAST[result] = Parity(result.name, rows, missing, given, _twin(result), runs)
    return found


def given_runs(
    source: Any, reference: LiteRT, inputs: Sequence[np.ndarray] | Given | None, seed: int = 0
) -> list[list[np.ndarray]]:
    """The inputs of each run: arrays as they are, files read, the default where nothing is given."""
    if inputs is not None and not isinstance(inputs, (str, os.PathLike)) and not _are_paths(inputs):
        return [[np.asarray(x) for x in inputs]]
    stated = normalizations(open_source(source)[0])
    if inputs is None:
        return [default_inputs(reference.inputs, seed, stated)]
    return runs_from(inputs, reference.inputs, stated)  # type: ignore[arg-type]


def _are_paths(inputs: Any) -> bool:
    return bool(len(inputs)) and all(isinstance(item, (str, os.PathLike)) for item in inputs)


def default_given(result: Conversion) -> list[np.ndarray]:
    """What the converted model is run on where nothing is given, as it takes it."""
    source = converted_source(result)
    reference = LiteRT(source, keep=False)
    floats = OnnxRuntime(result.model).floats
    given = given_runs(source, reference, None)[0]
    return [fed(x, detail, held) for x, detail, held in zip(given, reference.inputs, floats, strict=False)]


def _twin(result: Conversion) -> Conversion:
    """The same conversion as another object: a comparison that held its own would keep it alive in `_LAST`."""
    return Conversion(
        result.ir_model, result.trace, result.options, result.source, result.name, result.failures, result.seconds,
        result.resumable,
    )  # fmt: skip


def fed(value: np.ndarray, detail: dict[str, Any], is_float: bool) -> np.ndarray:
    """An input as the converted model takes it: `float_io` gives it real values where LiteRT takes codes."""
    quant = tensor_quantization(detail)
    if not is_float or quant is None or value.dtype.kind not in "iu":
        return value
    return real(value, quant).astype(np.float32)


def places_of(model: ir.Model) -> dict[str, tuple[ir.Value, tuple[int, ...] | None]]:
    """TFLite tensor => the value that holds it and the permutation that restores its layout."""
    found: dict[str, tuple[ir.Value, tuple[int, ...] | None]] = {}
    for node in model.graph:
        for value in node.outputs:
            for name, perm in value.meta.get(TENSORS, ()):
                if name not in found or perm is None:
                    found[name] = value, perm
    return found


def makers(reference: LiteRT) -> dict[int, tuple[int, str]]:
    """Tensor => position and type of the op that makes it."""
    made: dict[int, tuple[int, str]] = {}
    for op in reference.ops:
        for index in op["outputs"]:
            made[int(index)] = int(op["index"]), str(op["op_name"])
    return made


def _row(
    name: str,
    maker: tuple[int, str],
    want: np.ndarray,
    want_quant: Quantization | None,
    got: np.ndarray,
    got_quant: Quantization | None,
    is_output: bool,
) -> TensorParity | None:
    if want.size == 0 or want.dtype.kind in "OSU":
        off = 0.0 if want.shape == got.shape and _as_texts(want) == _as_texts(got) else np.inf
        return TensorParity(name, maker[1], maker[0], want.shape, off, off, None, off, is_output)
    if want.dtype.kind not in "fiubc" or got.dtype.kind not in "fiub":
        return None
    a, b = real(want, want_quant), real(got, got_quant)
    if a.shape != b.shape:
        return TensorParity(name, maker[1], maker[0], want.shape, np.inf, np.inf, None, np.inf, is_output)
    error = difference(a, b)
    size = float(np.abs(a[np.isfinite(a)]).max(initial=0.0))
    steps = None
    if want_quant is not None and want.dtype.kind in "iu":
        steps = float(error.max() / max(float(want_quant.scale.max()), LEAST_SCALE))
    nrmse = float(np.sqrt(np.mean(error**2)) / max(_spread(a), LEAST_SPREAD))
    worst = float(error.max())
    return TensorParity(
        name, maker[1], maker[0], want.shape, worst, worst / max(size, LEAST_SIZE), steps, nrmse, is_output
    )


def _spread(a: np.ndarray) -> float:
    """The standard deviation; of one element, or of equal ones, which have none, the largest magnitude."""
    known = a[np.isfinite(a)]
    size = float(np.abs(known).max(initial=0.0))
    spread = float(np.std(known)) if known.size else 0.0
    return spread if spread > 1e-6 * size else size


def _as_texts(array: np.ndarray) -> list[str]:
    """Strings, which LiteRT gives as bytes and ONNX Runtime as texts: they are equal or not."""
    return [x.decode("utf-8", "replace") if isinstance(x, bytes) else str(x) for x in array.ravel().tolist()]


def _with_band(row: TensorParity, want: np.ndarray, quant: Quantization | None, fast: np.ndarray) -> TensorParity:
    other = _row(row.name, (row.position, row.op), want, quant, fast, quant, True)
    return row if other is None else replace(row, band=other.nrmse, band_steps=other.steps)


def _steps(row: TensorParity) -> str:
    return "" if row.steps is None else f"{row.steps:.1f}"


def _line(row: TensorParity) -> str:
    band = "" if row.band is None else f"  (output; LiteRT's optimised kernels: nrmse {row.band:.2g})"
    errors = f"{row.error:10.3g} {row.relative:9.2g} {row.nrmse:9.2g}"
    return f"{row.position:5}  {row.op:24} {_steps(row):>8} {errors}  {shortened(row.name, 60)}{band}"
