"""What LiteRT says of every tensor, and how far its own answers are from each other: by its three sets of kernels, and
when what flows in moves by its last bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import Quantization
from tfonnx_lab.litert import LiteRT, converted_source
from tfonnx_lab.litert.cutting import ints
from tfonnx_lab.litert.forcing import exposed, forced
from tfonnx_lab.litert.real_weights import hybrid_ops
from tfonnx_lab.parity.arrays import tensor_quantization
from tfonnx_lab.parity.structure import Structure
from tfonnx_lab.readers.source import open_source

Arrays: TypeAlias = dict[int, np.ndarray]
"""Tensor => its contents."""


@dataclass(frozen=True)
class Answer:
    """Two right answers to compare with each other, run by run: `made` by some kernels, and the one `beside` it."""

    kernels: str
    made: list[Arrays]
    beside: list[Arrays]


KERNELS = ("reference", "builtin", "xnnpack")
"""LiteRT's sets of kernels. The first that runs a model is its reference."""

_LOST, _AGREED = 0.5, 0.05
"""Shares of the largest magnitude: from here on one set of kernels has another result, up to here two have the same."""

_BITS = 2.0
"""By how many units in the last place real inputs are moved."""

_MOVING = frozenset((
    "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE", "SLICE", "STRIDED_SLICE", "CONCATENATION", "SPLIT", "SPLIT_V",
    "PACK", "UNPACK", "GATHER", "GATHER_ND", "PAD", "TILE", "BROADCAST_TO", "REVERSE_V2",
))  # fmt: skip


class Reference(Structure):
    """LiteRT's own run of what was converted.

    result: a conversion.
    runs: what the model runs on, for each run one array an input, in its order; what it keeps from one run to the next
    is kept.
    known: the tensors of each run.
    Raises ConversionError where none of LiteRT's sets of kernels runs the model.
    """

    def __init__(self, result: Conversion, runs: Sequence[Sequence[np.ndarray]]) -> None:
        data = open_source(converted_source(result, runs))[0]
        super().__init__(memoryview(bytes(data)))
        self.runs = [list(inputs) for inputs in runs]
        self.quants: dict[int, Quantization | None] = {}
        self.known: list[Arrays] = []
        self._run()

    def _run(self, sets: Sequence[str] = KERNELS) -> None:
        """Run the reference; where none of LiteRT's sets of kernels can keep every tensor, only the outputs are
        known."""
        self.sets = sets
        flatbuffer, outputs = exposed(self.model)
        tries = [(flatbuffer, outputs, kernels) for kernels in sets]
        tries += [(bytes(self.model.data), self.returned, kernels) for kernels in sets]
        for number, (data, tensors, kernels) in enumerate(tries, 1):
            try:
                running = LiteRT(data, keep=False, kernels=kernels)
                runs = running.rounds(self.runs)
            except ConversionError:
                if number == len(tries):
                    raise
                continue
            self.kernels, self._shown = kernels, (data, tensors)
            self.known = [dict(zip(tensors, run, strict=True)) for run in runs]
            self.inputs = running.inputs
            details = zip(tensors, running.outputs, strict=True)
            self.quants = {i: tensor_quantization(detail) for i, detail in details}
            break
        if self.kernels == KERNELS[0] and self._is_alone():
            del self.__dict__["flows"]
            self._run(KERNELS[1:])

    def _is_alone(self) -> bool:
        """Whether the reference kernels return what no other set does, and the others agree: of weights in blocks they
        make zeros."""
        if len(self.flows) < 2:
            return False
        for i in self.returned:
            made = [arrays.get(i) for arrays in (self.known[-1], *self.flows[:2])]
            if any(x is None or x.dtype.kind != "f" or x.shape != made[0].shape for x in made):  # type: ignore[union-attr]
                continue
            own, other, third = (np.nan_to_num(x.astype(np.float64)) for x in made if x is not None)
            size = float(np.abs(other).max(initial=0.0))
            apart = [float(np.abs(a - b).max(initial=0.0)) for a, b in ((own, other), (own, third), (other, third))]
            if min(apart[:2]) > _LOST * size and apart[2] < _AGREED * size:
                return True
        return False

    def is_steady(self) -> bool:
        """Whether LiteRT gives the same tensors once more on the same inputs. Where it does not, it reads memory that
        it has not written, and none of its answers says anything."""
        data, tensors = self._shown
        for _ in range(2):
            runs = LiteRT(data, keep=False, kernels=self.kernels).rounds(self.runs)
            for known, again in zip(self.known, runs, strict=True):
                if any(not same(known[i], made) for i, made in zip(tensors, again, strict=True)):
                    return False
        return True

    @cached_property
    def flows(self) -> list[Arrays]:
        """All tensors of the last run as LiteRT's other sets of kernels make them, each on what it made itself."""
        data, tensors = self._shown
        found = []
        for kernels in self.sets:
            if kernels != self.kernels:
                try:
                    running = LiteRT(data, keep=False, kernels=kernels)
                    runs = running.rounds(self.runs)
                except ConversionError:
                    continue
                found.append(dict(zip(tensors, runs[-1], strict=True)))
        return found

    def kernels_band(self, cuts: Mapping[int, bool]) -> list[Answer]:
        """What LiteRT's other sets of kernels make of the reference's tensors, where whoever reads one of `cuts` is
        given it.

        cuts: tensors that are compared => whether they are given; ops between those that are stay connected.
        """
        found = [(kernels, self._forced(cuts, kernels, None)) for kernels in self.sets if kernels != self.kernels]
        return [Answer(kernels, made, self.known) for kernels, made in found if made is not None]

    def moved_band(self, cuts: Mapping[int, bool]) -> list[Answer]:
        """What LiteRT's optimised kernels make of the same where all real numbers are moved by their last bit, and
        where not."""
        kernels = "builtin" if self.kernels == "reference" else self.kernels
        still = self._forced(cuts, kernels, None)
        moved = [self._forced(cuts, kernels, np.random.default_rng(seed)) for seed in range(2)]
        return [] if still is None else [Answer(kernels, made, still) for made in moved if made is not None]

    @cached_property
    def hybrid(self) -> set[int]:
        """The ops of which LiteRT rounds float inputs to 8 bits, as their weights are integers."""
        return hybrid_ops(self.model)

    def unrounded(self, cuts: Mapping[int, bool]) -> list[Arrays]:
        """What LiteRT makes of the reference's tensors where those ops compute in float; empty where it cannot."""
        return self._forced(cuts, "builtin", None, real=True) or []

    def turns(self, tensor: int) -> int:
        """How often the op of a tensor goes over its own result: once for each step of a recurrent op's sequence."""
        if not self.type_of(self.order[tensor]).endswith(("SEQUENCE_LSTM", "SEQUENCE_RNN")):
            return 1
        return max(self.known[0][tensor].shape[:2], default=1)

    @cached_property
    def _cut(self) -> dict[tuple[Any, ...], tuple[bytes, list[int], list[int]]]:
        return {}

    def _forced(
        self, cuts: Mapping[int, bool], kernels: str, rng: np.random.Generator | None, real: bool = False
    ) -> list[Arrays] | None:
        """The runs of the model with cuts; None where these kernels cannot."""
        key = (real, *cuts.items())
        if key not in self._cut:
            shapes = {i: self.known[0][i].shape for i, is_given in cuts.items() if is_given}
            self._cut[key] = forced(self.model, shapes, [i for i, is_given in cuts.items() if not is_given], real=real)
        data, taken, made = self._cut[key]
        given = [
            [*own, *(known[i] for i in taken[len(own) :])] for own, known in zip(self.runs, self.known, strict=True)
        ]
        if rng is not None:
            given = [[moved(x, rng) for x in fed] for fed in given]
        try:
            runs = LiteRT(data, keep=False, kernels=kernels).rounds(given)
        except ConversionError:
            return None
        return [dict(zip(made, run, strict=True)) for run in runs]

    def computed_by(self, tensor: int) -> str:
        """The type of the op that computed what a tensor holds, past those that only move it."""
        position = self.order.get(tensor)
        while position is not None and self.type_of(position) in _MOVING:
            taken = [i for i in ints(self.model.op(0, position).InputsAsNumpy()) if i in self.known[0]]
            if not taken:
                break
            position = self.order[taken[0]]
        return "" if position is None else self.type_of(position)

    def compared(self, tensor: int, arrays: Arrays) -> tuple[np.ndarray, Quantization | None]:
        """What a tensor of a run is compared as: what DEQUANTIZE makes of codes are still those codes, any other tensor
        itself."""
        codes = self.codes_of(tensor)
        found = codes if codes in arrays else tensor
        return arrays[found], self.quants.get(found)

    def codes_of(self, tensor: int) -> int:
        """The codes that DEQUANTIZE made a tensor of; the tensor itself where it is no such one."""
        position = self.order[tensor]
        if self.type_of(position) == "DEQUANTIZE":
            (codes, *_) = ints(self.model.op(0, position).InputsAsNumpy())
            if self.quants.get(codes) is not None and self.known[0][codes].dtype.kind in "iu":
                return codes
        return tensor


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays hold the same, NaN where the other has it."""
    return a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"))


def moved(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Real numbers moved by up to two units in their last place; anything else as it is."""
    if array.dtype.kind not in "fc" or array.dtype.itemsize < 4:
        return array
    size = _BITS * float(np.finfo(array.dtype).eps)
    with np.errstate(over="ignore", invalid="ignore"):
        return (array * (1 + rng.uniform(-size, size, array.shape))).astype(array.dtype)
