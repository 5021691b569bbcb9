"""Why an op could not be converted, in words: an exception of Python's own explains nothing to a user."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.errors import Unsupported, is_told
from tfonnx_lab.rules import StepFailure

_REPORT = "where LiteRT runs the model, please report it, with the file"


def reason(failure: StepFailure) -> str:
    """What to tell of a rule that raised, or of an op without a handler.

    The message of an exception that a rule of this package raises on purpose is passed on unchanged. So is that of
    every exception of a user's rule, with its type, since its author reads it. What Python itself raises in a rule of
    this package means that the rule does not cover the node, and that is what is said.
    """
    error, rule = failure.error, failure.rule
    if rule is None:
        return str(error)
    where = f"[rule {failure.where}]"
    if not rule.of_the_package:
        plain = isinstance(error, (Unsupported, LookupError)) and is_told(error)
        return f"{'' if plain else f'{type(error).__name__}: '}{error} {where}"
    if is_told(error):
        return f"{error.args[0] if type(error) is KeyError else error} {where}"
    return f"{_misfit(failure)} {where}"


def _misfit(failure: StepFailure) -> str:
    """What may be wrong with a node that its rule stumbled over."""
    node, rule = failure.node, failure.rule
    assert rule is not None
    if node is None:
        return f"{type(failure.error).__name__}: {failure.error}; this rule does not cover the graph; {_REPORT}"
    wanted = rule.function.__code__.co_argcount - 2 if rule.positional else 0
    given = [v for v in node.inputs if v is not None]
    if len(given) < min(wanted, len(node.inputs) + 1) or not given:
        many = "1 input" if len(given) == 1 else f"{len(given)} inputs"
        return f"it has {many} and may lack one: its handler reads up to {wanted}; {_REPORT}"
    if unknown := _of_unknown_shape(given):
        return f"it needs to know the dimensions of {unknown}, which the file leaves open; {_REPORT}"
    return f"its inputs, outputs and options do not fit together; {_REPORT}"


def _of_unknown_shape(values: list[ir.Value]) -> str:
    """The name of the first value without all dimensions; empty where there is none."""
    for value in values:
        if value.shape is None or any(not isinstance(d, int) for d in value.shape):
            return str(value.name)
    return ""
