"""Which integer products overflow on x86 CPUs without VNNI, whether this is one, and the same model without them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import TypeVar

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

from tfonnx_lab.arithmetic.pairs import MIDDLE, overflows, unsigned

Session = TypeVar("Session")

WEIGHTS = {
    "ConvInteger": 1, "DynamicQuantizeMatMul": 1, "MatMulInteger": 1, "MatMulIntegerToFloat": 1, "QGemm": 3,
    "QLinearConv": 3, "QLinearMatMul": 3,
}  # fmt: skip
"""Kernel => which of its inputs holds the weights."""

_ZEROS = {"DynamicQuantizeMatMul": 3, "MatMulInteger": 3, "MatMulIntegerToFloat": 5, "DequantizeLinear": 2}
"""Op of a converted model => which of its inputs is the zero point of constant weights."""

PRECISION = "session.x64quantprecision"
"""The session option with which ONNX Runtime makes uint8 of int8 weights as it loads, on x86 without VNNI only."""

_LIMIT = 2**15 - 1


def saturation(model: onnx.ModelProto, remedy: str = "exact=True avoids it") -> str:
    """How many kernels of the optimized model may saturate, as a sentence; empty where none does.

    AVX2 multiplies uint8 by int8 and adds two neighbours in 16 bits. With weights a and b that overflows where
    255 (|a| + |b|) is more than 32767. VNNI and AMX, and weights as uint8 (`exact=True`), add in 32 bits.

    remedy: what to do about it.
    """
    constants = {t.name: t for graph in _graphs(model.graph) for t in graph.initializer}
    nodes = [node for graph in _graphs(model.graph) for node in graph.node]
    kernels = [n for n in nodes if n.op_type in WEIGHTS and len(n.input) > WEIGHTS[n.op_type]]
    weights = [(n, constants.get(n.input[WEIGHTS[n.op_type]])) for n in kernels]
    count = sum(w is not None and _may_saturate(n, numpy_helper.to_array(w)) for n, w in weights)
    if not count:
        return ""
    here = "this CPU adds in 32 bits, so it does not happen here" if has_vnni() else "as this CPU does"
    return (
        f"on x86 without VNNI, sums of two products in {count} of {len(kernels)} kernels can exceed 16 bits, where "
        f"ONNX Runtime's uint8 x int8 kernels saturate ({here}); {remedy}"
    )


def _may_saturate(node: onnx.NodeProto, weights: np.ndarray) -> bool:
    """Whether a kernel's weights may: of a product with a matrix those that are neighbours in a column."""
    if weights.dtype != np.int8:
        return False
    if "Conv" in node.op_type or weights.ndim < 2:
        return may_saturate(weights)
    turned = any(a.name == "transB" and a.i for a in node.attribute)
    return any(overflows(w.T if turned else w) for w in weights.reshape(-1, *weights.shape[-2:]))


def may_saturate(weights: np.ndarray) -> bool:
    """Whether the two largest int8 weights of a row could meet in one sum and overflow it."""
    if weights.dtype != np.int8 or weights.size < 2:
        return False
    rows = np.abs(weights.astype(np.int32)).reshape(weights.shape[0], -1)
    if rows.shape[1] < 4:
        return False  # too short for the kernels that add pairs
    largest = np.sort(rows, axis=1)[:, -2:].sum(axis=1)
    return bool((255 * largest > _LIMIT).any())


@cache
def has_vnni() -> bool:
    """Whether ONNX Runtime adds products of 8 bits in 32 here, as with VNNI, AMX or on ARM: found by one that
    overflows 16 bits, so it holds for any system, and under an emulator."""
    size = 64
    weights = np.full((size, size), 127, np.int8)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["x", "w"], ["y"])],
        "probe",
        [helper.make_tensor_value_info("x", onnx.TensorProto.UINT8, [1, size])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.INT32, [1, size])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    options = ort.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    loaded = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    (made,) = loaded.run(None, {"x": np.full((1, size), 255, np.uint8)})
    return bool((made == 255 * 127 * size).all())


def on_every_cpu(load: Callable[[ort.SessionOptions], Session], options: ort.SessionOptions) -> Session:
    """A session whose sums are exact here, too: where this CPU's saturate, ONNX Runtime is asked for uint8 weights.

    Where it cannot make them (two ops that share their weights), or does not load the model at all, it is loaded
    without.
    """
    if not has_vnni():
        options.add_session_config_entry(PRECISION, "1")
        try:
            return load(options)
        except Exception:  # ONNX Runtime's errors share no base class
            options.add_session_config_entry(PRECISION, "0")
    return load(options)


def with_unsigned_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same converted model with uint8 weights, whose kernels do not saturate on any CPU."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    for graph in _graphs(made.graph):
        constants = {t.name: t for t in graph.initializer}
        added: dict[str, onnx.TensorProto] = {}
        for node in graph.node:
            at, zero = WEIGHTS.get(node.op_type, 0), _ZEROS.get(node.op_type)
            weights = constants.get(node.input[at]) if zero is not None and len(node.input) > at else None
            if zero is None or weights is None or weights.data_type != onnx.TensorProto.INT8:
                continue
            given = node.input[zero] if len(node.input) > zero else ""
            if given and given not in constants:
                continue
            node.input.extend([""] * (zero + 1 - len(node.input)))
            node.input[at] = _unsigned(weights, added)
            node.input[zero] = _unsigned(constants[given], added) if given else _middle(node, constants, added)
        graph.initializer.extend(added.values())
    return made


def _unsigned(tensor: onnx.TensorProto, added: dict[str, onnx.TensorProto]) -> str:
    """The name of an int8 constant with an offset of 128."""
    name = f"{tensor.name}/unsigned"
    if name not in added:
        added[name] = numpy_helper.from_array(unsigned(numpy_helper.to_array(tensor)), name)
    return name


def _middle(node: onnx.NodeProto, constants: dict[str, onnx.TensorProto], added: dict[str, onnx.TensorProto]) -> str:
    """The name of a zero point of 128 for each scale of a DequantizeLinear; one alone of other ops."""
    scale = constants.get(node.input[1]) if node.op_type == "DequantizeLinear" else None
    shape = tuple(scale.dims) if scale is not None else ()
    name = f"zero_point/unsigned/{'x'.join(map(str, shape))}"
    added.setdefault(name, numpy_helper.from_array(np.full(shape, MIDDLE, np.uint8), name))
    return name


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """A graph and all that its nodes hold."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                if inner.node:
                    yield from _graphs(inner)
