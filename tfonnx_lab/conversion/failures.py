"""What a failed conversion tells of each op, and of what may be done next."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from tfonnx_lab.conversion.reasons import reason
from tfonnx_lab.conversion.verification import described
from tfonnx_lab.errors import Failure, is_told
from tfonnx_lab.graph import ORIGIN, TFLITE_CUSTOM
from tfonnx_lab.graph.meta import LAYERS, PLACE
from tfonnx_lab.readers.layers import OpLayers
from tfonnx_lab.rules import StepFailure

NEXT = (
    "what next: in a notebook, lab.Lab(model) shows these ops and converts the rest; a handler for one is written in "
    'a cell under @lab.handler("OP") (help(lab.handler)), then lab.retry(). Custom ops can be kept as nodes of '
    'another domain: --custom-ops DOMAIN, custom_ops="DOMAIN"'
)
"""Told below the list of ops that could not be converted."""


def failure_of(failure: StepFailure, model: ir.Model) -> Failure:
    """The op, its place in the file, its layer where Keras told it, its tensors and the reason, of a rule that
    failed."""
    node = failure.node
    if node is None:
        return Failure("the whole graph", f"stage {failure.rule.stage if failure.rule else ''}", "", reason(failure))
    tensors = ", ".join(described(v) for v in (*node.inputs, *node.outputs))
    op = f"custom op {node.op_type}" if node.domain == TFLITE_CUSTOM else node.op_type
    return Failure(op, f"{node.meta.get(PLACE, node.name)}{_layer(node, model)}", tensors, reason(failure))


def _layer(node: ir.Node, model: ir.Model) -> str:
    """`, layer hashing (Hashing)`; empty where names of tensors alone would tell it, which is a guess."""
    told: OpLayers | None = model.meta.get(LAYERS)
    if told is None or not told.asked:
        return ""
    found = dict.fromkeys(layer for op in sorted(node.meta.get(ORIGIN, ())) for layer in told.ops.get(op, ()))
    return "".join(f", layer {x.path} ({x.kind})" if x.kind else f", layer {x.path}" for x in found)


def one_a_node(failures: Sequence[StepFailure]) -> list[StepFailure]:
    """Without those of an op that failed before: several rules may stumble over one."""
    return list({id(failure.node): failure for failure in reversed(failures)}.values())[::-1]


def said_of(error: Exception) -> str:
    """What ended a conversion outside of any rule, in words."""
    return str(error) if is_told(error) else "the conversion does not go on from here; please report it, with the file"
