"""`%load_ext tfonnx_lab`: `%tflite2onnx model.tflite` converts and shows, `%%handler OP` registers a cell's
function."""

from __future__ import annotations

import argparse
import ast
import difflib
import os
import shlex
import types
from pathlib import Path
from typing import Any, NoReturn

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.display import display

from tfonnx_lab.commands.cli import save_failed_trace
from tfonnx_lab.commands.flags import add_options, joined, options_of
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.files import check_targets


def register(shell: InteractiveShell) -> None:
    """Add the magics to a shell."""
    shell.register_magics(LabMagics)


class _Parser(argparse.ArgumentParser):
    """A parser that ends neither the kernel nor the cell with more than one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; %tflite2onnx --help lists the options")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise _Answered


class _Answered(Exception):
    """The help was asked for and printed."""


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="%tflite2onnx", description="Convert a model to ONNX and show its steps.")
    parser.add_argument(
        "model", help="a model's file or folder (with spaces in it: in quotes), or the name of a variable"
    )
    add_options(parser)
    parser.add_argument("--output", metavar="FILE", help="also write the ONNX file")
    parser.add_argument("--trace", metavar="FILE", help="also write the trace (.tfltrace)")
    parser.add_argument(
        "--mobile", action="store_true", help="ask what a phone would do with it: the lab at its tab Mobile"
    )
    return parser


@magics_class
class LabMagics(Magics):
    """The magics of the lab."""

    @line_magic
    def tflite2onnx(self, line: str) -> Any:
        """Convert a model, show its steps, return the Conversion: `result = %tflite2onnx model.tflite --opset 18`.

        Takes the options of `tfonnx-lab convert`. Ops that cannot be converted stay in the graph, as failed steps; what
        ends the conversion is shown with the steps up to it, and `--trace` writes those.
        """
        from tfonnx_lab.conversion.pipeline import convert

        arguments = result = None
        try:
            arguments = _parser().parse_args(joined(_words(line)))
            paths = [_path(name) for name in (arguments.output, arguments.trace) if name]
            source = self._source(arguments.model)
            check_targets(paths, [source] if isinstance(source, Path) else [])
            result = convert(source, on_error="keep", **options_of(arguments))
            (self._show_mobile if arguments.mobile else self._show)(result)
            if arguments.trace:
                result.trace.save(_path(arguments.trace))
            if arguments.output:
                result.save(_path(arguments.output))
        except _Answered:
            return None
        except (ConversionError, ValueError) as error:
            if result is None and arguments is not None:
                self._show_failed(error, arguments)
            raise UsageError(str(error)) from None
        return result

    def _source(self, text: str) -> Any:
        """The path; where there is none, the notebook's variable of that name (a Keras model, for example)."""
        path = _path(text)
        known = self.shell.user_ns if self.shell is not None else {}
        return known[text] if text in known and not path.exists() else path

    def _show(self, result: Any) -> None:
        """The steps of a conversion, at the first that failed, and its failures."""
        failed = (step.i for step in result.trace if step.error)
        self._show_steps(result, result.trace, next(failed, 0))
        for failure in result.failures:
            print(failure)

    def _show_failed(self, error: Exception, arguments: argparse.Namespace) -> None:
        """The steps up to what ended a conversion, at the failed one."""
        trace = getattr(error, "trace", None)
        if trace is None:
            return
        failed = [step.i for step in trace if step.error]
        self._show_steps(trace, trace, failed[-1] if failed else max(0, len(trace) - 1))
        if arguments.trace:
            save_failed_trace(error, _path(arguments.trace))

    def _show_steps(self, source: Any, trace: Any, index: int = 0) -> None:
        if getattr(self.shell, "kernel", None) is None:
            print(trace)
        else:
            from tfonnx_lab.widgets import Stepper

            display(Stepper(source, index))

    @cell_magic
    def handler(self, line: str, cell: str) -> None:
        """Run the cell and register the last function that it defines as the handler of these TFLite ops.

        `%%handler SQUARED_DIFFERENCE` above `def squared_difference(op, node, a, b): ...`. A name that is not in
        capitals is a custom op's code. Running the cell again puts the new function in the old one's place.
        """
        from tfonnx_lab.conversion.pipeline import handler

        names = _words(line)
        if not names:
            raise UsageError("%%handler needs the name of a TFLite op: %%handler SQUARED_DIFFERENCE")
        function = self._defined(cell)
        unknown = [name for name in names if name.isupper() and name not in _ops()]
        if unknown:
            near = difflib.get_close_matches(unknown[0], _ops(), 3)
            raise UsageError(
                f"TFLite has no op {unknown[0]}" + (f"; did you mean {' or '.join(near)}?" if near else "")
            )
        handler(*names)(function)
        print(f"{function.__name__} handles {', '.join(names)} from now on; lab.retry(result) converts again")

    def _show_mobile(self, result: Any) -> None:
        """The lab with its tab Mobile in front; in a terminal the answers.

        A model with ops left has none: its steps, then.
        """
        if getattr(self.shell, "kernel", None) is None:
            if result.failures:
                self._show(result)
            else:
                print(result.mobile().overview())
            return
        from tfonnx_lab.widgets import Lab

        it = Lab(result)
        it.show_tab("Mobile")
        display(it)

    def _defined(self, cell: str) -> types.FunctionType:
        """Run a cell in the notebook's namespace; the last function that it defines at its top level."""
        shell = self.shell
        assert shell is not None  # a magic is called by one
        source = shell.transform_cell(cell)
        # the shell's own cache gives the code a name, under which tracebacks and the stepper find its lines
        name = shell.compile.cache(source, shell.execution_count, raw_code=cell)
        tree = ast.parse(source, name)
        defined = [n.name for n in tree.body if isinstance(n, ast.FunctionDef)]
        if not defined:
            raise UsageError("the cell defines no function: def my_handler(op, node, x): ...")
        exec(compile(tree, name, "exec"), shell.user_ns)
        function = shell.user_ns[defined[-1]]
        if not isinstance(function, types.FunctionType):
            raise UsageError(f"{defined[-1]} is no plain function any more after its decorators")
        if function.__code__.co_argcount < 2:
            raise UsageError(f"{defined[-1]} takes (op, node, *inputs), and so at least two arguments")
        return function


def _path(text: str) -> Path:
    """A path, `~` expanded."""
    return Path(text).expanduser()


def _words(line: str) -> list[str]:
    """The words of a line; on Windows a backslash is a part of its word."""
    try:
        words = shlex.split(line, posix=os.name == "posix")
    except ValueError as error:
        raise UsageError(f"{error} in {line}") from None
    return [word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "'\"" else word for word in words]


def _ops() -> list[str]:
    """The builtin ops of TFLite."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator

    return [name for name in vars(BuiltinOperator) if name.isupper()]
