"""What a caller feeds a converted model and gets of it, by the caller's names."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import onnx_ir as ir

from tfonnx_lab.graph.meta import NEXT, SIGNATURE, SORTED, TFLITE_NAMES, VARIABLE
from tfonnx_lab.texts import styled, table

ALPHABET = "inputs by the alphabet: a SavedModel keeps no order of a dict's keys; feed them by name"


@dataclass(frozen=True)
class Port:
    """An input or an output.

    name: in the ONNX file.
    tflite: the name of its tensor in the TFLite file.
    shape: numbers, and names of sizes that are not fixed; None where even the rank is unknown.
    dtype: its name, such as float32.
    """

    name: str
    tflite: str
    shape: tuple[int | str | None, ...] | None
    dtype: str


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs in the caller's order.

    key: the name of the signature in the file, None where it has none.
    note: what there is to know of the order; empty where it is the caller's.
    """

    key: str | None
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    note: str = ""

    def __str__(self) -> str:
        lines = [f"signature {self.key or '(of no name)'}"]
        for title, ports in (("in ", self.inputs), ("out", self.outputs)):
            lines += [
                f"  {title} {p.name}: {p.dtype}{'' if p.shape is None else list(p.shape)}"
                + (f"  ({p.tflite} in the TFLite file)" if p.tflite != p.name else "")
                for p in ports
            ]
        return "\n".join([*lines, *([f"  {self.note}"] if self.note else [])])

    def record(self) -> dict[str, Any]:
        """As the file holds it."""
        return {key: item for key, item in asdict(self).items() if key != "note" or item}

    def _repr_html_(self) -> str:
        """The inputs and outputs, a row each."""
        rows = [
            [
                side,
                p.name,
                p.dtype,
                "unknown" if p.shape is None else " x ".join(map(str, p.shape)) or "scalar",
                p.tflite,
            ]
            for side, ports in (("input", self.inputs), ("output", self.outputs))
            for p in ports
        ]
        title = f"signature {self.key or '(of no name)'}"
        return styled(table(title, ["", "name", "dtype", "shape", "name in the TFLite file"], rows))


def signature_of(model: ir.Model) -> Signature:
    """The signature of a converted model, without what it keeps from run to run."""
    old = model.meta.get(TFLITE_NAMES, {})
    inputs = [v for v in model.graph.inputs if not v.meta.get(VARIABLE)]
    outputs = [v for v in model.graph.outputs if NEXT not in v.meta]
    key = model.meta.get(SIGNATURE)
    takes, gives = (tuple(_port(v, old.get(v.name or "", v.name or "")) for v in side) for side in (inputs, outputs))
    return Signature(key, takes, gives, ALPHABET if model.meta.get(SORTED) and len(takes) > 1 else "")


def _port(value: ir.Value, tflite: str) -> Port:
    shape = None if value.shape is None else tuple(d if isinstance(d, int) else d.value for d in value.shape)
    return Port(value.name or "", tflite, shape, "unknown" if value.dtype is None else value.dtype.numpy().name)
