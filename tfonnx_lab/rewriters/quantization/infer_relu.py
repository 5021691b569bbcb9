"""--dequantize: what clamped codes did for the real values, ReLU, ReLU6 and RELU_N1_TO_1 now do; told from the ranges.

Ops: REAL_RANGE.
"""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.arithmetic.activations import BOUNDS
from tfonnx_lab.graph import ORIGIN, OpBuilder, all_nodes
from tfonnx_lab.graph.meta import DATA_RANGE, SURVEY
from tfonnx_lab.patterns import intermediate
from tfonnx_lab.rewriters.quantization.bounds import bounds, stated_range
from tfonnx_lab.rewriters.quantization.survey import ACTIVATED, EXACT, Survey, survey
from tfonnx_lab.rules import Miss, rewriter


@rewriter(phase="activations")
def survey_activations(op: OpBuilder) -> None:
    """All ranges and fused activations of the file => what `infer_relu` weighs a single range against."""
    if op.options.dequantize and op.options.infer_relu == "auto":
        op.editor.describe(op.editor.model, SURVEY, survey(all_nodes(op.editor.graph)))


@rewriter(intermediate.REAL_RANGE(..., name="node"), phase="dequantize")
def infer_relu(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """REAL_RANGE 0..6 of CONV_2D => RELU6, of 0..x => RELU, of -1..1 => RELU_N1_TO_1."""
    if op.options.infer_relu == "off":
        return None
    x, out = node.inputs[0], node.outputs[0]
    assert x is not None
    low, high, scale = stated_range(out)
    shown = f"{low:.4g}..{high:.5g}, step {scale:.3g}"
    found: Survey = op.editor.model.meta.get(SURVEY, Survey())
    activation, why = matching(low, high, scale, found)
    if activation is None:
        return None
    if _fused(node):
        return None  # the activation that the file names has a range of its own, where this is told
    try:
        activation, more = _confirmed(activation, x, out, scale, found)
    except Miss as miss:
        raise Miss(f"{shown}: no {activation}, {miss}") from None
    assert x.producer() is not None
    op.note(f"{shown}: {activation} after {x.producer().op_type}, {more or why}")  # type: ignore[union-attr]
    made = op.like(op.tfl.node(activation, [x], {}, name=f"{node.name}/{activation}").outputs[0], out)
    op.editor.describe(made, DATA_RANGE, (low, high))
    return made


@rewriter(intermediate.REAL_RANGE(..., name="node"), phase="dequantize", after=("infer_relu",))
def drop_range(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """REAL_RANGE(x) => x."""
    x = node.inputs[0]
    if x is not None:
        op.editor.describe(x, DATA_RANGE, stated_range(node.outputs[0])[:2])
    return x


_LOOSE = 1.01
"""Half a step, and what float32 makes of the ends of a range."""


def matching(low: float, high: float, scale: float, found: Survey) -> tuple[str | None, str]:
    """The activation whose range this is, and what says so.

    A range that min/max calibration took from a RELU6 ends at 6 to the last digits. One a little below it, within half
    a step, is what a moving average leaves, or chance: the other ranges of the file tell.
    """
    near = scale / 2
    if abs(low) <= near and high > near:
        if -EXACT * 10 <= high / 6 - 1 <= EXACT:
            return "RELU6", "its range ends at 6" + ("" if abs(high / 6 - 1) <= EXACT else " to a ten-thousandth")
        if 6 - near <= high < 6 and found.drifts:
            return "RELU6", f"{found.sixes} ranges of the file end there"
        return "RELU", "its codes begin at zero"
    if abs(low + 1) <= near * _LOOSE and abs(high - 1) <= near * _LOOSE:
        return "RELU_N1_TO_1", "its range is -1 to 1"
    return None, ""


def _confirmed(activation: str, x: ir.Value, out: ir.Value, scale: float, found: Survey) -> tuple[str, str]:
    """The activation, or a weaker one, and the further evidence for it. Raises Miss with the evidence against it."""
    maker = x.producer()
    if maker is None:
        raise Miss("it is an input")
    if maker.op_type in BOUNDS:
        raise Miss(f"the file names {maker.op_type} there")
    if maker.op_type not in ACTIVATED:
        raise Miss(f"{maker.op_type} takes none")
    after = {user.op_type for user, _ in out.uses()}
    if after and after <= set(BOUNDS):
        raise Miss(f"{' and '.join(sorted(after))} follows it")
    low, high = bounds(x)
    more = ""
    if activation == "RELU6" and high <= 6 + scale / 2:
        activation, more = "RELU", f"the ops before bound it to at most {high:.4g}"
    if activation == "RELU" and low >= -scale / 2:
        raise Miss(f"{maker.op_type} of these inputs is never negative")
    if activation == "RELU_N1_TO_1" and low >= -1 - scale and high <= 1 + scale:
        raise Miss(f"the ops before bound it to {low:.4g}..{high:.4g}")
    if activation == "RELU6":
        _not_leaked(out)
        if (sum_behind := _sum_to_six(out)) is None:
            return activation, more
        activation, more = "RELU", f"the {sum_behind.op_type} behind it ends at 6, too, which does the rest"
    if activation == "RELU_N1_TO_1" and _is_output(out):
        raise Miss("it is an output, whose range says what the data was")
    if found.kept:
        raise Miss(f"the file names the activation of {found.kept}, which its codes imply, too: it leaves none out")
    return activation, more


def _not_leaked(out: ir.Value) -> None:
    """TensorFlow's converter can give the range of a sum's RELU6 to an operand, where a join has widened the sum's
    own."""
    for user, _ in out.uses():
        if user.op_type in ("ADD", "SUB", "MUL", "DIV") and _fused(user) == "RELU6":
            raise Miss(f"the {user.op_type} that reads it names RELU6 though its range is another: this one may be its")


def _sum_to_six(out: ir.Value) -> ir.Node | None:
    """The only reader, if it adds what is never negative, and its result ends at six: RELU6(a + RELU(b)), which is
    RELU6(a + RELU6(b)). TensorFlow's converter gives b the range of the sum in both."""
    users = list(out.uses())
    if len(users) != 1 or users[0][0].op_type != "ADD":
        return None
    user, index = users[0]
    ends = [
        v for after, _ in user.outputs[0].uses() if after.op_type in ("QUANTIZE", "REAL_RANGE") for v in after.outputs
    ]
    if len(ends) != 1 or len(user.inputs) != 2 or bounds(user.inputs[1 - index])[0] < 0:
        return None
    low, high, scale = stated_range(ends[0])
    return user if matching(low, high, scale, Survey())[0] == "RELU6" else None


def _fused(node: ir.Node) -> str:
    """The activation that was fused into the op and stands behind it now."""
    users = [user for user, _ in node.outputs[0].uses()]
    if len(users) != 1 or users[0].meta.get(ORIGIN) != node.meta.get(ORIGIN):
        return ""
    return users[0].op_type if users[0].op_type in BOUNDS else _fused(users[0])


def _is_output(value: ir.Value) -> bool:
    """Whether the value is an output, or becomes one by a QUANTIZE or by ops that only move it."""
    seen, queue = set(), [value]
    while queue:
        found = queue.pop()
        if found.is_graph_output():
            return True
        for user, _ in found.uses():
            if user.op_type in ("QUANTIZE", "DEQUANTIZE", "REAL_RANGE", "RESHAPE", "SQUEEZE") and user not in seen:
                seen.add(user)
                queue.extend(user.outputs)
    return False
