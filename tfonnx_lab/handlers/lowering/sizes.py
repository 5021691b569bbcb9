"""Sizes that are computed, as formulas: times * a dimension that is not known + more.

What TensorFlow writes for a tensor of open length (its shape, cut apart, times a stride, less a crop, put together
again) is often known to be the size of a tensor that is there, or that less a number.
"""

from __future__ import annotations

from dataclasses import dataclass

import onnx_ir as ir

from tfonnx_lab.graph import attr, constant_array, is_onnx, rank

_ALIKE = (
    "Abs", "Cast", "Clip", "Elu", "Erf", "Exp", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Neg", "Relu",
    "Sigmoid", "Softplus", "Sqrt", "Tanh",
)  # fmt: skip
"""Ops whose output has the sizes of their first input."""
_DEEP = 40
"""How many ops are looked at, one above the other."""


@dataclass(frozen=True)
class Size:
    """times * dimension `axis` of `root` + more; without a root, a number."""

    more: int
    times: int = 0
    root: ir.Value | None = None
    axis: int = 0

    def less(self, other: Size) -> int | None:
        """This size less another one, where that is a number whatever the dimension is."""
        same = self.times == other.times and (not self.times or (self.root is other.root and self.axis == other.axis))
        return self.more - other.more if same else None

    def scaled(self, times: int, more: int = 0) -> Size:
        """times * this + more."""
        return Size(self.more * times + more, self.times * times, self.root, self.axis)


def size_of(x: ir.Value, axis: int, deep: int = _DEEP) -> Size:
    """The size of one dimension of x, by a value further up that has the same where that is known."""
    known = None if x.shape is None else list(x.shape)[axis]
    if isinstance(known, int):
        return Size(known)
    producer = x.producer()
    above = None if producer is None or not deep or not is_onnx(producer) else _above(producer, axis)
    return Size(0, 1, x, axis) if above is None else size_of(*above, deep - 1)


def _above(producer: ir.Node, axis: int) -> tuple[ir.Value, int] | None:
    """The input of a node that has its output's size, and where."""
    x = producer.inputs[0] if producer.inputs else None
    if x is None:
        return None
    if is_onnx(producer, *_ALIKE):
        return x, axis
    if is_onnx(producer, "Transpose") and (perm := attr(producer, "perm")) is not None:
        return x, int(perm[axis])
    if is_onnx(producer, "Unsqueeze", "Squeeze") and len(producer.inputs) > 1:
        new, size = constant_array(producer.inputs[1]), rank(x)
        if new is None or size is None:
            return None
        wide = size + new.size if producer.op_type == "Unsqueeze" else size
        places = {int(a) % wide for a in new.ravel()}
        kept = [i for i in range(wide) if i not in places]
        if producer.op_type == "Squeeze":
            return x, kept[axis]
        return (x, kept.index(axis)) if axis in kept else None
    return None


def sizes_in(value: ir.Value | None, deep: int = _DEEP) -> list[Size] | None:
    """The numbers of a list (or of a scalar) of integers; None where one is computed of something else."""
    array = constant_array(value)
    if array is not None:
        return [Size(int(i)) for i in array.ravel()] if array.dtype.kind in "iu" and array.ndim < 2 else None
    producer = None if value is None else value.producer()
    if producer is None or not deep or not is_onnx(producer):
        return None
    if is_onnx(producer, "Shape"):
        return _of_shape(producer)
    parts = [sizes_in(v, deep - 1) for v in producer.inputs if v is not None]
    if not parts or parts[0] is None:
        return None
    first = parts[0]
    if is_onnx(producer, "Squeeze", "Unsqueeze", "Reshape", "Identity") or (
        is_onnx(producer, "Cast") and attr(producer, "to") in (ir.DataType.INT32, ir.DataType.INT64)
    ):
        return first
    if any(part is None for part in parts):
        return None
    if is_onnx(producer, "Concat"):
        return [size for part in parts if part is not None for size in part]
    second = parts[1] if len(parts) > 1 else None
    if is_onnx(producer, "Gather", "Slice"):
        return _taken(producer, first)
    if (
        second is not None
        and is_onnx(producer, "Add", "Sub", "Mul")
        and (len(first) == len(second) or len(second) == 1)
    ):
        return _combined(producer.op_type, first, second)
    return None


def _of_shape(producer: ir.Node) -> list[Size] | None:
    x = producer.inputs[0]
    count = None if x is None else rank(x)
    if x is None or count is None:
        return None
    return [size_of(x, i) for i in range(count)[slice(attr(producer, "start", 0), attr(producer, "end", None))]]


def _taken(producer: ir.Node, sizes: list[Size]) -> list[Size] | None:
    """Gather and Slice of a list."""
    given = [constant_array(v) for v in producer.inputs[1:]]
    if producer.op_type == "Gather":
        places = given[0]
        if places is None or any(not -len(sizes) <= int(i) < len(sizes) for i in places.ravel()):
            return None
        return [sizes[int(i)] for i in places.ravel()]
    if any(array is None or array.size != 1 for array in given):
        return None
    start, end, *more = (int(array.ravel()[0]) for array in given if array is not None)
    step = more[1] if len(more) > 1 else 1
    return sizes[start:end] if step == 1 else None


def _combined(kind: str, first: list[Size], second: list[Size]) -> list[Size] | None:
    """Sums, differences and products, with numbers on one side."""
    found = []
    for a, b in zip(first, second * (len(first) if len(second) == 1 else 1), strict=True):
        if a.root is not None and b.root is not None:
            return None
        if kind == "Mul":
            found.append(a.scaled(b.more) if b.root is None else b.scaled(a.more))
        elif kind == "Add":
            found.append(a.scaled(1, b.more) if b.root is None else b.scaled(1, a.more))
        elif b.root is None:
            found.append(a.scaled(1, -b.more))
        else:
            found.append(b.scaled(-1, a.more))
    return found
