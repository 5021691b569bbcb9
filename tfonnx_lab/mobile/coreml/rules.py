"""What a rule of the CoreML provider is, what it may ask of a node, and what a row of the table holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import onnx
from onnx import TensorProto

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile.graph import Node, View
from tfonnx_lab.texts.docstrings import first_paragraph

Format = Literal["MLProgram", "NeuralNetwork"]
Release = Literal["1.27", "1.32"]
PROGRAM: Format = "MLProgram"
NETWORK: Format = "NeuralNetwork"
FORMATS: tuple[Format, ...] = (PROGRAM, NETWORK)
VERSIONS = (5, 6, 7, 8)
RELEASES: tuple[Release, ...] = ("1.27", "1.32")
FOLDER = "onnxruntime/core/providers/coreml/builders"

DYNAMIC = -1
FLOAT: Mapping[str, int] = {"float": 5}
DEFAULT: Mapping[str, int] = {"float": 5, "float16": 5, "int64": 5}
HALF: Mapping[str, int] = {"float": 5, "float16": 5}
ANY: Mapping[str, int] = {}


class CheckDies(Exception):
    """The provider's own check throws or crashes here, so no session is created at all.

    rule, advice: which rule's check it is, and what would help; filled in where the rule is asked.
    """

    rule = ""
    advice = ""


@dataclass(frozen=True)
class Ask:
    """One node before the rules.

    view: the graph as the provider sees it.
    format, version: of the CoreML model that it would build.
    release: whose rules.
    static: whether only static shapes are allowed (RequireStaticInputShapes).
    accepts: whether the provider takes another node.
    """

    view: View
    node: Node
    format: Format
    version: int
    release: Release
    static: bool = False
    accepts: Callable[[Node], bool] = field(default=lambda node: False, compare=False)

    @property
    def program(self) -> bool:
        """Whether the format is MLProgram."""
        return self.format == PROGRAM

    @property
    def count(self) -> int:
        """How many inputs the node lists, those that are left out in the middle or at the end among them."""
        return len(self.node.inputs)

    def has(self, position: int) -> bool:
        """Whether the input is there and not left out."""
        return position < self.count and self.node.inputs[position] != ""

    def name(self, position: int) -> str:
        """The input's value name, "" where it is left out."""
        return self.node.inputs[position] if position < self.count else ""

    def dims(self, name: str) -> tuple[int, ...] | None:
        """A value's shape, DYNAMIC for a dimension that is not known; None where not even the rank is known."""
        shape = self.view.shape(name)
        return None if shape is None else tuple(d if isinstance(d, int) else DYNAMIC for d in shape)

    def shape(self, position: int) -> tuple[int, ...]:
        """The shape of an input; the checks that every node passes first make sure that it is known."""
        return self.dims(self.name(position)) or ()

    def dtype(self, position: int) -> str:
        """The element type of an input, as ONNX writes it in lower case; "unknown" where it is not known."""
        return type_name(self.view.dtype(self.name(position)))

    def is_constant(self, position: int) -> bool:
        """Whether the input is an initializer that no graph input may override."""
        name = self.name(position)
        return name in self.view.initializers and name not in self.view.overridable

    def is_initializer(self, position: int) -> bool:
        """Whether the input is an initializer, also one that a graph input may override."""
        return self.name(position) in self.view.initializers

    def data(self, position: int) -> np.ndarray:
        """The data of an initializer. Raises ConversionError where it is stored outside of the model."""
        found = self.view.data(self.name(position))
        if found is None:
            raise ConversionError(outside(self.name(position)))
        return found

    def get(self, attribute: str, default: Any) -> Any:
        """An attribute's value, text as str, the default where it is absent."""
        value = self.node.attribute(attribute, default)
        return value.decode() if isinstance(value, bytes) else value

    def axis(self, axis: int, rank: int) -> int:
        """An axis counted from the front. Raises CheckDies outside of the rank, as HandleNegativeAxis throws."""
        if not -rank <= axis < rank:
            raise CheckDies(f"axis {axis} is not in valid range [{-rank},{rank - 1}]")
        return axis % rank


@dataclass(frozen=True)
class Rule:
    """A condition that a node must meet.

    text: the condition, as the documentation shows it.
    refuses: "" where the node meets it, else what is in the way.
    advice: what would help.
    """

    text: str
    refuses: Callable[[Ask], str]
    advice: str = ""


def rule(advice: str = "") -> Callable[[Callable[[Ask], str]], Rule]:
    """Makes a Rule of a function: the first paragraph of its docstring is the text."""

    def made(refuses: Callable[[Ask], str]) -> Rule:
        return Rule(first_paragraph(refuses).rstrip("."), refuses, advice)

    return made


@dataclass(frozen=True)
class Row:
    """What the provider takes of one op in one format.

    op: the ONNX op's name; its domain is ignored, as the provider ignores it.
    source: the builder's file.
    types: element types of input 0 with the first CoreML version that takes each; empty: the rules say it.
    rules: in the order in which the provider checks them.
    first: the lowest since-version of the op's schema.
    trivial: a partition of only such nodes is dropped.
    zero: inputs may have a dimension of 0.
    release: the ONNX Runtime release whose rules these are; later rows replace earlier ones.
    """

    op: str
    format: Format
    source: str
    types: Mapping[str, int]
    rules: tuple[Rule, ...] = ()
    first: int = 1
    trivial: bool = False
    zero: bool = False
    release: Release = "1.27"

    @property
    def never(self) -> bool:
        """Whether the op is written for the other format only."""
        return bool(self.rules) and self.rules[0].text.startswith("never")


def outside(name: str) -> str:
    """What is said of a constant whose data is in a file beside the model that was not loaded with it."""
    return f"the data of the constant {name!r} is stored outside of the model: give the file's path, or onnx.load(path)"


def type_name(dtype: int) -> str:
    """`TensorProto.FLOAT => "float"`; "unknown" for what is no element type."""
    return TensorProto.DataType.Name(dtype).lower() if dtype in TensorProto.DataType.values() and dtype else "unknown"


def type_number(name: str) -> int:
    """`"float" => TensorProto.FLOAT`."""
    return int(onnx.TensorProto.DataType.Value(name.upper()))


def refused(form: Format) -> Rule:
    """A rule that no node meets: the op is written for the other format only."""
    other = NETWORK if form == PROGRAM else PROGRAM
    text = f"never: the provider writes this op for {other} only"
    return Rule(text, lambda ask: f"the provider writes {ask.node.op} for {other} only", f'format="{other}"')


def both(
    ops: str,
    source: str,
    *rules: Rule,
    network: tuple[Rule, ...] = (),
    program: tuple[Rule, ...] = (),
    types: Mapping[str, int] = DEFAULT,
    **more: Any,
) -> tuple[Row, ...]:
    """Rows of the same ops in both formats: `rules` for both, then those of one format.

    NeuralNetwork takes float only.
    """
    return tuple(
        row
        for op in ops.split()
        for row in (
            Row(op, PROGRAM, source, types, (*rules, *program), **more),
            Row(op, NETWORK, source, _without_half(types), (*rules, *network), **more),
        )
    )


def program_only(
    ops: str, source: str, *rules: Rule, types: Mapping[str, int] = DEFAULT, **more: Any
) -> tuple[Row, ...]:
    """Rows of ops that only MLProgram has; their builders refuse NeuralNetwork."""
    return tuple(
        row
        for op in ops.split()
        for row in (
            Row(op, PROGRAM, source, types, rules, **more),
            Row(op, NETWORK, source, _without_half(types), (refused(NETWORK),), **more),
        )
    )


def network_only(ops: str, source: str, *rules: Rule, types: Mapping[str, int] = FLOAT, **more: Any) -> tuple[Row, ...]:
    """Rows of ops that only NeuralNetwork has; MLProgram refuses them before it looks at their inputs."""
    return tuple(
        row
        for op in ops.split()
        for row in (
            Row(op, PROGRAM, source, ANY, (refused(PROGRAM),), **more),
            Row(op, NETWORK, source, types, rules, **more),
        )
    )


def _without_half(types: Mapping[str, int]) -> Mapping[str, int]:
    """What NeuralNetwork keeps of the types that BaseOpBuilder checks: float. Rows that differ are written out."""
    return FLOAT if types in (DEFAULT, HALF) else types
