"""Types of values as ONNX's schemas and ONNX Runtime's kernels write them: `tensor(float)`."""

from __future__ import annotations

from collections.abc import Iterable

import onnx_ir as ir

_WORD = {ir.DataType.FLOAT: "float", ir.DataType.DOUBLE: "double"}
_PLAIN = {"float": "float32", "double": "float64"}

WORDS = {dtype: f"tensor({_WORD.get(dtype, dtype.name.lower())})" for dtype in ir.DataType if dtype.name != "UNDEFINED"}
"""Element type => the type of a tensor of it."""

FLOATS = frozenset(WORDS[d] for d in (ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.FLOAT16, ir.DataType.BFLOAT16))


def type_of(value: ir.Value | None) -> str:
    """The type of a value; empty where there is none, or it is not known."""
    return "" if value is None else text_of(value.type)


def text_of(kind: ir.TypeProtocol | None) -> str:
    """A type of onnx_ir as text: `seq(tensor(float))`; empty for None."""
    if kind is None:
        return ""
    if type(kind) is ir.TensorType:
        return WORDS.get(kind.dtype, "")
    for outer, word in (
        (ir.SequenceType, "seq"),
        (ir.OptionalType, "optional"),
        (ir.SparseTensorType, "sparse_tensor"),
    ):
        if isinstance(kind, outer):
            inner = kind.elem_type
            return (
                f"{word}({text_of(inner)})" if not isinstance(inner, ir.DataType) else f"{word}({WORDS[inner][7:-1]})"
            )
    return ""


def plain(text: str) -> str:
    """`tensor(float)` => `float32`, as people write it."""
    inner = text[7:-1] if text.startswith("tensor(") else text
    return _PLAIN.get(inner, inner)


def listed(types: Iterable[str]) -> str:
    """The dtypes of a set as a list to read, floats first."""
    known = {text for text in types if text.startswith("tensor(")}
    return ", ".join(plain(t) for t in sorted(known, key=lambda t: (t not in FLOATS, t)))
