"""The verdict where no tensor that an op makes has a counterpart in the converted model: its outputs alone are judged.

So it is where everything was computed at conversion (constants, arrays without elements), or nothing is computed at all
(an input that is returned as it is).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import TENSORS, Quantization, quantization
from tfonnx_lab.graph.meta import TENSOR_INDEX
from tfonnx_lab.litert import LiteRT, converted_source
from tfonnx_lab.parity.arrays import tensor_quantization
from tfonnx_lab.parity.gap import Gap, gap
from tfonnx_lab.parity.limits import is_off
from tfonnx_lab.parity.measuring import inputs_of
from tfonnx_lab.parity.reference import KERNELS, Arrays, Reference
from tfonnx_lab.parity.running import up_to_failure
from tfonnx_lab.parity.verdict import OpVerdict, Status, Verdict


@dataclass(frozen=True)
class _Output:
    """An output of both: LiteRT's tensor, what holds it in the converted model, the permutation to LiteRT's layout."""

    tensor: int
    value: ir.Value
    perm: tuple[int, ...] | None


def by_outputs(result: Conversion, reference: Reference, unseen: list[int]) -> Verdict:
    """The verdict that the outputs give.

    unseen: the numbers of the ops that stand in no comparison.
    Raises ConversionError where none of the model's outputs is one of LiteRT's.
    """
    outputs = list(_outputs(result, reference))
    if not outputs:
        raise ConversionError(f"{result.name}: none of the converted model's outputs is one of LiteRT's")
    answers = _answers(result, reference)
    known, quants = answers[0]
    ours = _ours(result, reference, outputs)
    ops: list[OpVerdict] = []
    for one in outputs:
        dtype, quant = known[0][one.tensor].dtype, quants.get(one.tensor)
        position = reference.order.get(one.tensor)
        kind = "" if position is None else reference.type_of(position)
        path = reference.before(one.tensor, set())
        pairs = zip(known, ours, strict=True)
        own = max((_apart(one, was[one.tensor], quant, made, kind) for was, made in pairs), key=_size)
        band = [
            max((gap(w[one.tensor], quant, m[one.tensor], quant, kind) for w, m in zip(known, other, strict=True)),
                key=_size)
            for other, _ in answers[1:]
        ]  # fmt: skip
        name = reference.name_of(one.tensor)
        if is_off(own, band, dtype, len(path)):
            what = f"output {one.value.name} is wrong: {own.said}"
            if position is None:
                return Verdict(False, None, what, ops, None, unseen, sure=False)
            ops.append(OpVerdict(position, kind, "wrong", name, tuple(path), own, own, None))
            return Verdict(False, position, f"op {position} {kind} is wrong: {what}", ops, None, unseen, sure=False)
        if position is not None:
            status: Status = "within" if own.worst else "exact"
            ops.append(OpVerdict(position, kind, status, name, tuple(path), own, own, None))
    seen = {position for one in ops for position in one.ops}
    said = "the outputs are as close to LiteRT's reference as LiteRT's own fast kernels; nothing else can be compared"
    return Verdict(True, None, said, ops, None, [p for p in unseen if p not in seen])


def _size(one: Gap) -> tuple[bool, float, float]:
    return bool(one.mismatch), one.worst, one.share


def _outputs(result: Conversion, reference: Reference) -> Iterator[_Output]:
    """The outputs that both have: by the tensors that they hold, else by their place where none was chosen."""
    indices = result.ir_model.meta[TENSOR_INDEX]
    values = list(result.ir_model.graph.outputs)
    for number, value in enumerate(values):
        held = [(indices[n], perm) for n, perm in value.meta.get(TENSORS, ()) if n in indices]
        by_tensor = [(i, perm) for i, perm in held if i in reference.returned]
        if by_tensor:
            place = number if number < len(reference.returned) else 0
            own = next((pair for pair in by_tensor if pair[0] == reference.returned[place]), by_tensor[0])
            yield _Output(*own[:1], value, own[1])
        elif not result.options.outputs and number < len(reference.returned):
            yield _Output(reference.returned[number], value, held[0][1] if held else None)


def _answers(result: Conversion, reference: Reference) -> list[tuple[list[Arrays], dict[int, Quantization | None]]]:
    """LiteRT's outputs of each run by its sets of kernels, the reference's first, and how they are quantized."""
    found: list[tuple[list[Arrays], dict[int, Quantization | None]]] = []
    for kernels in (reference.kernels, *(other for other in KERNELS if other != reference.kernels)):
        try:
            running = LiteRT(converted_source(result), keep=False, kernels=kernels)
            runs = running.rounds(reference.runs)
        except ConversionError:
            if not found:
                raise
            continue
        details = zip(reference.returned, running.outputs, strict=True)
        quants = {i: tensor_quantization(detail) for i, detail in details}
        found.append(([dict(zip(reference.returned, run, strict=True)) for run in runs], quants))
    return found


def _ours(result: Conversion, reference: Reference, outputs: list[_Output]) -> list[dict[str, np.ndarray]]:
    """The converted model's outputs of each run. Raises ConversionError where ONNX Runtime does not run it."""
    names = [one.value.name or "" for one in outputs]
    found = []
    for turn in range(len(reference.runs)):
        made, stop = up_to_failure(result.model, names, inputs_of(result, reference, turn), optimised=True)
        if stop is not None:
            raise ConversionError(f"{result.name}: ONNX Runtime cannot run the converted model: {stop.reason}")
        found.append(made)
    return found


def _apart(one: _Output, want: np.ndarray, quant: Quantization | None, made: dict[str, np.ndarray], kind: str) -> Gap:
    """How far an output is from LiteRT's."""
    got = np.asarray(made[one.value.name or ""])
    if one.perm is not None and got.ndim == len(one.perm):
        got = got.transpose(one.perm)
    return gap(want, quant, got, quantization(one.value), kind)
