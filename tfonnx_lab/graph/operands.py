"""What stands as an input in `op.Conv(x, w)`, and one sentence where it can be none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph.attributes import TENSORS_OF_IR

Operand: TypeAlias = ir.Value | np.ndarray | np.generic | Sequence[Any] | float | int | bool | str | None
"""What a node takes as an input: a value, or anything that numpy turns into a constant. None is an omitted input."""


def operand(given: Any, op_type: str, position: int) -> Any:
    """What a constant is made of, as it was given to `op.<op_type>` at this position.

    Raises TypeError, with what to write instead, for what is no contents of a constant: a node, a list with values in
    it, an object that numpy makes no numbers of.
    """
    if isinstance(given, (np.ndarray, np.generic, int, float, str, *TENSORS_OF_IR)) and _plain(given):
        return given
    where = f"op.{op_type} was given {_described(given)} as its input {position}, where a value belongs"
    if isinstance(given, ir.Node):
        outputs = (
            "its output, node.outputs[0]"
            if len(given.outputs) == 1
            else "one of its outputs, for example node.outputs[0]"
        )
        raise TypeError(
            f"{where}: the inputs of the node that a handler is given are its further arguments "
            f"(def handle(op, node, x): return op.{op_type}(x)); of another node give {outputs}"
        )
    if isinstance(given, (list, tuple)):
        if any(isinstance(x, (ir.Value, ir.Node)) for x in given):
            raise TypeError(f"{where}: write several one after another, op.{op_type}(a, b), or unpack them, *values")
        if _plain(given):
            return given
    raise TypeError(f"{where}: give a value, or numbers or a string for a constant")


def _plain(given: Any) -> bool:
    """Whether numpy makes numbers, booleans or strings of it."""
    if isinstance(given, (int, float, str, *TENSORS_OF_IR)):
        return True
    try:
        return np.asarray(given).dtype.kind != "O"
    except ValueError:  # rows of different lengths
        return False


def _described(given: Any) -> str:
    if isinstance(given, ir.Node):
        return f"the node {given.name or given.op_type} ({given.op_type})"
    if isinstance(given, (list, tuple)):
        return f"a {type(given).__name__} of {len(given)}"
    return f"an object of type {type(given).__name__}"
