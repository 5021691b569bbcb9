"""A model with Flex ops, which LiteRT hands to TensorFlow and cannot run without it: LiteRT's interpreters for what
lies between them, TensorFlow itself for each of them.

It runs in LiteRT's own process, and has what `process.py` asks of an interpreter. TensorFlow is imported there, and
nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from flatbuffers import flexbuffers

from tfonnx_lab.litert.cutting import HANDLES, Cut, Model, ints

FLEX = "Flex"
"""What the codes of these custom ops begin with."""

_NO_TENSORFLOW = "it has Flex ops, which TensorFlow computes, and that is not installed: pip install tensorflow"
_ACROSS = "an op on each side of a Flex op uses the same variable or table, which cannot be handed across"

Load = Callable[[bytes], Any]
"""Makes an interpreter of a flatbuffer."""


@dataclass
class _Part:
    """Ops in a row that LiteRT runs. taken, made: the tensors that go in and come out."""

    taken: list[int]
    made: list[int]
    loaded: Any
    shapes: list[tuple[int, ...]] | None = None

    def run(self, known: dict[int, np.ndarray]) -> None:
        """Run them on what is known, and add to it; variables start anew where shapes change."""
        given = [known[i] for i in self.taken]
        shapes = [x.shape for x in given]
        if shapes != self.shapes:
            for detail, value in zip(self.loaded.get_input_details(), given, strict=True):
                if tuple(detail["shape"]) != value.shape:
                    self.loaded.resize_tensor_input(detail["index"], value.shape)
            self.loaded.allocate_tensors()
            self.shapes = shapes
        for detail, value in zip(self.loaded.get_input_details(), given, strict=True):
            self.loaded.set_tensor(detail["index"], value)
        self.loaded.invoke()
        for index, detail in zip(self.made, self.loaded.get_output_details(), strict=True):
            known[index] = np.array(self.loaded.get_tensor(detail["index"]))


@dataclass
class _Flex:
    """An op that TensorFlow runs: its NodeDef as the file has it. constants: those of `taken` that the file holds."""

    taken: list[int]
    made: list[int]
    definition: bytes
    constants: frozenset[int]
    shapes: list[tuple[int, ...]] | None = None

    def run(self, known: dict[int, np.ndarray]) -> None:
        """Run it on what is known, and add to it."""
        given = [known[i] for i in self.taken]
        shapes = [x.shape for x in given]
        if shapes != self.shapes:
            fixed = [i in self.constants for i in self.taken]
            self.computed, self.shapes = _function(self.definition, given, fixed, len(self.made)), shapes
        for index, value in zip(self.made, self.computed(given), strict=True):
            known[index] = np.asarray(value)


class Mixed:
    """A model of LiteRT's ops and TensorFlow's. data: the flatbuffer; load: makes LiteRT's interpreters."""

    def __init__(self, data: bytes, load: Load) -> None:
        self._model = Model(memoryview(data))
        self._whole = load(_without_ops(self._model))
        self._known: dict[int, np.ndarray] = _constants(self._model, load)
        self._constants = dict(self._known)
        self._parts = list(_parts(self._model, load, frozenset(self._constants)))

    def get_input_details(self) -> Any:
        """As LiteRT's interpreter."""
        return self._whole.get_input_details()

    def get_output_details(self) -> Any:
        """As LiteRT's interpreter."""
        return self._whole.get_output_details()

    def get_tensor_details(self) -> Any:
        """As LiteRT's interpreter."""
        return self._whole.get_tensor_details()

    def _get_tensor_details(self, index: int, graph: int) -> Any:
        return self._whole._get_tensor_details(index, graph)

    def _get_ops_details(self) -> list[dict[str, Any]]:
        table = self._model.graphs[0]
        ops = [(i, table.Operators(i)) for i in range(table.OperatorsLength())]
        return [
            {"index": i, "op_name": self._model.type_of(op), "inputs": np.array(ints(op.InputsAsNumpy())),
             "outputs": np.array(ints(op.OutputsAsNumpy()))}
            for i, op in ops
        ]  # fmt: skip

    def resize_tensor_input(self, index: int, shape: Sequence[int]) -> None:
        """Nothing to do: each part takes the shapes that come."""

    def allocate_tensors(self) -> None:
        """Variables start anew."""
        self._known = dict(self._constants)
        for part in self._parts:
            if isinstance(part, _Part):
                part.shapes = None

    def set_tensor(self, index: int, value: np.ndarray) -> None:
        """As LiteRT's interpreter."""
        self._known[index] = np.asarray(value)

    def invoke(self) -> None:
        """Run all parts, one after another."""
        for part in self._parts:
            part.run(self._known)

    def get_tensor(self, index: int) -> np.ndarray:
        """As LiteRT's interpreter. Raises ValueError for what was not kept."""
        if index not in self._known:
            raise ValueError(f"tensor {index} was not kept")
        return self._known[index]


def mixed(source: str | bytes, load: Load) -> Mixed:
    """A model with Flex ops. Raises RuntimeError, with the reason, where it cannot be run like this."""
    return Mixed(source if isinstance(source, bytes) else Path(source).read_bytes(), load)


def _without_ops(model: Model) -> bytes:
    """The main graph's tensors, which tell their own details."""
    cut = Cut(model)
    for graph in cut.whole():
        graph.operators = []
    return cut.packed()


def _constants(model: Model, load: Load) -> dict[int, np.ndarray]:
    """The constants that Flex ops take, and those that the graph returns."""
    table = model.graphs[0]
    wanted = set(ints(table.OutputsAsNumpy()))
    for op in map(table.Operators, range(table.OperatorsLength())):
        if model.type_of(op).startswith(FLEX):
            wanted |= set(ints(op.InputsAsNumpy()))
    held = [i for i in sorted(wanted) if i >= 0 and not model.is_fed(0, i) and not table.Tensors(i).IsVariable()]
    found = {}
    for i in held:
        if table.Tensors(i).Type() in HANDLES:
            raise RuntimeError(_ACROSS)
        one = load(model.tensor(0, i))
        one.allocate_tensors()
        one.invoke()
        found[i] = np.array(one.get_tensor(one.get_output_details()[0]["index"]))
    return found


def _parts(model: Model, load: Load, constants: frozenset[int]) -> Iterator[_Part | _Flex]:
    """The ops in order: as many in a row as there is no Flex op between, and each Flex op."""
    table = model.graphs[0]
    ops = list(map(table.Operators, range(table.OperatorsLength())))
    row: list[int] = []
    for position, op in enumerate([*ops, None]):
        if op is not None and not model.type_of(op).startswith(FLEX):
            row.append(position)
            continue
        if row:
            yield _part(model, row, load)
            row = []
        if op is not None:
            outputs = ints(op.OutputsAsNumpy())
            if any(table.Tensors(i).Type() in HANDLES for i in [*ints(op.InputsAsNumpy()), *outputs] if i >= 0):
                raise RuntimeError(f"{model.type_of(op)}: {_ACROSS}")
            yield _Flex([i for i in ints(op.InputsAsNumpy()) if i >= 0], outputs, _definition(op), constants)


def _definition(op: Any) -> bytes:
    """The serialized NodeDef of a Flex op: the second of two strings in its custom options."""
    return bytes(flexbuffers.GetRoot(bytearray(op.CustomOptionsAsNumpy())).AsVector[1].AsStringBytes)


def _part(model: Model, row: Sequence[int], load: Load) -> _Part:
    table = model.graphs[0]
    made = [i for n in row for i in ints(table.Operators(n).OutputsAsNumpy()) if i >= 0]
    fed = dict.fromkeys(i for n in row for i in model.fed(0, table.Operators(n)))
    taken = [i for i in fed if i not in made]
    shown = [i for i in dict.fromkeys(made) if table.Tensors(i).Type() not in HANDLES]
    outside = {i for n in range(table.OperatorsLength()) if n not in row
               for i in ints(table.Operators(n).InputsAsNumpy()) if i >= 0}  # fmt: skip
    if any(i in outside and table.Tensors(i).Type() in HANDLES for i in made):
        raise RuntimeError(_ACROSS)
    return _Part(taken, shown, load(Cut(model).model(0, taken, shown, row)))


def _function(
    definition: bytes, values: Sequence[np.ndarray], fixed: Sequence[bool], count: int
) -> Callable[[list[np.ndarray]], Any]:
    """TensorFlow's function of one NodeDef, for arrays of these dtypes and shapes.

    fixed: which of them are constants, whose contents TensorFlow may want to know before it runs.
    Raises RuntimeError where TensorFlow is not there.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import tensorflow as tf
    except ModuleNotFoundError as error:
        raise RuntimeError(_NO_TENSORFLOW) from error
    node = tf.compat.v1.NodeDef.FromString(definition)
    node.name = node.name or "flex"
    graph = tf.Graph()
    with graph.as_default():
        given = [
            tf.constant(x) if known else tf.compat.v1.placeholder(tf.as_dtype(x.dtype), x.shape)
            for x, known in zip(values, fixed, strict=True)
        ]
        names = [tensor.name for tensor in given]
        node.input[:] = names
        alone = tf.compat.v1.GraphDef(node=[*graph.as_graph_def().node, node])
        alone.versions.CopyFrom(graph.as_graph_def().versions)
    whole = tf.Graph()
    with whole.as_default():
        tf.import_graph_def(alone, name="")
    config = tf.compat.v1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True  # which folds constants, some of them wrongly
    session = tf.compat.v1.Session(graph=whole, config=config)
    outputs = [f"{node.name}:{number}" for number in range(count)]

    def computed(arrays: list[np.ndarray]) -> Any:
        fed = {name: x for name, x, known in zip(names, arrays, fixed, strict=True) if not known}
        return session.run(outputs, fed)

    return computed
