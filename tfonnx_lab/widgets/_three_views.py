"""One tensor three times: in its TFLite op, between the Q/DQ nodes in ONNX, at the kernel of ONNX Runtime."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import onnx_ir as ir

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.graph import ORIGIN, TENSORS, constant_array, quantization
from tfonnx_lab.runtime import Group, runtime_report

View = dict[str, Any]
"""What a column shows: `inputs` and `codes` (the tensor itself) as formulas, `before`, `op` and `after` as boxes,
`note`."""

_CLAMPS = ("Relu", "Clip")
_WEIGHTED = re.compile("CONV|FULLY|Conv|Gemm|MatMul")
_INDICES = (ir.DataType.INT64, ir.DataType.INT32, ir.DataType.BOOL)

_BETWEEN = ("Clip", "DequantizeLinear", "Flatten", "Relu", "Reshape", "Squeeze", "Transpose", "Unsqueeze")
"""What can stand behind the op that computes a tensor and still be part of it."""

EMPTY: View = {"inputs": [], "before": "", "op": "", "after": "", "codes": "", "note": ""}
GONE = EMPTY | {"note": "merged away: its codes are held in another tensor"}


def tflite(node: Any, value: Any, values: dict[int, Any]) -> View:
    """The op that makes the tensor, as the file has it; records of the trace."""
    if node is None:
        return EMPTY | {"codes": _record(value), "note": "an input of the model"}
    fused = node["attrs"].get("fused_activation_function", "NONE")
    op = node["op"] + (f" + {fused}" if fused != "NONE" else "")
    constant = "weights" if _WEIGHTED.search(node["op"]) else "constant"
    inputs = [_record(values[v], constant) for v in node["in"] if v is not None and values[v]["dtype"] != "INT32"]
    bias = sum(v is not None and values[v]["dtype"] == "INT32" and values[v]["quant"] is not None for v in node["in"])
    inputs += ["bias, int32"] * bias
    return EMPTY | {"inputs": inputs, "op": op, "codes": _record(value), "note": f"op {node['origin'][0]} of the file"}


def _record(value: Any, constant: str = "constant") -> str:
    quant = value["quant"]
    dtype = str(value["dtype"]).lower()
    if quant is None:
        return dtype
    what = f"{constant}, " if value["const"] is not None else ""
    if len(quant["scale"]) > 1:
        return f"{what}{dtype}: {len(quant['scale'])} scales"
    return f"{what}{dtype}: {formula(quant['scale'][0], quant['zero_point'][0])}"


def formula(scale: float, zero: int) -> str:
    """`0.0235 * (q - 128)`."""
    return f"{scale:.4g} * " + ("q" if zero == 0 else f"(q - {zero})" if zero > 0 else f"(q + {-zero})")


def onnx_and_runtime(result: Conversion) -> dict[str, tuple[View, View]]:
    """TFLite tensor => how the ONNX graph holds it, and what ONNX Runtime makes of the op that computes it."""
    found: dict[str, tuple[View, View]] = {}
    groups = _groups(result)
    graph = result.ir_model.graph
    for value in (*graph.inputs, *(v for node in graph for v in node.outputs)):
        for name, _ in value.meta.get(TENSORS, ()):
            if name not in found and value.dtype is not None:
                view = _onnx(value)
                found[name] = view, _runtime(value, view, groups.get(_coded(value).name or ""))
    return found


def _groups(result: Conversion) -> dict[str, Group]:
    """Value => the group that makes it, where ONNX Runtime can load the model."""
    try:
        return {
            name: group
            for group in runtime_report(result.model, result.options.target).groups
            for name in group.outputs
        }
    except Exception:  # ONNX Runtime's errors share no base class
        return {}


def _onnx(value: ir.Value) -> View:
    codes = _value(value)
    node = value.producer()
    if node is None:
        return EMPTY | {"codes": codes, "note": "an input of the graph"}
    inner, after = _peeled(node)
    if inner is None:
        return EMPTY | {"inputs": ["float32"], "after": ", ".join(after), "codes": codes}
    ops = [inner.op_type]
    while ops[0] in _CLAMPS and (maker := _maker(inner)) is not None and _same_op(inner, maker):
        inner = maker
        ops.insert(0, inner.op_type)
    sources = [_source(v, inner.op_type) for v in inner.inputs if v is not None]
    if not after and not any(dequantized for _, dequantized in sources) and len(written := _written_out(inner)) > 1:
        return EMPTY | {"op": " + ".join(written), "codes": codes, "note": "written out: no kernel takes these codes"}
    return EMPTY | {
        "inputs": [text for text, _ in sources if text],
        "before": "DequantizeLinear" if any(dequantized for _, dequantized in sources) else "",
        "op": " + ".join(ops),
        "after": ", ".join(after),
        "codes": codes,
    }


def _peeled(node: ir.Node) -> tuple[ir.Node | None, list[str]]:
    """The node that computes the tensor, None where its real values come in, and what stands between, the last at the
    end."""
    after: list[str] = []
    at: ir.Node | None = node
    while at is not None and (at.op_type == "QuantizeLinear" or at.op_type in _BETWEEN):
        above = _maker(at)
        if at.op_type != "QuantizeLinear" and (above is None or not _same_op(at, above)):
            return at, after
        after.insert(0, at.op_type)
        at = above
    return at, after


def _maker(node: ir.Node) -> ir.Node | None:
    return node.inputs[0].producer() if node.inputs and node.inputs[0] is not None else None


def _same_op(a: ir.Node, b: ir.Node) -> bool:
    """Whether both came of one TFLite op."""
    return bool(a.meta.get(ORIGIN, frozenset()) & b.meta.get(ORIGIN, frozenset()))


def _coded(value: ir.Value) -> ir.Value:
    """The codes that the computing op's QuantizeLinear makes, which ONNX Runtime's groups are known by."""
    node = value.producer()
    while (
        node is not None and node.op_type in _BETWEEN and (above := _maker(node)) is not None and _same_op(node, above)
    ):
        node = above
    source = node
    while node is not None and node.op_type == "QuantizeLinear" and (above := _maker(node)) is not None:
        if above.op_type != "DequantizeLinear" or (deeper := _maker(above)) is None or not _same_op(node, above):
            break
        source = node = deeper
    return value if source is None else source.outputs[0]


def _written_out(node: ir.Node, most: int = 5) -> list[str]:
    """The op types that one TFLite op became, where no Q and DQ stand around one op, first to last."""
    found: dict[str, None] = {}
    queue, seen = [node], {node}
    for at in queue:
        found[at.op_type] = None
        for x in at.inputs:
            above = None if x is None else x.producer()
            if above is not None and above not in seen and _same_op(at, above):
                seen.add(above)
                queue.append(above)
    kinds = list(found)[::-1]
    return kinds if len(kinds) <= most else [*kinds[: most - 1], "..."]


def _source(value: ir.Value, op: str) -> tuple[str, bool]:
    """An input of an op in words (none for parameters such as shapes), and whether a DequantizeLinear gives it."""
    node = value.producer()
    if node is not None and node.op_type == "DequantizeLinear" and node.inputs[0] is not None:
        scale, zero = constant_array(node.inputs[1]), constant_array(node.inputs[2]) if len(node.inputs) > 2 else None
        codes = node.inputs[0]
        dtype = "" if codes.dtype is None else codes.dtype.name.lower()
        constant = "bias, " if dtype == "int32" else "weights, " if _WEIGHTED.search(op) else "constant, "
        what = "" if codes.const_value is None else constant
        if scale is None or scale.size != 1:
            return f"{what}{dtype}: {'computed scale' if scale is None else f'{scale.size} scales'}", True
        return f"{what}{dtype}: {formula(float(scale.flat[0]), 0 if zero is None else int(zero.flat[0]))}", True
    if value.const_value is not None and quantization(value) is None:
        return ("float32 constant" if value.dtype == ir.DataType.FLOAT else ""), False
    return ("" if value.dtype in _INDICES else _value(value)), False


def _value(value: ir.Value) -> str:
    dtype = "" if value.dtype is None else value.dtype.name.lower()
    quant = quantization(value)
    if quant is None or value.dtype == ir.DataType.FLOAT:
        return "float32" if dtype == "float" else dtype
    return f"{dtype}: {quant.formula()}"


def _runtime(value: ir.Value, view: View, group: Group | None) -> View:
    """The ONNX column with the kernel in place of what it swallows."""
    if value.producer() is None:
        return view | {"note": "the codes come in as they are"}
    if group is None:
        return view
    kernel = group.kernel or view["op"]
    if group.quantized and not group.integer:
        return view | {"note": f"stays float: {group.reason}"}
    if group.integer:
        rest = view["after"].removeprefix("QuantizeLinear").removeprefix(", ")
        note = "moves codes as they are" if kernel == view["op"] else "computes on integers"
        return view | {"before": "", "op": kernel, "after": rest, "kernel": True, "note": note}
    if view["note"]:
        return view
    on_codes = quantization(value) is not None and not view["after"] and value.dtype != ir.DataType.FLOAT
    return view | {
        "op": kernel,
        "kernel": on_codes,
        "note": "moves codes as they are" if on_codes else "computes in float",
    }


def as_lines(view: View) -> Sequence[str]:
    """A column as text."""
    return [t for t in (*view["inputs"], view["before"], view["op"], view["after"], view["codes"], view["note"]) if t]
