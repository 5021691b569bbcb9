"""Checks that the converted model runs: of the finished graph, and in ONNX Runtime where `verify=` says so.

The graph is checked here. What loads and runs a model stands on a floor above (`runtime/verify.py`) and is put into
`Conversion.verifiers` by the public face, so that a conversion needs no runtime.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import onnx_ir as ir

from tfonnx_lab.conversion.options import Options
from tfonnx_lab.errors import ConversionError, Failure
from tfonnx_lab.graph import Editor, all_nodes
from tfonnx_lab.graph.meta import PLACE
from tfonnx_lab.readers import read_tflite
from tfonnx_lab.validity import Problem, check_model

if TYPE_CHECKING:
    from tfonnx_lab.conversion.result import Conversion

_INVALID = (
    "what next: where the file is damaged, get it again; where a handler or rule of yours made the node, mend that; "
    "else please report this, with the file"
)


def invalid(model: ir.Model, source: Any, options: Options) -> tuple[Failure, ...]:
    """What ONNX Runtime would refuse in a converted graph, each with the TFLite op that it came from.

    Shapes that the file states wrongly, and that LiteRT computes itself, are replaced by the right ones.

    source: what was converted, and is read again to name the ops, where there is something to say.
    options: of the conversion; a portable model is for other runtimes, so nobody asks this one for kernels.
    """
    found = check_model(model, kernels=options.target != "portable")
    editor = Editor(model)
    for value, shape in found.stale:
        editor.retype(value, shape=ir.Shape(shape))
    problems = found.problems
    return _named(problems, source, options.signature) if problems else ()


def _named(problems: Iterable[Problem], source: Any, signature: str | None) -> tuple[Failure, ...]:
    names = {n.meta.get(PLACE): n.op_type for n in all_nodes(read_tflite(source, signature).graph)}
    return tuple(_failure(problem.node, problem.reason, names) for problem in problems)


def _failure(node: ir.Node | None, reason: str, names: dict[Any, str]) -> Failure:
    if node is None:
        return Failure("the whole graph", "the finished ONNX graph", "", reason)
    place = node.meta.get(PLACE)
    op = names.get(place, node.op_type)
    tensors = ", ".join(described(v) for v in (*node.inputs, *node.outputs))
    return Failure(op, str(place or node.name), tensors, f"its ONNX node {node.op_type} is not valid: {reason}")


def described(value: ir.Value | None) -> str:
    """A value for messages: name, dtype, shape."""
    if value is None:
        return "-"
    dtype = value.dtype.name.lower() if value.dtype is not None else "?"
    shape = "?" if value.shape is None else ",".join("?" if str(d) == "None" else str(d) for d in value.shape)
    return f"{value.name} {dtype}[{shape}]"


def refused(name: str, failures: Sequence[Failure], trace: Any) -> ConversionError:
    """The error of a conversion whose result does not run."""
    many = "an op" if len(failures) == 1 else f"{len(failures)} ops"
    return ConversionError(f"{name}: the result is no valid ONNX model because of {many}", failures, _INVALID, trace)


def verify(result: Conversion, on_error: str) -> None:
    """Load or run the result as its options ask, and write down what was found (`result.verified`).

    on_error: "keep" adds what ONNX Runtime says to the failures of the result, "raise" raises it.
    Raises ConversionError where ONNX Runtime refuses the model. A model with unconverted ops is not loaded; one with
    ops of a domain of the user's own cannot be loaded here, and `verified` says so.
    """
    asked = result.options.verify
    if asked == "graph" or result.failures:
        return
    if asked not in result.verifiers:
        raise ConversionError(f"{result.name}: verify={asked!r} is for conversions by `tfonnx_lab.convert`")
    try:
        result.verified = result.verifiers[asked](result)
    except ConversionError as error:
        if on_error == "raise":
            raise
        result.failures = (Failure("the whole graph", "the finished ONNX graph", "", str(error)),)
