"""Whether a session is created: the layout that was asked for is taken, every partition compiles, the CPU has the rest.

Source: onnxruntime/core/framework/graph_partitioner.cc (GetCapabilityForEP: what was inserted has to be selected),
core/providers/nnapi/nnapi_builtin/builders/model_builder.cc (Compile).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import onnx

from tfonnx_lab.mobile.answer import CREATED
from tfonnx_lab.mobile.basic import cpu_error
from tfonnx_lab.mobile.graph import NHWC_DOMAIN, Node, View
from tfonnx_lab.mobile.nnapi import builders
from tfonnx_lab.mobile.nnapi.case import Case, Setting
from tfonnx_lab.mobile.nnapi.operands import CompileError, Operands
from tfonnx_lab.mobile.partition import Unit, boundary

OWN_SHAPES = frozenset(("Transpose", "Slice", "Squeeze", "ReduceMean", "Split", "BatchNormalization"))
"""Ops whose builders work out the result's shape; the others read it from the model, where an unknown one is a null
pointer."""


def lost_layout(nodes: Iterable[Node], first_new: int, groups: Sequence[Sequence[Node]]) -> str | None:
    """What a session says of the first node that was made for the provider's layout and not taken by it."""
    taken = {n.index for g in groups for n in g}
    for node in sorted(nodes, key=lambda n: n.index):
        if node.index >= first_new and node.domain == NHWC_DOMAIN and node.index not in taken:
            return (
                f"Node '{node.name}' OpType:{node.op} with domain:{NHWC_DOMAIN} was inserted using the NHWC format as "
                "requested by NnapiExecutionProvider, but was not selected by that EP. This means the graph is now "
                "invalid as there will not be an EP able to run the node. This could be a bug in layout transformer, "
                "or in the GetCapability implementation of the EP."
            )
    return None


def compiled(view: View, units: dict[int, Unit], groups: Sequence[Sequence[Node]], setting: Setting) -> str:
    """ "created", or what compiling the first partition that fails says."""
    for group in groups:
        try:
            _compile(view, units, group, setting)
        except CompileError as error:
            return str(error)
    return CREATED


def _compile(view: View, units: dict[int, Unit], group: Sequence[Node], setting: Setting) -> None:
    inside = {n.index for n in group}
    centres = [n for n in view.nodes if n.index in inside and units[n.index].node is n]
    cases = [Case(view, units[n.index], setting) for n in centres]
    operands = Operands(view, cases)
    inputs, outputs = boundary(view, group)
    for name in _read(view, cases):
        operands.register_source(name, view.dtype(name))
    for name in inputs:
        if name not in operands.types and name not in view.initializers:
            operands.register_source(name, view.dtype(name))
    for case in cases:
        if case.op not in OWN_SHAPES and any(view.shape(o.name) is None for o in case.outputs if o.name):
            raise CompileError(builders.DIED)
        builders.add(case, operands)
    for name in outputs:
        if view.shape(name) is None:
            raise CompileError(
                f"model_builder.cc:362 RegisterModelOutputs shape_proto cannot be null for output: {name}"
            )


def _read(view: View, cases: Sequence[Case]) -> list[str]:
    """Initializers that some builder reads as an operand (ModelBuilder::PreprocessInitializers counts uses)."""
    uses: Counter[str] = Counter()
    for case in cases:
        uses.update(s.name for s in case.inputs if s.name in view.initializers)
        uses.subtract(n for n in builders.skipped(case) if n in uses)
    return [n for n, count in uses.items() if count]


def cpu_refuses(view: View, nodes: Sequence[Node]) -> str | None:
    """What ONNX Runtime on this machine says of the nodes that are left to the CPU; None where it takes them all."""
    if not nodes:
        return None
    protos = [_proto(n) for n in nodes]
    made = {o for n in nodes for o in n.outputs if o}
    read = list(dict.fromkeys(i for n in nodes for i in (*n.inputs, *n.implicit) if i))
    inputs = [_info(view, i) for i in read if i not in made and i not in view.initializers]
    outputs = [_info(view, o) for o in sorted(made)]
    graph = onnx.helper.make_graph(
        protos, "cpu", inputs, outputs, [view.initializers[i] for i in read if i in view.initializers]
    )
    opsets = [onnx.helper.make_opsetid(d, v) for d, v in view.opsets.items()]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=10)
    error = cpu_error(model)
    return None if error is None else as_on_android(error)


def _proto(node: Node) -> onnx.NodeProto:
    new = onnx.NodeProto()
    if node.proto is not None:
        new.CopyFrom(node.proto)
        del new.input[:], new.output[:]
        new.input.extend(node.inputs)
        new.output.extend(node.outputs)
        return new
    return onnx.helper.make_node(
        node.op, node.inputs, node.outputs, name=node.name, domain=node.domain, **node.attributes
    )


def _info(view: View, name: str) -> onnx.ValueInfoProto:
    return onnx.helper.make_tensor_value_info(name, view.dtype(name), view.shape(name))


def as_on_android(text: str) -> str:
    """An error's text without its code, C++ signatures as the compiler of the Android library writes them."""
    text = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", text)
    return re.sub(r"(\w)&\)", r"\1 &)", text).replace("[with ", "[")
