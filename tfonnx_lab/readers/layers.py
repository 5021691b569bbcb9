"""Which layer each op of a TFLite file comes from: as the layers told while they were traced, else by names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import onnx_ir as ir

from tfonnx_lab.graph.meta import ORIGIN, TFLITE_NAMES
from tfonnx_lab.readers.tensorflow.layers import Layer, Layers

_CALLS = ("StatefulPartitionedCall", "PartitionedCall", "serving_default")
"""Scopes that TensorFlow puts around a function that is called."""

_INSIDE = frozenset(("batchnorm", "moments", "tensordot", "einsum", "linear", "while", "body", "cond", "add", "mul"))
"""Scopes that a layer opens inside of its own, in lower case."""


@dataclass(frozen=True)
class OpLayers:
    """The layers of a model and their ops.

    known: the layers, in the order of the model.
    ops: index of a TFLite op of the main graph => its layers, the one whose result it makes first; several where
    TensorFlow's converter made one op of theirs.
    asked: true where Keras's layers were asked as they ran; false where names of tensors tell it, which is a guess.
    told: what the layers told.
    """

    known: tuple[Layer, ...]
    ops: dict[int, tuple[Layer, ...]]
    asked: bool
    told: Layers | None = None


def layers_of(model: ir.Model, asked: Layers | None) -> OpLayers | None:
    """The layers of a graph that was just read; None where nothing tells any.

    model: in the dialect `tflite`.
    asked: what Keras's layers told as they were traced; None for a file.
    """
    names = {position: list(_parts(model, node)) for node in model.graph for position in node.meta.get(ORIGIN, ())}
    if asked is not None and asked.known:
        told = {position: _told(asked, parts) for position, parts in names.items()}
        return OpLayers(tuple(asked.known), {p: found for p, found in told.items() if found}, True, asked)
    return _guessed(names)


def _parts(model: ir.Model, node: ir.Node) -> Iterable[str]:
    """The names of the ops of TensorFlow that a TFLite op was made of: TFLite joins them with semicolons."""
    of_file = model.meta.get(TFLITE_NAMES, {})
    for value in node.outputs:
        name = of_file.get(value.name) or value.name or ""
        yield from (part.split(":")[0] for part in name.split(";") if part)


def _told(asked: Layers, parts: list[str]) -> tuple[Layer, ...]:
    """The layers of an op; constants that went into it do not count, unless there is nothing else."""
    live = [name for name in map(asked.operation, parts) if name is not None]
    return _unique(filter(None, map(asked.of, live or parts[:1])))


def _unique(layers: Iterable[Layer]) -> tuple[Layer, ...]:
    return tuple(dict.fromkeys(layers))


def _guessed(names: dict[int, list[str]]) -> OpLayers | None:
    """`model/conv/Conv2D` => the layer `conv`, if most names begin with `model`."""
    scopes = {position: [s for part in parts if (s := _scope(part))] for position, parts in names.items()}
    firsts = Counter(scope[0] for found in scopes.values() for scope in found[:1] if len(scope) > 1)
    common = next((name for name, count in firsts.most_common(1) if 2 * count > len(names)), None)
    ops: dict[int, tuple[Layer, ...]] = {}
    for position, found in sorted(scopes.items()):
        paths = ["/".join(scope[1:] if scope[0] == common and len(scope) > 1 else scope) for scope in found]
        if paths:
            ops[position] = _unique(Layer(path, "") for path in paths)
    if not ops:
        return None
    return OpLayers(_unique(layer for found in ops.values() for layer in found), ops, False)


def _scope(name: str) -> list[str]:
    """The scopes around an op, without those of calls and those inside of a layer; empty for a name without scopes."""
    parts = [part for part in name.split("/") if part and part not in _CALLS]
    scope = parts[:-1]
    while len(scope) > 1 and scope[-1].rstrip("_0123456789").lower() in _INSIDE:
        scope = scope[:-1]
    return scope
