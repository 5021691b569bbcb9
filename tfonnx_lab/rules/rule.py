"""A rule: a pattern, a function that returns what takes the match's place, its doc line and where it is written."""

from __future__ import annotations

import inspect
import linecache
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import onnx_ir as ir

from tfonnx_lab.graph import TFLITE_CUSTOM, OpBuilder
from tfonnx_lab.patterns import NodePattern
from tfonnx_lab.patterns.pattern import Bindings
from tfonnx_lab.rules.options import bound as bound_options
from tfonnx_lab.rules.options import keywords
from tfonnx_lab.texts.docstrings import first_paragraph

Result: TypeAlias = ir.Value | Sequence[ir.Value | None] | bool | None
"""What takes the place of the root's outputs; None: nothing to do.

A whole-graph rule says with True that it did something.
"""
RuleFunction: TypeAlias = Callable[..., Result]

_PACKAGE = Path(__file__).resolve().parent.parent


class Miss(Exception):
    """Raised by a rule that almost applies, with the reason why it does not."""


@dataclass(frozen=True, eq=False)
class Rule:
    """One rule. `apply(op, root, bound)` builds on `op.tape` and returns the values that replace the root's outputs.

    pattern: what to look for; None for a rule of the whole graph, which is called with `op` alone and uses `op.editor`.

    positional: the function takes (op, root, *inputs of the root) as handlers do, instead of the bindings by name; its
    keywords are options of the root (`rules/options.py`).

    when: says of a conversion's options whether the rule can do anything; None: it can.

    only: says of a node, before the pattern is tried, whether the rule can do anything there; None: it can.
    """

    stage: str
    pattern: NodePattern | None
    function: RuleFunction
    positional: bool = False
    when: Callable[[Any], bool] | None = None
    only: Callable[[ir.Node], bool] | None = None

    def matched(self, node: ir.Node) -> Bindings | None:
        """What the pattern binds at a node of its op; None where the rule is not called."""
        assert self.pattern is not None
        return None if self.only is not None and not self.only(node) else self.pattern.found(node)

    def concerns(self, options: Any) -> bool:
        """Whether the rule can do anything under these options of a conversion; None stands for any."""
        return self.when is None or options is None or self.when(options)

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__

    @property
    def doc(self) -> str:
        """The first paragraph of the docstring, `before => after`, as one line."""
        return first_paragraph(self.function)

    @property
    def file(self) -> str:
        """The source file, relative to the package where it is inside; of a notebook's function `your cell 5`."""
        name = inspect.getsourcefile(self.function) or "?"
        path = Path("?" if name.startswith("<") else name)  # from 3.13 on the text of `python -c` has a name
        if cell := _cell_of(self.function.__code__.co_filename):
            return cell
        return path.relative_to(_PACKAGE).as_posix() if path.is_relative_to(_PACKAGE) else str(path)

    @property
    def line(self) -> int:
        """The line of the source file where the function starts, its decorators included."""
        return self.function.__code__.co_firstlineno

    def place(self, line: int | None = None) -> str:
        """`handlers/conv.py:31`, or `your cell 5, line 3`; the line where the function starts, or another one."""
        apart = ", line " if self.file.startswith("your cell") else ":"
        return f"{self.file}{apart}{self.line if line is None else line}"

    @property
    def of_the_package(self) -> bool:
        """Whether the rule is one of tfonnx_lab's own, and not a user's."""
        return (self.function.__module__ or "").split(".")[0] == _PACKAGE.name

    @cached_property
    def source(self) -> str:
        """The source text, as it is when it is first asked for; empty where it is not to be had."""
        try:
            return inspect.getsource(self.function)
        except (OSError, TypeError):
            lines = linecache.getlines(self.function.__code__.co_filename)
            return "".join(inspect.getblock(lines[self.line - 1 :])) if lines else ""

    def apply(self, op: OpBuilder, root: ir.Node, bound: Bindings) -> Result:
        """Call the function with what was matched."""
        if self.positional:
            return self.function(op, root, *self._arguments(root), **bound_options(self._options, root))
        if "_" in bound:
            bound = {k: v for k, v in bound.items() if k != "_"}
        return self.function(op, **bound)

    @cached_property
    def _options(self) -> dict[str, Any]:
        """The options that the function wants, with their defaults; none of a custom op, which has its own way."""
        custom = self.pattern is None or self.pattern.domain == TFLITE_CUSTOM
        return {} if custom else keywords(self.function)

    def _arguments(self, root: ir.Node) -> list[ir.Value | None]:
        """The root's inputs, filled up with None to as many as the function takes."""
        inputs: list[ir.Value | None] = list(root.inputs)
        code = self.function.__code__
        wanted = code.co_argcount - 2
        if code.co_flags & inspect.CO_VARARGS:
            return inputs + [None] * (wanted - len(inputs))
        return (inputs + [None] * wanted)[:wanted]


def as_values(result: Result, root: ir.Node) -> list[ir.Value | None]:
    """What a rule returned as one value for each output of the root.

    Raises ValueError where the number is another, TypeError where something else than values was returned.
    """
    if type(result) is ir.Value and len(root.outputs) == 1:  # what nearly all return, told without the checks below
        return [result]
    several = isinstance(result, Sequence) and not isinstance(result, str)
    values: list[Any] = [] if isinstance(result, bool) else list(result) if several else [result]  # type: ignore[arg-type]
    for value in values:
        if value is not None and not isinstance(value, ir.Value):
            kind = (
                f"the node {value.op_type}"
                if isinstance(value, ir.Node)
                else f"an object of type {type(value).__name__}"
            )
            raise TypeError(
                f"the rule returned {kind} for an output of {root.op_type}; return a value: what op.Add(x, y) gives, "
                "node.outputs[0], or op.const(...)"
            )
    if len(values) != len(root.outputs):
        wanted = "1 output" if len(root.outputs) == 1 else f"{len(root.outputs)} outputs"
        raise ValueError(f"the rule returned {len(values)} values for {wanted} of {root.op_type}")
    return values


def _cell_of(filename: str) -> str:
    """`your cell 5` for code of a notebook, which stands in no file that a person knows; else empty."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    known = getattr(getattr(shell, "compile", None), "_filename_map", {})
    return f"your cell {known[filename]}" if filename in known else ""
