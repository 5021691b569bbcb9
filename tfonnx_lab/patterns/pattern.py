"""Patterns as data, and how they match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import EllipsisType
from typing import Any, TypeAlias

import onnx_ir as ir

from tfonnx_lab.graph import INTERMEDIATE, MICROSOFT, ONNX, TFLITE, TFLITE_CUSTOM, attr
from tfonnx_lab.graph.op_schema import check_op

Bindings = dict[str, "ir.Node | ir.Value | None"]


@dataclass(frozen=True)
class Var:
    """Any value, computed or constant; bound to `name`. The same name twice must be the same value."""

    name: str

    def match(self, value: ir.Value | None, bound: Bindings) -> bool:
        """Bind the value, or compare with what is bound."""
        if self.name in bound:
            return bound[self.name] is value
        bound[self.name] = value
        return True

    def tree(self) -> dict[str, Any]:
        """The JSON form (docs/trace.md)."""
        return {"var": self.name}


@dataclass(frozen=True)
class Const(Var):
    """A constant, bound to `name`."""

    def match(self, value: ir.Value | None, bound: Bindings) -> bool:
        """Bind the value where it is a constant."""
        return value is not None and value.const_value is not None and super().match(value, bound)

    def tree(self) -> dict[str, Any]:
        """The JSON form (docs/trace.md)."""
        return {"const": self.name}


@dataclass(frozen=True)
class Any_:
    """Any value or none; not bound."""

    def match(self, value: ir.Value | None, bound: Bindings) -> bool:
        """Always."""
        return True

    def tree(self) -> dict[str, Any]:
        """The JSON form (docs/trace.md)."""
        return {"var": "_"}


@dataclass(frozen=True)
class OneOf:
    """An attribute that is one of these."""

    values: tuple[Any, ...]

    def __eq__(self, other: object) -> bool:
        return other in self.values

    def __hash__(self) -> int:
        return hash(self.values)


@dataclass(frozen=True)
class Not:
    """An attribute that is set, and none of these."""

    values: tuple[Any, ...]

    def __eq__(self, other: object) -> bool:
        return other is not None and other not in self.values

    def __hash__(self) -> int:
        return hash(self.values)


@dataclass(frozen=True)
class NodePattern:
    """A node of one of `op_types`, with these inputs (None: any) and attributes; bound to `name` where it has one.

    `commutative` also tries the two inputs the other way round; with `more` any further inputs may follow.
    """

    domain: str
    op_types: tuple[str, ...]
    inputs: tuple[Pattern, ...] | None = None
    attrs: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    commutative: bool = False
    more: bool = False

    def match(self, value: ir.Value | None, bound: Bindings) -> bool:
        """Whether the node that makes the value matches."""
        node = None if value is None else value.producer()
        if node is None or node.op_type not in self.op_types or node.domain != self.domain:
            return False
        return self._match_rest(node, bound)

    def match_node(self, node: ir.Node, bound: Bindings) -> bool:
        """Whether the node matches; fills `bound`, or leaves it as it is."""
        trial = bound.copy()
        if not self._match_node(node, trial):
            return False
        bound.update(trial)
        return True

    def found(self, node: ir.Node) -> Bindings | None:
        """What is bound where a node of the pattern's op matches, else None; the driver knows that it is of that op."""
        bound: Bindings = {}
        return bound if self._match_rest(node, bound) else None

    def _match_node(self, node: ir.Node, bound: Bindings) -> bool:
        """As `match_node`; where it does not match, what is bound is good for nothing."""
        return node.op_type in self.op_types and node.domain == self.domain and self._match_rest(node, bound)

    def _match_rest(self, node: ir.Node, bound: Bindings) -> bool:
        """All but the op; in line what most nodes need, since this is called more often than anything else."""
        if self.attrs:
            for name, want in self.attrs.items():
                if want != attr(node, name):
                    return False
        patterns = self.inputs
        if patterns is not None:
            values = node.inputs
            if len(values) != len(patterns):
                fitted = self._fitted(values)
                if fitted is None:
                    return False
                values = fitted
            if self.commutative:
                if not self._match_in_some_order(values, bound):
                    return False
            else:
                for pattern, value in zip(patterns, values):  # noqa: B905 (as many as that)
                    if not pattern.match(value, bound):
                        return False
        if self.name:
            bound[self.name] = node
        return True

    def _fitted(self, values: Sequence[ir.Value | None]) -> tuple[ir.Value | None, ...] | None:
        """As many inputs as the pattern has: those that are left out are None, further ones are what `more` allows."""
        assert self.inputs is not None
        count = len(self.inputs)
        if len(values) < count:
            return (*values, *[None] * (count - len(values)))
        return tuple(values[:count]) if self.more else None

    def _match_in_some_order(self, values: Sequence[ir.Value | None], bound: Bindings) -> bool:
        assert self.inputs is not None
        for order in (values, values[::-1]):
            trial = bound.copy()
            if all(pattern.match(value, trial) for pattern, value in zip(self.inputs, order, strict=True)):
                bound.update(trial)
                return True
        return False

    def tree(self) -> dict[str, Any]:
        """The JSON form (docs/trace.md)."""
        return {
            "op": f"{self.domain or 'onnx'}::{'|'.join(self.op_types)}",
            "name": self.name,
            "attrs": {k: _text(v) for k, v in self.attrs.items()},
            "in": None if self.inputs is None else [p.tree() for p in self.inputs],
        }


Pattern: TypeAlias = Var | Any_ | NodePattern


def _text(value: Any) -> Any:
    if isinstance(value, OneOf):
        return "|".join(map(str, value.values))
    if isinstance(value, Not):
        return "not " + "|".join(map(str, value.values))
    return value if isinstance(value, (int, float, str)) else str(value)


class Dialect:
    """Makes node patterns: `tfl.CONV_2D(...)`; `tfl["ADD", "SUB"](...)` for several op types.

    Raises AttributeError, with the near name, for a TFLite or intermediate op that does not exist.
    """

    def __init__(self, domain: str) -> None:
        self._domain = domain

    def __getattr__(self, op_type: str) -> _Maker:
        if op_type.startswith("_"):
            raise AttributeError(op_type)
        return self[op_type]

    def __getitem__(self, op_types: str | tuple[str, ...]) -> _Maker:
        names = (op_types,) if isinstance(op_types, str) else tuple(op_types)
        for name in names:
            check_op(self._domain, name)
        return _Maker(self._domain, names)


@dataclass(frozen=True)
class _Maker:
    domain: str
    op_types: tuple[str, ...]

    def __call__(
        self, *inputs: Pattern | EllipsisType, name: str = "", commutative: bool = False, **attrs: Any
    ) -> NodePattern:
        is_open = not inputs or inputs[0] is ...
        given = None if is_open else tuple(p for p in inputs if not isinstance(p, EllipsisType))
        more = given is not None and inputs[-1] is ...
        return NodePattern(self.domain, self.op_types, given, attrs, name, commutative, more)


tfl = Dialect(TFLITE)
custom = Dialect(TFLITE_CUSTOM)
intermediate = Dialect(INTERMEDIATE)
onnx = Dialect(ONNX)
ms = Dialect(MICROSOFT)


def var(name: str) -> Var:
    """Any value."""
    return Var(name)


def const(name: str) -> Const:
    """A constant."""
    return Const(name)


def one_of(*values: Any) -> OneOf:
    """An attribute that is one of these."""
    return OneOf(values)


def not_(*values: Any) -> Not:
    """An attribute that is set, and none of these."""
    return Not(values)
