"""A TFLite model with every tensor in sight, and one in which ops are fed from outside, so that none inherits another's
error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from tfonnx_lab.litert.cutting import HANDLES, Cut, Model, ints
from tfonnx_lab.litert.real_weights import make_real


def made_by_ops(model: Model, graph: int = 0) -> list[int]:
    """The tensors that the ops of a subgraph make of what flows in, in order, without handles and variables.

    What is made of constants alone (weights of half precision, for example) is left out, unless the subgraph returns
    it: a delegate takes it for a constant.
    """
    table = model.graphs[graph]
    found: dict[int, None] = {}
    flowing = set(ints(table.InputsAsNumpy()))
    returned = set(ints(table.OutputsAsNumpy()))
    for op in map(table.Operators, range(table.OperatorsLength())):
        taken = [i for i in ints(op.InputsAsNumpy()) if i >= 0]
        made = [i for i in ints(op.OutputsAsNumpy()) if i >= 0]
        if not taken or any(i in flowing or _is_kept(table, i) for i in taken):
            flowing.update(made)
        for i in made:
            if (i in flowing or i in returned) and not _is_kept(table, i):
                found.setdefault(i)
    return list(found)


def _is_kept(table: Any, tensor: int) -> bool:
    """Whether a tensor is a handle or a variable."""
    return bool(table.Tensors(tensor).Type() in HANDLES or table.Tensors(tensor).IsVariable())


def exposed(model: Model) -> tuple[bytes, list[int]]:
    """The main graph with all that its ops make as outputs, which needs no keeping of tensors (LiteRT crashes on some
    when it keeps them), and works with delegates: the flatbuffer, and the tensor that each output is."""
    outputs = made_by_ops(model)
    cut = Cut(model)
    cut.main(0, ints(model.graphs[0].InputsAsNumpy()), outputs, range(model.graphs[0].OperatorsLength()))
    return cut.packed(), outputs


def forced(
    model: Model, cuts: Mapping[int, tuple[int, ...]], shown: Sequence[int] = (), *, real: bool = False
) -> tuple[bytes, list[int], list[int]]:
    """The main graph, where whoever reads one of these tensors reads an input in its place, and all of them are
    outputs.

    cuts: tensor => its shape as it was run. Ops between cuts stay connected.
    shown: tensors that are outputs as well, and no cuts. Returns the flatbuffer, the tensor that each input stands for
    (the graph's own inputs first), and that of each output.
    """
    table = model.graphs[0]
    own = ints(table.InputsAsNumpy())
    cut = Cut(model)
    made, numbers = cut.main(0, own, [*cuts, *shown], range(table.OperatorsLength()))
    given: dict[int, int] = {}
    for index, shape in cuts.items():
        given[numbers[index]] = len(made.tensors)
        made.tensors.append(_twin(made.tensors[numbers[index]], shape))
    for op in made.operators:
        op.inputs = [given.get(i, i) for i in op.inputs]
    made.inputs = [*made.inputs, *given.values()]
    if real:
        make_real(cut.graphs, cut.buffers, cut.codes)
    return cut.packed(), [*own, *cuts], [*cuts, *shown]


def _twin(tensor: Any, shape: tuple[int, ...]) -> Any:
    """A tensor of the same kind that is given from outside."""
    twin = schema.TensorT(
        shape=list(shape), type=tensor.type, name=(tensor.name or b"") + b"/given", quantization=tensor.quantization
    )
    twin.buffer, twin.hasRank = 0, True
    return twin
