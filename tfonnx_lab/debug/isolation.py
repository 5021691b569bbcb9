"""One op of a model as a TFLite model of its own, with the real tensors that flow into it."""

from __future__ import annotations

import numbers
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfonnx_lab.conversion.given import converted
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.debug import session
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.files import drafts, made_folder
from tfonnx_lab.litert import LiteRT, random_inputs
from tfonnx_lab.litert.cutting import Model, ints
from tfonnx_lab.litert.signature import converted_subgraph, followed_source
from tfonnx_lab.litert.variants import with_shapes
from tfonnx_lab.parity.given import taken_details
from tfonnx_lab.readers.source import open_source
from tfonnx_lab.texts import as_identifier, in_quotes

Op = int | str | tuple[int, int]
"""Which op: its index in the main graph, (subgraph, index), or its type or a part of its output's name."""

_TEST = '''\
from pathlib import Path

import numpy as np
import tfonnx_lab as lab


def test_{name}():
    """{op}, {place} of {model}."""
    path = Path(__file__).parent / "{file}.tflite"
    stored = np.load(path.with_suffix(".npz"), allow_pickle={pickle})
    inputs = [stored[f"in{{i}}"] for i in range({inputs})]
'''
_WITH_LITERT = """\
    parity = lab.compare(lab.convert(path{options}), inputs, band=False)
    for row in parity.outputs:
        assert row.steps <= 1.5 if row.steps is not None else row.relative < 1e-3, row
"""
_WITHOUT = """\
    from tfonnx_lab.runtime import OnnxRuntime

    result = lab.convert(path{options})  # LiteRT has no kernel for it: compare with what you know of the op
    outputs = OnnxRuntime(result.model).run(inputs)
    assert all(np.isfinite(y).all() for y in outputs)
"""


@dataclass(frozen=True)
class Isolated:
    """A one-op model.

    data: the flatbuffer.
    inputs: what flowed into the op, in the model's order; random where LiteRT could not run the original up to it (then
        `real` is false).
    expected: what LiteRT's op makes of them; None where LiteRT has no kernel.
    op: its type.
    position, subgraph: where it stands in the original, model: whose name.
    options: what the original was converted with.
    """

    data: bytes
    inputs: tuple[np.ndarray, ...]
    expected: tuple[np.ndarray, ...] | None
    op: str
    position: int
    subgraph: int = 0
    model: str = ""
    real: bool = True
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """The name of its files: `ADD_17`, or `ADD_2_17` in subgraph 2."""
        where = f"{self.subgraph}_{self.position}" if self.subgraph else str(self.position)
        return f"{as_identifier(self.op)}_{where}"

    @property
    def place(self) -> str:
        """Where the op stands."""
        return f"op {self.position}" + (f" of subgraph {self.subgraph}" if self.subgraph else "")

    def save(self, folder: str | os.PathLike[str] = ".") -> Path:
        """Write `OP_17.tflite` and `OP_17.npz` (inputs in0, in1 ...) into the folder; returns the model's path.

        folder: is made where there is none.
        Raises ConversionError where it or the files cannot be written.
        """
        target = made_folder(folder) / f"{self.name}.tflite"
        arrays: dict[str, Any] = {f"in{i}": x for i, x in enumerate(self.inputs)}
        with drafts([target, target.with_suffix(".npz")], [self.model] if self.model else []) as [model, inputs]:
            model.write_bytes(self.data)
            np.savez_compressed(inputs, **arrays)
        return target

    def test(self) -> str:
        """A test file to paste beside what `save` writes: it converts the op and compares it with LiteRT."""
        head = _TEST.format(
            name=self.name.lower(), op=in_quotes(self.op), place=self.place, model=in_quotes(Path(self.model).name),
            file=self.name, inputs=len(self.inputs), pickle=any(x.dtype == object for x in self.inputs),
        )  # fmt: skip
        options = "".join(f", {k}={v!r}" for k, v in self.options)
        return head + (_WITHOUT if self.expected is None else _WITH_LITERT).format(options=options)

    def __repr__(self) -> str:
        shapes = ", ".join(f"{x.dtype}{list(x.shape)}" for x in self.inputs[:4]) + (
            " ..." if len(self.inputs) > 4 else ""
        )
        kind = "inputs" if self.real else "random inputs"
        judged = ", LiteRT has no kernel for it" if self.expected is None else ""
        return (
            f"Isolated({self.op}, {self.place}, {len(self.data)} bytes, {kind} {shapes or 'none'}{judged}; "
            ".save(folder) writes it, .test() is a test to paste)"
        )


def isolate(result: Any, op: Op | None = None, inputs: Sequence[np.ndarray] | None = None) -> Isolated:
    """Cut one op out of a converted model, as a TFLite model of its own that LiteRT runs.

    `isolate("ADD")` cuts out of what was converted last, `isolate(result, 17)` out of a conversion.

    result: a Conversion, or what `convert` takes.
    op: its index in the main graph, (subgraph, index), or its type or a part of its output's name (the first that fits,
        subgraphs last).
    inputs: what the whole model is run on to find what flows into the op (default: random ones).
    Raises ConversionError where there is no such op.
    """
    if op is None:
        if not _is_op(result):
            raise ConversionError("which op? Its index, type or a part of its output's name: isolate(result, 'ADD')")
        return isolate(session.the_last(), result, inputs)
    if not _is_op(op):
        raise ConversionError(
            f"op={op!r}: an op is its index, (subgraph, index), its type or a part of its output's name: "
            "isolate(result, 'ADD')"
        )
    result = converted(result, "keep")
    name = open_source(result.source)[1]
    model, main = Model(open_source(followed_source(result))[0]), converted_subgraph(result)
    graph, position = _find(model, op, name, main)
    table = model.op(graph, position)
    flatbuffer = model.one_op(graph, position)
    flowing = flow(model, graph, position, list(inputs) if inputs is not None else _given(model, main, result))
    given = flowing if flowing is not None else _random_for(flatbuffer)
    expected = _expected(flatbuffer, given)
    flatbuffer = with_shapes(flatbuffer, given, expected or ())
    options = {
        k: v for k, v in result.options.changed().items() if k in ("opset", "dequantize", "target", "exact", "hybrid")
    }
    return Isolated(
        flatbuffer, tuple(given), expected, model.type_of(table), position, graph, name,
        flowing is not None, tuple(options.items()),
    )  # fmt: skip


def _is_op(given: Any) -> bool:
    """Whether it says which op: an index, a pair of them, or a name."""
    pair = given if isinstance(given, tuple) and len(given) == 2 else (given,)
    return isinstance(given, str) or all(isinstance(i, numbers.Integral) and not isinstance(i, bool) for i in pair)


def _find(model: Model, op: Op, name: str, main: int) -> tuple[int, int]:
    if isinstance(op, str):
        for graph, table in enumerate(model.graphs):
            for position in range(table.OperatorsLength()):
                outputs = ints(table.Operators(position).OutputsAsNumpy())
                if op == model.type_of(table.Operators(position)) or any(
                    op in model.name_of(graph, i) for i in outputs if i >= 0
                ):
                    return graph, position
        types = sorted({model.type_of(t.Operators(i)) for t in model.graphs for i in range(t.OperatorsLength())})
        raise ConversionError(
            f"{name}: no op is of type {op!r} or makes a tensor with that name; it has {', '.join(types)}"
        )
    graph, position = op if isinstance(op, tuple) else (main, int(op))
    if not 0 <= graph < len(model.graphs):
        raise ConversionError(f"{name}: there is no subgraph {graph}; it has {len(model.graphs)}")
    count = model.graphs[graph].OperatorsLength()
    if not 0 <= position < count:
        where = f" in subgraph {graph}" if graph else ""
        raise ConversionError(f"{name}: there is no op {position}{where}; it has {count}, counted from 0")
    return graph, position


def flow(model: Model, graph: int, position: int, inputs: Sequence[np.ndarray] | None) -> list[np.ndarray] | None:
    """What flows into an op when the model runs; None where LiteRT cannot run it up to there."""
    wanted = model.fed(graph, model.op(graph, position))
    given = list(inputs) if inputs is not None else None
    if graph and model.caller_of(graph) is not None:
        given = inputs_of_subgraph(model, graph, inputs)
        if given is None:
            return None
    try:
        before = LiteRT(model.up_to(graph, position, wanted), keep=False)
        return before.run(given if given is not None else random_inputs(before.inputs))
    except ConversionError:
        return None


def inputs_of_subgraph(model: Model, graph: int, inputs: Sequence[np.ndarray] | None) -> list[np.ndarray] | None:
    """What a subgraph is given when it is run first; None where that is not known."""
    caller = model.caller_of(graph)
    if caller is None:
        return None
    outer, position, option = caller
    table = model.op(outer, position)
    fed = model.fed(outer, table)
    values = flow(model, outer, position, inputs)
    if values is None:
        return None
    known = dict(zip(fed, values, strict=True))
    taken = ints(table.InputsAsNumpy())[1 if option in ("thenSubgraphIndex", "elseSubgraphIndex") else 0 :]
    found = [known[i] if i in known else constant(model, outer, i) for i in taken]
    return None if any(x is None for x in found) else [x for x in found if x is not None]


def constant(model: Model, graph: int, tensor: int) -> np.ndarray | None:
    """The contents of a constant; None for anything else (a handle, a tensor that is left out)."""
    if tensor < 0 or model.is_fed(graph, tensor):
        return None
    try:
        return LiteRT(model.tensor(graph, tensor), keep=False).run([])[0]
    except ConversionError:
        return None


def _given(model: Model, main: int, result: Conversion) -> list[np.ndarray]:
    """Random inputs of the whole model, of the shapes that the converted one takes."""
    return random_inputs(taken_details(result, _details(model, main)))


def _random_for(data: bytes) -> list[np.ndarray]:
    """Random inputs of a model, from its own tables: LiteRT need not know its ops."""
    return random_inputs(_details(Model(memoryview(data)), 0))


def _details(model: Model, graph: int) -> list[dict[str, Any]]:
    """What LiteRT would tell of the inputs of a subgraph, as far as it is needed to make some up."""
    table = model.graphs[graph]
    details = []
    for i in ints(table.InputsAsNumpy()):
        tensor = table.Tensors(i)
        quant = tensor.Quantization()
        details.append({"dtype": _DTYPES.get(tensor.Type(), np.float32), "shape": ints(tensor.ShapeAsNumpy()),
                        "quantization_parameters": {"scales": _scales(quant)}})  # fmt: skip
    return details


def _scales(quant: Any) -> list[float]:
    """The scales of a quantization that may be left out."""
    return [] if quant is None or not quant.ScaleLength() else [float(s) for s in quant.ScaleAsNumpy()]


def _expected(data: bytes, inputs: Sequence[np.ndarray]) -> tuple[np.ndarray, ...] | None:
    try:
        return tuple(LiteRT(data, keep=False).run(list(inputs)))
    except ConversionError:
        return None


_DTYPES: dict[int, Any] = {
    0: np.float32, 1: np.float16, 2: np.int32, 3: np.uint8, 4: np.int64, 5: np.object_, 6: np.bool_, 7: np.int16,
    8: np.complex64, 9: np.int8, 10: np.float64, 11: np.complex128, 12: np.uint64, 15: np.uint32, 16: np.uint16,
}  # fmt: skip
"""TensorType by number => numpy dtype."""
