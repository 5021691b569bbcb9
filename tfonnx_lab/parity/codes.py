"""compare_codes(): which codes of a quantized model are those of LiteRT's reference kernels, tensor by tensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfonnx_lab.conversion.given import converted
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.graph import quantization
from tfonnx_lab.graph.meta import TENSOR_INDEX
from tfonnx_lab.litert.cutting import Model
from tfonnx_lab.litert.reference import LiteRT
from tfonnx_lab.litert.signature import converted_source
from tfonnx_lab.parity.arrays import real, tensor_quantization
from tfonnx_lab.parity.comparison import makers, places_of
from tfonnx_lab.parity.given import Inputs, as_taken, given_runs
from tfonnx_lab.parity.tensors import LEAST_SCALE
from tfonnx_lab.readers.source import open_source
from tfonnx_lab.runtime.sessions import OnnxRuntime
from tfonnx_lab.texts.tables import grid


@dataclass(frozen=True)
class TensorCodes:
    """How many elements of a tensor are LiteRT's, exactly.

    name, op, position: the tensor, and the TFLite op that makes it.
    count: of its elements.
    differ: how many of them are others.
    steps: by how many codes at most; None where they are real numbers.
    is_output: whether the model returns it; then the elements are those of an ordinary, fused run.
    first: whether all that flows into the op is equal, so that the op itself is at fault.
    """

    name: str
    op: str
    position: int
    count: int
    differ: int
    steps: float | None
    is_output: bool
    first: bool = False

    @property
    def share(self) -> float:
        """The share of elements that differ."""
        return self.differ / max(self.count, 1)


class Codes:
    """The comparison: `rows` in the order of the ops. Prints as a sentence and a table of what differs.

    missing: tensors that the converted model no longer has.
    """

    def __init__(self, name: str, rows: Sequence[TensorCodes], missing: Sequence[str]) -> None:
        self.name = name
        self.rows = list(rows)
        self.missing = list(missing)

    @property
    def outputs(self) -> list[TensorCodes]:
        """The rows of the model's outputs."""
        return [row for row in self.rows if row.is_output]

    @property
    def differing(self) -> list[TensorCodes]:
        """The rows that are not equal throughout."""
        return [row for row in self.rows if row.differ]

    @property
    def equal(self) -> bool:
        """Whether everything is LiteRT's: each element of each tensor that both have."""
        return not self.differing

    @property
    def faults(self) -> list[TensorCodes]:
        """The first to differ: tensors whose op was given what LiteRT's was given."""
        return [row for row in self.differing if row.first]

    def sentence(self) -> str:
        """`MUL (op 3) rounds differently in 0.3 % of its codes; everything else is equal`, or what to say instead."""
        found = self.faults
        if self.equal:
            return f"all {len(self.rows)} tensors are equal to LiteRT's reference kernels, code by code"
        told = "; ".join(
            f"{r.op} (op {r.position}) rounds differently in {r.share:.2g} of its codes" for r in found[:3]
        )
        more = f" and {len(found) - 3} more ops" if len(found) > 3 else ""
        rest = (
            "everything else is equal" if len(self.differing) == len(found) else "what follows from them differs, too"
        )
        return f"{told}{more}; {rest}"

    def __str__(self) -> str:
        head = f"{self.name}: {self.sentence()}"
        table = [f"{'op':>5}  {'type':24} {'differ':>9} {'of':>9} {'steps':>6}  tensor"]
        table += [_line(row) for row in self.differing]
        return "\n".join([head, *(table if self.differing else [])])

    def __repr__(self) -> str:
        return f"Codes({self.name}: {len(self.rows)} tensors, {len(self.differing)} differ)"

    def _repr_html_(self) -> str:
        return f"<p>{self.sentence()}</p>" + grid(
            ("op", "type", "differ", "of", "steps", "tensor"),
            ((r.position, r.op, r.differ, r.count, r.steps or "", r.name) for r in self.differing),
        )


def compare_codes(result: Any, inputs: Inputs = None, *, seed: int = 0) -> Codes:
    """Run LiteRT's reference kernels (BUILTIN_REF) and ONNX Runtime on the same inputs; count the codes that differ.

    With `exact="bits"` none of a quantized model differs; what differs without it is what speed costs.
    result, inputs, seed: as of `compare`.
    Raises ConversionError where LiteRT cannot run the model, or has no reference kernel for an op of it.
    """
    result = converted(result)
    reference, given, expected, outputs = _expected(result, inputs, seed)
    runtime = OnnxRuntime(result.model)
    given = as_taken(result, given, reference.inputs)
    places = places_of(result.ir_model)
    kept = runtime.tensors(sorted({value.name for value, _ in places.values() if value.name}), given)
    plain = dict(zip(runtime.outputs, runtime.run(given), strict=True))
    details = {d["index"]: d for d in reference.details}
    indices: dict[str, int] = result.ir_model.meta[TENSOR_INDEX]
    rows, missing, made = [], [], makers(reference)
    for name, index in indices.items():
        if index not in made or (want := outputs.get(index, expected.get(name))) is None:
            continue
        value, perm = places.get(name, (None, None))
        got = None if value is None else plain.get(value.name or "", kept.get(value.name or ""))
        if value is None or got is None:
            missing.append(name)
            continue
        got = got if perm is None or got.ndim != len(perm) else got.transpose(perm)
        ways = tensor_quantization(details[index]), quantization(value)
        rows.append(_row(name, made[index], want, got, ways, index in outputs))
    rows.sort(key=lambda row: row.position)
    return Codes(result.name, _with_first(rows, reference, indices), missing)


def _expected(
    result: Conversion, inputs: Inputs, seed: int
) -> tuple[LiteRT, list[np.ndarray], dict[str, np.ndarray], dict[int, np.ndarray]]:
    """(LiteRT, inputs, every tensor by name, outputs by index). Every tensor of a model with states is an output."""
    source = converted_source(result)
    reference = LiteRT(source, keep=not result.states, kernels="reference")
    given = given_runs(result, reference, inputs, seed, natural=False)[0]
    outputs = dict(zip((int(d["index"]) for d in reference.outputs), reference.run(given), strict=True))
    indices: dict[str, int] = result.ir_model.meta[TENSOR_INDEX]
    made = makers(reference)
    if not result.states:
        return reference, given, reference.tensors({n: i for n, i in indices.items() if i in made}), outputs
    wanted = {n: i for n, i in indices.items() if i in made and _is_plain(source, i)}
    model = Model(open_source(source)[0])
    whole = LiteRT(
        model.up_to(0, model.graphs[0].OperatorsLength(), list(wanted.values())), keep=False, kernels="reference"
    )
    return reference, given, dict(zip(wanted, whole.run(given), strict=True)), outputs


def _is_plain(source: Any, index: int) -> bool:
    return Model(open_source(source)[0]).is_fed(0, index)


def _row(
    name: str, maker: tuple[int, str], want: np.ndarray, got: np.ndarray, ways: tuple[Any, Any], is_output: bool
) -> TensorCodes:
    count = int(want.size)
    if want.shape != got.shape:
        return TensorCodes(name, maker[1], maker[0], count, count, None, is_output)
    if want.dtype.kind not in "fiubc" or got.dtype.kind not in "fiub":
        differ = int((want.astype(str) != got.astype(str)).sum())
        return TensorCodes(name, maker[1], maker[0], count, differ, None, is_output)
    a, b = real(want, ways[0]), real(got, ways[1])
    other = ~((a == b) | (np.isnan(a) & np.isnan(b)))
    steps = None
    if ways[0] is not None and want.dtype.kind in "iu":
        steps = float(np.abs(a - b).max(initial=0) / max(float(ways[0].scale.max()), LEAST_SCALE))
    return TensorCodes(name, maker[1], maker[0], count, int(other.sum()), steps, is_output)


def _with_first(rows: Sequence[TensorCodes], reference: LiteRT, indices: dict[str, int]) -> list[TensorCodes]:
    """The rows, told apart: what differs though nothing that flows into its op does.

    A tensor that the converted model no longer has says nothing: the op that makes it is named before the one that
    reads it, for either may be at fault.
    """
    seen = {indices[row.name] for row in rows}
    off = {indices[row.name] for row in rows if row.differ}
    taken = {int(op["index"]): {int(i) for i in op["inputs"]} for op in reference.ops}
    made = makers(reference)
    found = []
    for row in rows:
        flows, ops, waiting = set[int](), [row.op], [row.position]
        while waiting:
            for index in taken.get(waiting.pop(), set()):
                if index in made and index not in seen and index not in flows:
                    waiting.append(made[index][0])
                    ops.insert(0, made[index][1])
                flows.add(index)
        first = bool(row.differ) and not off & flows
        op = " > ".join(ops) if first else row.op
        found.append(TensorCodes(**{**row.__dict__, "op": op, "first": first}))
    return found


def _line(row: TensorCodes) -> str:
    steps = "" if row.steps is None else f"{row.steps:.0f}"
    mark = "*" if row.first else " "
    return f"{row.position:5} {mark}{row.op:24} {row.differ:9} {row.count:9} {steps:>6}  {row.name[-60:]}"
