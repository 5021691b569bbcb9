"""Faults as people make them, planted through handlers, rewriters and optimizers of a user's kind, each at one op of a
real network.

A fault is a rule that does what the package's own does, but at one op: there it turns a sign, takes another axis, pads
the other side, forgets an activation.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import onnx_ir as ir

import tfonnx_lab as lab
from tfonnx_lab.conversion import pipeline  # noqa: F401  (it brings the package's own rules)
from tfonnx_lab.graph import ORIGIN, TFLITE, OpBuilder
from tfonnx_lab.patterns import NodePattern
from tfonnx_lab.rules import HANDLERS

from .spoils import Spoil


@dataclass(frozen=True)
class Fault:
    """A kind of fault. stage: through what it is planted; ops: the TFLite or ONNX ops that can have it."""

    name: str
    stage: str
    ops: tuple[str, ...]
    spoil: Spoil

    def places(self, result: lab.Conversion, inner: Sequence[frozenset[str]], rng: random.Random) -> list[int]:
        """Two ops of a model that can have it, by number.

        inner: for each op its type, and those of the ops that it runs.
        """
        if self.stage == "optimizer":
            origins = [node.meta.get(ORIGIN, ()) for node in result.ir_model.graph if node.op_type in self.ops]
            fits = sorted({position for origin in origins if len(origin) == 1 for position in origin})
        else:
            fits = [position for position, types in enumerate(inner) if types & set(self.ops)]
        return rng.sample(fits, min(len(fits), 2))

    @contextmanager
    def planted(self, position: int) -> Iterator[list[bool]]:
        """The fault at one op of the model, as long as a `with` block lasts; the list says whether it was applied."""
        done: list[bool] = []
        rule = {"handler": _handler, "rewriter": _rewriter, "optimizer": _optimizer}[self.stage]
        rule(self, position, done)
        try:
            yield done
        finally:
            lab.restore()


def _is_at(node: ir.Node, position: int) -> bool:
    return node.meta.get(ORIGIN) == frozenset((position,))


def _handler(fault: Fault, position: int, done: list[bool]) -> None:
    for op_type in fault.ops:
        right = HANDLERS.find(TFLITE, op_type)
        assert right is not None

        def careless_handler(op: OpBuilder, node: ir.Node, *inputs: Any, _right: Any = right) -> Any:
            """Does what the package's handler does, but at one op."""
            made = _right.apply(op, node, {})
            values = [made] if isinstance(made, ir.Value) else list(made)
            if not _is_at(node, position) or done:
                return made
            spoiled = fault.spoil(op, node, values)
            done.extend([True] if spoiled is not None else [])
            return values if spoiled is None else spoiled

        careless_handler.__defaults__ = None
        careless_handler.__kwdefaults__ = {"_right": right}
        lab.handler(op_type)(_without_options(careless_handler, right))


def _without_options(function: Any, right: Any) -> Any:
    """A handler whose only arguments are the op's inputs."""

    def careless_handler(op: OpBuilder, node: ir.Node, *inputs: Any) -> Any:
        """Does what the package's handler does, but at one op."""
        return function(op, node, *inputs, _right=right)

    return careless_handler


def _rewriter(fault: Fault, position: int, done: list[bool]) -> None:
    def careless_rewriter(op: OpBuilder, node: ir.Node) -> Any:
        """Makes one op another."""
        if not _is_at(node, position) or done:
            return None
        made = fault.spoil(op, node, list(node.outputs))
        done.extend([True] if made is not None else [])
        return made

    pattern = NodePattern(TFLITE, fault.ops, name="node")
    lab.rewriter(pattern, phase="prepare")(careless_rewriter)


def _optimizer(fault: Fault, position: int, done: list[bool]) -> None:
    def careless_optimizer(op: OpBuilder, node: ir.Node) -> Any:
        """Makes one op another."""
        if not _is_at(node, position) or done:
            return None
        made = fault.spoil(op, node, list(node.outputs))
        done.extend([True] if made is not None else [])
        return made

    lab.optimizer(NodePattern("", fault.ops, name="node"), phase="finish")(careless_optimizer)
