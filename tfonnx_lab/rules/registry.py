"""The three stages and the decorators that put rules into them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from difflib import get_close_matches
from typing import TypeVar

from tfonnx_lab.graph import INTERMEDIATE, TFLITE, TFLITE_CUSTOM
from tfonnx_lab.graph.intermediate import INTERMEDIATE_OPS
from tfonnx_lab.graph.op_schema import check_op
from tfonnx_lab.patterns import NodePattern
from tfonnx_lab.rules.options import check_options
from tfonnx_lab.rules.rule import Rule, RuleFunction
from tfonnx_lab.rules.stage import BITS, Only, Stage, When

F = TypeVar("F", bound=RuleFunction)

_BUILTIN = re.compile(r"[A-Z][A-Z0-9_]*")


REWRITERS = Stage("rewriters", ("prepare", "patterns", "activations", "quantize", "dequantize"))
HANDLERS = Stage("handlers", ("ops", BITS))
OPTIMIZERS = Stage("optimizers", ("clean", "layout", "encode", "fuse", "finish", "partition"))
STAGES = (REWRITERS, HANDLERS, OPTIMIZERS)


def rewriter(
    pattern: NodePattern | None = None,
    *,
    phase: str = "patterns",
    after: tuple[str, ...] = (),
    when: When | None = None,
    only: Only | None = None,
) -> Callable[[F], F]:
    """Register a function that converts an op pattern of the TFLite graph; without a pattern, one of the whole graph.

        @lab.rewriter(lab.tfl.ADD(lab.var("a"), lab.var("b"), name="node"))
        def add_to_itself(op, node, a, b):
            if a is not b:
                return None                                  # nothing to do
            return op.like(op.tfl.MUL(a, 2.0), node.outputs[0])  # takes the place of the output of the outermost op

    phase: one of `REWRITERS.phases`.
    after: names of rules of the phase that are tried before this one; a rule that names none is tried in the order of
    names, a user's last.
    when: says of the options of a conversion whether the rule can do anything; it is not tried where it cannot.
    only: says that of a node, for a rule that is looked at often and applies seldom; the function is called nowhere
    else and need not ask again.
    `restore("add_to_itself")` takes it out again.
    """
    return _register(REWRITERS, pattern, phase, after, when, only)


def optimizer(
    pattern: NodePattern | None = None,
    *,
    phase: str = "clean",
    after: tuple[str, ...] = (),
    when: When | None = None,
    only: Only | None = None,
) -> Callable[[F], F]:
    """Register a function that removes what is unnecessary in the ONNX graph; without a pattern, in the whole graph.

        @lab.optimizer(lab.onnx.Relu(lab.onnx.Relu(lab.var("x"), name="inner"), name="outer"))
        def merge_relus(op, x, inner, outer):
            return inner.outputs[0]    # takes the place of the output of the outermost op; None: nothing to do

    phase: one of `OPTIMIZERS.phases`.
    after, when, only: as of a rewriter.
    `restore("merge_relus")` takes it out again, `without` leaves one of the package's out for a while.
    """
    return _register(OPTIMIZERS, pattern, phase, after, when, only)


def handler(*op_types: str, custom: bool = False) -> Callable[[F], F]:
    """Register `f(op, node, *inputs)` as the handler of these TFLite ops; omitted inputs are None.

    A name in capitals is a builtin op (`CONV_2D`), another one a custom op's code; `custom` says that all of them are
    codes, for those in capitals. Yours is used in place of the package's own one, and of an earlier one of yours;
    `restore("CONV_2D")` takes it out again. Then `retry()` converts again.

        @lab.handler("SQUARED_DIFFERENCE")
        def squared_difference(op, node, a, b):
            d = op.Sub(a, b)       # op.X(...) makes the ONNX node X and returns its output
            return op.Mul(d, d)    # what takes the place of the op's output; several outputs: a list

    Numbers and numpy arrays become constants. The op's options are keyword parameters, with the schema's names and
    defaults:

        @lab.handler("LEAKY_RELU")
        def leaky_relu(op, node, x, *, alpha=0.0):
            return op.LeakyRelu(x, alpha=alpha)

    One without a default has to be there. A name that the op does not have, or another default, is a TypeError here.
    All of them are in node.attributes, too (those of a custom op in `custom_options(node)` alone). Quantized inputs
    come as real numbers where the op computes, as codes where it only moves them. Raise `Unsupported("why")` for what
    cannot be converted.
    """

    def register(function: F) -> F:
        for op_type in op_types:
            domain = TFLITE_CUSTOM if custom else _domain(op_type)
            check_options(function, domain, op_type)
            rule = Rule(HANDLERS.name, NodePattern(domain, (op_type,)), function, positional=True)
            before = HANDLERS.find(domain, op_type)
            if before is not None and not before.of_the_package and before.pattern == rule.pattern:
                HANDLERS.remove(before)
            HANDLERS.add(rule, "ops")
        return function

    return register


def restore(*names: str) -> list[str]:
    """Take your own rules out, so that the package's are in force again; returns the names of those that were.

    names: ops whose handlers, or functions that, are meant (default: all of yours).
    """
    found = []
    for stage in STAGES:
        for rule in [r for r in stage if not r.of_the_package]:
            ops = rule.pattern.op_types if rule.pattern is not None and stage is HANDLERS else ()
            if not names or rule.name in names or any(op in names for op in ops):
                stage.remove(rule)
                found.append(f"{rule.name} ({', '.join(ops)})" if ops else rule.name)
    return found


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Convert without some rules, named by their functions: `with lab.without("merge_transposes"): lab.convert(...)`.

    Raises KeyError for a name that no rule has.
    """
    with ExitStack() as stack:
        for name in names:
            found = [(stage, rule) for stage in STAGES for rule in stage if rule.name == name]
            if not found:
                near = get_close_matches(name, [rule.name for stage in STAGES for rule in stage], 3)
                raise KeyError(f"no rule is named {name!r}" + (f"; did you mean {' or '.join(near)}?" if near else ""))
            for stage, rule in found:
                stack.enter_context(stage.without(rule))
        yield


def _domain(op_type: str) -> str:
    """The dialect of an op. Raises TypeError for a name in capitals that no op has."""
    if not _BUILTIN.fullmatch(op_type):
        return TFLITE_CUSTOM
    if op_type in INTERMEDIATE_OPS:
        return INTERMEDIATE
    try:
        check_op(TFLITE, op_type)
    except AttributeError as error:
        raise TypeError(f"{error} (the code of a custom op in capitals needs `custom=True`)") from None
    return TFLITE


def _register(
    stage: Stage,
    pattern: NodePattern | None,
    phase: str,
    after: tuple[str, ...],
    when: When | None,
    only: Only | None,
) -> Callable[[F], F]:
    def register(function: F) -> F:
        stage.add(Rule(stage.name, pattern, function, when=when, only=only), phase, after)
        return function

    return register
