"""An ONNX model, rewritten so that an accelerator takes more of it: what advice tries where there is no source to
convert.

Each function changes a copy and says how often it did so; 0: there was nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SMALL = 256
"""Elements below which a constant is not worth a Cast."""

MOVES = frozenset((
    "DepthToSpace", "Flatten", "Gather", "Identity", "MaxPool", "Reshape", "Slice", "SpaceToDepth", "Split", "Squeeze",
    "Tile", "Transpose", "Unsqueeze",
))  # fmt: skip
"""Ops whose results hold elements of their first input, and nothing else."""

Rewrite = Callable[[onnx.ModelProto], int]


class Refused(Exception):
    """It cannot be done to this model; the text says why."""


def with_static_shapes(model: onnx.ModelProto) -> int:
    """Dimensions of inputs that are open => 1, in place; shapes in between are inferred again."""
    constant = {t.name for t in model.graph.initializer}
    count = 0
    for value in model.graph.input:
        if value.name in constant or not value.type.HasField("tensor_type"):
            continue
        for dim in value.type.tensor_type.shape.dim:
            if not dim.HasField("dim_value"):
                dim.Clear()
                dim.dim_value = 1
                count += 1
    if count:
        del model.graph.value_info[:]
        for output in model.graph.output:
            output.type.tensor_type.ClearField("shape")
    return count


def with_float16_weights(model: onnx.ModelProto) -> int:
    """Constants of float32 => of float16 behind a Cast, in place, where float16 can hold them."""
    given = {v.name for v in model.graph.input}
    count = 0
    for tensor in list(model.graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or tensor.name in given:
            continue
        array = numpy_helper.to_array(tensor)
        if array.size < SMALL or not np.abs(array).max() <= np.finfo(np.float16).max:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float16), f"{name}/float16"))
        cast = helper.make_node("Cast", [tensor.name], [name], f"{name}/Cast", to=TensorProto.FLOAT)
        model.graph.node.insert(count, cast)
        count += 1
    return count


def with_uint8_weights(model: onnx.ModelProto) -> int:
    """DequantizeLinear(int8 constant) whose zero points are not all 0 => of uint8, 128 higher, in place;

    NNAPI takes that.
    """
    constants = {t.name: t for t in model.graph.initializer}
    count = 0
    for node in _all(model, "DequantizeLinear"):
        codes = constants.get(node.input[0])
        zero = constants.get(node.input[2]) if len(node.input) > 2 else None
        if codes is None or zero is None or codes.data_type != TensorProto.INT8:
            continue
        if numpy_helper.to_array(zero).any():
            for index, tensor in ((0, codes), (2, zero)):
                node.input[index] = _shifted(model, constants, tensor)
            count += 1
    return count


def _shifted(model: onnx.ModelProto, constants: dict[str, TensorProto], tensor: TensorProto) -> str:
    name = f"{tensor.name}/uint8"
    if name not in constants:
        array = (numpy_helper.to_array(tensor).astype(np.int16) + 128).astype(np.uint8)
        constants[name] = numpy_helper.from_array(array, name)
        model.graph.initializer.append(constants[name])
    return name


def with_counted_splits(model: onnx.ModelProto) -> int:
    """Split(x, [2, 2]) => Split{num_outputs=2}(x) from opset 18 on, in place;

    NNAPI's provider crashes on the first form.
    """
    opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
    constants = {t.name: t for t in model.graph.initializer}
    count = 0
    for node in _all(model, "Split") if opset >= 18 else ():
        sizes = constants.get(node.input[1]) if len(node.input) > 1 else None
        if sizes is not None and len(set(numpy_helper.to_array(sizes).tolist())) == 1:
            del node.input[1:]
            node.attribute.append(helper.make_attribute("num_outputs", len(node.output)))
            count += 1
    return count


@dataclass(frozen=True)
class Real:
    """The real value in the place of one that held codes, and what the codes stood for."""

    name: str
    scale: float
    zero: int


def without_quantization(model: onnx.ModelProto) -> int:
    """QuantizeLinear => Clip to the range of its codes, DequantizeLinear => nothing, its constants as float, in place.

    Ops that only move codes move real values then. Raises Refused where an op computes with codes.
    """
    graph = model.graph
    constants = {t.name: t for t in graph.initializer}
    results = {o.name for o in graph.output}
    codes: dict[str, Real] = {}
    real: dict[str, str] = {}  # what a DequantizeLinear made => the real value in its place
    kept: list[onnx.NodeProto] = []
    for node in list(graph.node):
        if _is(node, "DequantizeLinear") and node.input[0] in constants:
            graph.initializer.append(numpy_helper.from_array(_dequantized(node, constants), node.output[0]))
        elif _is(node, "DequantizeLinear") and node.input[0] in codes:
            real[node.output[0]] = codes[node.input[0]].name
            if node.output[0] in results:
                kept.append(helper.make_node("Identity", [real[node.output[0]]], [node.output[0]], node.name))
        elif _is(node, "QuantizeLinear") and node.output[0] not in results:
            clip, found = _clip(node, constants, graph, real)
            kept.append(clip)
            codes[node.output[0]] = found
        else:
            _on_real_values(node, codes, real, results, constants, graph)
            kept.append(node)
    del graph.node[:], graph.value_info[:]
    graph.node.extend(kept)
    return len(codes) + len(real)


def _on_real_values(
    node: onnx.NodeProto,
    codes: dict[str, Real],
    real: dict[str, str],
    results: set[str],
    constants: dict[str, TensorProto],
    graph: onnx.GraphProto,
) -> None:
    """The node on real values; its results are real where it moves codes.

    Raises Refused where it computes with codes.
    """
    held = [codes[name] for name in node.input if name in codes]
    if held:
        moved = {"Pad": (0, 2), "Clip": (0, 1, 2), **dict.fromkeys(("Concat", "Max", "Min"), range(len(node.input)))}
        places = moved.get(node.op_type, (0,) if node.op_type in MOVES else ())
        for index, name in enumerate(node.input):
            inside = index in places and (name in codes or name in constants or not name)
            if not inside and (name in codes or index in places):
                raise _refused(node)
            if inside and name in constants:
                node.input[index] = _constant(constants[name], held[0], graph)
        alike = all((h.scale, h.zero) == (held[0].scale, held[0].zero) for h in held)
        padded = node.op_type == "Pad" and len(node.input) < 3  # with the code 0, whatever that stands for
        if not alike or padded or any(o in results for o in node.output):
            raise _refused(node)
        codes.update({o: Real(o, held[0].scale, held[0].zero) for o in node.output})
    for index, name in enumerate(node.input):
        node.input[index] = codes[name].name if name in codes else real.get(name, name)


def _refused(node: onnx.NodeProto) -> Refused:
    return Refused(f"{node.op_type} {node.name} works on integer codes; convert the model that it was made of")


def _constant(tensor: TensorProto, like: Real, graph: onnx.GraphProto) -> str:
    """A constant of codes as real values."""
    name = f"{tensor.name}/real_{len(graph.initializer)}"
    values = (numpy_helper.to_array(tensor).astype(np.float64) - like.zero) * like.scale
    graph.initializer.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
    return name


def _dequantized(node: onnx.NodeProto, constants: dict[str, TensorProto]) -> np.ndarray:
    codes, scale = (numpy_helper.to_array(constants[name]) for name in node.input[:2])
    zero = (
        numpy_helper.to_array(constants[node.input[2]])
        if len(node.input) > 2 and node.input[2]
        else np.zeros((), np.int64)
    )
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if attributes.get("block_size"):
        raise Refused("its weights are quantized in blocks; convert the model that it was made of")
    along = [1] * codes.ndim
    if scale.size > 1:
        along[attributes.get("axis", 1)] = -1
    spread = along if codes.ndim and scale.ndim else []
    offset = zero.astype(np.float64).reshape(spread if zero.ndim else [])
    return np.asarray((codes.astype(np.float64) - offset) * scale.reshape(spread), np.float32)


def _clip(
    node: onnx.NodeProto, constants: dict[str, TensorProto], graph: onnx.GraphProto, real: dict[str, str]
) -> tuple[onnx.NodeProto, Real]:
    """What QuantizeLinear does beside rounding: no value leaves the range of its codes."""
    scale = constants.get(node.input[1])
    zero = constants.get(node.input[2]) if len(node.input) > 2 else None
    if scale is None or numpy_helper.to_array(scale).size != 1:
        raise Refused(f"the scale of {node.name} is not one constant")
    point = np.zeros((), np.uint8) if zero is None else numpy_helper.to_array(zero)
    limits = np.iinfo(point.dtype)
    step, at = float(numpy_helper.to_array(scale).flat[0]), int(point.flat[0])
    ends = sorted(((int(limits.min) - at) * step, (int(limits.max) - at) * step))  # a scale can be negative
    names = [f"{node.output[0]}/{word}" for word in ("low", "high")]
    for name, bound in zip(names, ends, strict=True):
        graph.initializer.append(numpy_helper.from_array(np.array(bound, np.float32), name))
    source = real.get(node.input[0], node.input[0])
    made = helper.make_node("Clip", [source, *names], [f"{node.output[0]}/real"], f"{node.name}/Clip")
    return made, Real(made.output[0], step, at)


def _all(model: onnx.ModelProto, op: str) -> Iterator[onnx.NodeProto]:
    return (n for n in model.graph.node if _is(n, op))


def _is(node: onnx.NodeProto, op: str) -> bool:
    return node.op_type == op and node.domain in ("", "ai.onnx", "com.microsoft")
