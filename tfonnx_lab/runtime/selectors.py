"""When ONNX Runtime makes one integer kernel of DequantizeLinear, op, QuantizeLinear: its selectors' rules, to explain.

Source: onnxruntime/core/optimizer/qdq_transformer/selectors_actions/qdq_selectors.cc.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import onnx

QUANTIZERS = ("QuantizeLinear", "DequantizeLinear")

KERNELS = frozenset(
    (
        "Add",
        "AveragePool",
        "Concat",
        "Conv",
        "ConvTranspose",
        "Gemm",
        "GlobalAveragePool",
        "LeakyRelu",
        "MatMul",
        "Mul",
        "Sigmoid",
        "Softmax",
        "Where",
    )
)
"""Ops with an integer kernel of their own."""

MOVING = frozenset(
    (
        "ArgMax",
        "ArgMin",
        "DepthToSpace",
        "Expand",
        "Flatten",
        "Gather",
        "GatherElements",
        "GatherND",
        "Identity",
        "MaxPool",
        "Pad",
        "ReduceMax",
        "ReduceMin",
        "Reshape",
        "Resize",
        "Slice",
        "SpaceToDepth",
        "Split",
        "Squeeze",
        "Tile",
        "Transpose",
        "Unsqueeze",
    )
)
"""Ops that run on codes as they are."""

WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul")
ACTIVATIONS = ("Clip", "Relu")


@dataclass
class Graph:
    """A model's graph with what the rules ask of it."""

    proto: onnx.GraphProto
    makers: dict[str, onnx.NodeProto] = field(default_factory=dict)
    users: dict[str, list[onnx.NodeProto]] = field(default_factory=dict)
    constants: dict[str, onnx.TensorProto] = field(default_factory=dict)
    outputs: frozenset[str] = frozenset()

    @classmethod
    def of(cls, model: onnx.ModelProto) -> Graph:
        """The main graph of a model."""
        graph = cls(model.graph, outputs=frozenset(o.name for o in model.graph.output))
        graph.constants = {t.name: t for t in model.graph.initializer}
        for node in model.graph.node:
            for name in node.output:
                graph.makers[name] = node
            for name in node.input:
                graph.users.setdefault(name, []).append(node)
        return graph

    def maker(self, name: str) -> str:
        """The op type that makes a value; `input` or `constant` where none does."""
        if name in self.constants:
            return "constant"
        return self.makers[name].op_type if name in self.makers else "input"

    def code_type(self, quantizer: onnx.NodeProto) -> str:
        """The dtype of the codes of a QuantizeLinear or DequantizeLinear."""
        zero = self.constants.get(quantizer.input[2]) if len(quantizer.input) > 2 else None
        if zero is None and quantizer.input[0] in self.constants:
            zero = self.constants[quantizer.input[0]]
        return (
            "uint8"
            if zero is None
            else onnx.helper.tensor_dtype_to_string(zero.data_type).removeprefix("TensorProto.").lower()
        )


def why_float(graph: Graph, node: onnx.NodeProto, int8_allowed: bool) -> str:
    """Why the op did not become an integer kernel: the first selector rule that it breaks."""
    if node.op_type not in KERNELS and node.op_type not in MOVING:
        return "ONNX Runtime has no integer kernel for it"
    data = _data_inputs(node)
    for name in data:
        if name and graph.maker(name) != "DequantizeLinear":
            return f"an input comes from {graph.maker(name)}, not from DequantizeLinear"
    for name in node.output:
        users = graph.users.get(name, [])
        if name in graph.outputs:
            return "its real result is an output of the model"
        if [u.op_type for u in users] != ["QuantizeLinear"]:
            kinds = ", ".join(sorted({u.op_type for u in users})) or "nothing"
            return f"its result goes to {kinds} ({len(users)}), not to one QuantizeLinear"
    return _by_dtype(graph, node, data, int8_allowed)


def _by_dtype(graph: Graph, node: onnx.NodeProto, data: Sequence[str], int8_allowed: bool) -> str:
    codes = [graph.code_type(graph.makers[name]) for name in data if name]
    out = graph.code_type(graph.users[node.output[0]][0])
    activations = codes[:1] if node.op_type in WEIGHTED else codes
    if any(c != out for c in activations):
        return f"its inputs are {', '.join(codes)} and its output {out}"
    if node.op_type == "Resize":
        return "interpolating Resize has no integer kernel that rounds (only nearest runs on codes)"
    if out in ("int16", "uint16"):
        return "16-bit codes have no integer kernel"
    if out == "int8" and not int8_allowed:
        return "its activations are int8, which ONNX Runtime does not fuse on this target (session.qdqisint8allowed)"
    if node.op_type in WEIGHTED and graph.maker(graph.makers[data[1]].input[0]) != "constant" and codes[1] != codes[0]:
        return "its weights are computed and have another dtype"
    return "its Q/DQ have the right form; a parameter (axis, scale of the bias, rank) is not what the kernel takes"


def _data_inputs(node: onnx.NodeProto) -> list[str]:
    """The inputs that have to be dequantized."""
    if node.op_type in ("Conv", "Gemm", "Concat", "Add", "Mul", "MatMul", "ConvTranspose"):
        return list(node.input)
    if node.op_type == "Where":
        return list(node.input)[1:]
    return list(node.input)[:1]


def parameters(graph: Graph, names: Sequence[str]) -> str:
    """`0.0235 * (q - 128)` of each quantized value among the names, weights by their number of scales."""
    shown = []
    for name in names:
        node = graph.makers.get(name)
        if node is None or node.op_type not in QUANTIZERS:
            continue
        shown.append(_formula(graph.constants, node, graph.code_type(node)))
    return ", ".join(shown)


def _formula(constants: Mapping[str, onnx.TensorProto], node: onnx.NodeProto, dtype: str) -> str:
    scale = constants.get(node.input[1])
    if scale is None:
        return f"{dtype}: computed scale"
    values = onnx.numpy_helper.to_array(scale).ravel()
    if values.size != 1:
        return f"{dtype}: {values.size} scales"
    zero = constants.get(node.input[2]) if len(node.input) > 2 else None
    shift = 0 if zero is None else int(onnx.numpy_helper.to_array(zero).ravel()[0])
    return f"{dtype}: {float(values[0]):.4g} * " + (
        f"(q - {shift})" if shift > 0 else f"(q + {-shift})" if shift else "q"
    )
