"""The command line: `tfonnx-lab convert`, `tfonnx-lab compare`, `tfonnx-lab mobile`, `tfonnx-lab demo`."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from tfonnx_lab.commands import compare, many, mobile
from tfonnx_lab.commands.flags import add_options, joined, named, options_of
from tfonnx_lab.commands.lazy import import_later, without_collection
from tfonnx_lab.commands.spelling import Parser
from tfonnx_lab.commands.telling import say, tell_error, telling
from tfonnx_lab.memory import kept_from_loading, too_little

_SIGPIPE = 13  # Windows does not name it

EXAMPLES = """examples:
  tfonnx-lab demo                                  the whole of it on a sample, then a notebook
  tfonnx-lab convert model.tflite                  writes model.onnx
  tfonnx-lab convert --tflite model.tflite --output model.onnx --opset 18 --dequantize
  tfonnx-lab compare model.tflite                  every op beside LiteRT's: which one is wrong? (exit status 3)
  tfonnx-lab compare model.tflite --input cat.jpg  the same on a picture of yours
  tfonnx-lab ops CONV_2D                           its handler, the rules that name it, its tests
  tfonnx-lab mobile model.tflite --output folder   an .ort file, and what a build for a phone needs

`tfonnx-lab convert --help` lists the options. In a notebook: import tfonnx_lab as lab; lab.Lab("model.tflite")"""

_DEFAULTS = "TFLite has no PlaceholderWithDefault; decide about it in TensorFlow, before saving"
LATER = {
    "--tfjs": "convert the TensorFlow.js model to a SavedModel and use --saved-model",
    "--load_op_libraries": (
        "write a handler for the op instead (help(tfonnx_lab.handler)), and name its file with --handlers"
    ),
    "--output_frozen_graph": "there is no frozen graph on the way from TFLite to ONNX; --trace writes every step",
    "--ignore_default": _DEFAULTS,
    "--use_default": _DEFAULTS,
    "--continue_on_error": "one run lists every op that could not be converted, and no file is written that ONNX "
    "Runtime cannot load; --custom-ops keeps custom ops as nodes",
}
"""Flags of tf2onnx.convert that have no counterpart, and what to do instead."""

_SOURCES = ("model", "tflite", "keras", "saved_model", "graphdef", "checkpoint")
"""The arguments that name a source."""

NEEDLESS = {
    "--large_model": "weights of models over 2 GB are written beside the file without asking",
    "--use-graph-names": (
        "inputs and outputs keep the names that they have in the TFLite graph; --rename-inputs changes them"
    ),
}
"""Flags of tf2onnx.convert that are taken and change nothing, and why."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line. Ends the process with status 0, 1 (conversion failed), 2 (wrong usage) or 3 (an op is
    wrong)."""
    for stream in (sys.stdout, sys.stderr):  # names of files that are no Unicode are escaped, not a second error
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    arguments = parser().parse_args(joined(sys.argv[1:] if argv is None else argv))
    import_later()
    try:
        status = arguments.run(arguments)
        if sys.stdout is not None:  # None: a job that began without it
            sys.stdout.flush()
    except KeyboardInterrupt:
        status = 128 + signal.SIGINT  # as shells tell of a process that a signal ended
    except BrokenPipeError:  # `tfonnx-lab ... | head`: whoever read has read enough
        status = 128 + _SIGPIPE
        _nothing_more()
    except (MemoryError, ImportError) as error:
        if isinstance(error, ImportError) and not kept_from_loading(error):
            raise
        print(f"error: {too_little()}", file=sys.stderr)
        status = 1
    except OSError as error:
        if error.filename is not None:
            raise
        print(f"error: what there is to print could not be written: {error.strerror}", file=sys.stderr)
        status = 1
        _nothing_more()
    sys.exit(status)


def _nothing_more() -> None:
    """What waits to be printed goes nowhere, so that Python does not try again as it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def parser() -> argparse.ArgumentParser:
    """The argument parser with its sub-commands."""
    top = Parser(
        prog="tfonnx-lab",
        description="TensorFlow Lite to ONNX, step by step.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action=_Version)
    top.set_defaults(run=lambda arguments: print(top.format_help(), end="") or 2)
    commands = top.add_subparsers(metavar="COMMAND")
    usage = (
        "tfonnx-lab convert [MODEL | --tflite FILE | --keras FILE | --saved-model FOLDER | --graphdef FILE | "
        "--checkpoint FILE] [--output FILE] [options]"
    )
    _convert_parser(commands.add_parser("convert", help="convert a model to ONNX", usage=usage))
    compare.add_parser(commands, add_options, options_of)
    many.add_parser(commands, add_options, options_of)
    ops = commands.add_parser(
        "ops", help="where an op is converted, which rules name it, its tests, how it is supported"
    )
    ops.add_argument("ops", nargs="*", metavar="OP", help="such as CONV_2D; none: every file of handlers with its ops")
    ops.set_defaults(run=_ops)
    mobile.add_parser(commands, add_options, options_of)
    demo = commands.add_parser("demo", help="convert an embedded sample, compare it with LiteRT, open the notebook")
    demo.add_argument("--no-browser", action="store_true", help="end after the print")
    demo.set_defaults(run=_demo)
    return top


def _convert_parser(p: argparse.ArgumentParser) -> None:
    source = p.add_mutually_exclusive_group()
    source.add_argument(
        "model", nargs="?", metavar="MODEL", help="any of the following; its kind is seen from its name"
    )
    source.add_argument("--tflite", metavar="FILE", help="TFLite model")
    source.add_argument("--keras", metavar="FILE", help="Keras model (.keras, .h5)")
    source.add_argument("--saved-model", "--saved_model", metavar="FOLDER", help="TensorFlow SavedModel")
    source.add_argument("--graphdef", "--input", metavar="FILE", help="frozen TensorFlow graph (.pb)")
    source.add_argument("--checkpoint", metavar="FILE", help="TensorFlow checkpoint (.meta)")
    p.add_argument(
        "--output",
        type=named,
        metavar="FILE",
        help="ONNX file to write (default: the model's name, in the current folder)",
    )
    add_options(p)
    p.add_argument(
        "--handlers", action="append", default=[], metavar="FILE", help="Python file, or module, with handlers of yours"
    )
    p.add_argument(
        "--trace", type=named, default=None, metavar="FILE", help="also write the trace (.tfltrace), of a failure, too"
    )
    p.add_argument("--no-trace", action="store_true", help="record no steps; as without --trace and --debug anyway")
    p.add_argument(
        "--debug", "--verbose", "-v", action="count", default=0, help="print the steps, and what TensorFlow says"
    )
    for flag, instead in LATER.items():
        p.add_argument(flag, action=_Refuse, help=argparse.SUPPRESS, default=instead)
    for flag in NEEDLESS:
        p.add_argument(flag, action="store_true", help=argparse.SUPPRESS)
    p.set_defaults(run=_convert, fail=p.error, verify="load")


class _Version(argparse.Action):
    """Prints the version without importing the converter."""

    def __init__(self, option_strings: Sequence[str], dest: str, **_: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version")

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        from importlib.metadata import version

        print(f"tfonnx-lab {version('tfonnx-lab')}")
        parser.exit()


class _Refuse(argparse.Action):
    """A flag that has no counterpart says so."""

    def __init__(self, option_strings: Sequence[str], dest: str, default: str, **_: Any) -> None:
        self.instead = default
        super().__init__(option_strings, dest, nargs="?", help=argparse.SUPPRESS)

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option: str | None = None
    ) -> NoReturn:
        parser.error(f"{option} is not supported: {self.instead}")


def _convert(arguments: argparse.Namespace) -> int:
    with without_collection():
        from tfonnx_lab.commands.progress import progress
        from tfonnx_lab.commands.user_handlers import load
        from tfonnx_lab.conversion.pipeline import convert
        from tfonnx_lab.errors import ConversionError
        from tfonnx_lab.files import check_targets, spare_model, told_to_end
        from tfonnx_lab.graph.collector import Unseen
        from tfonnx_lab.runtime.copied import Copies

    Copies.allowed = Unseen.frozen = True

    source: str = next((given for kind in _SOURCES if (given := getattr(arguments, kind))), "")
    if not source:
        arguments.fail("which model? tfonnx-lab convert model.tflite")
    if source == "-":
        arguments.fail("which model? - stands for no file here; save what comes through the pipe to a file")
    if arguments.trace and arguments.no_trace:
        arguments.fail("--trace FILE and --no-trace exclude each other")
    output = arguments.output or f"{Path(source).stem}.onnx"
    for flag, why in NEEDLESS.items():
        if getattr(arguments, flag.strip("-").replace("-", "_")):
            print(f"{flag}: {why}", file=sys.stderr)
    try:
        spare_model(output, [source])
        check_targets([output, arguments.trace] if arguments.trace else [output], [source])
        for name in arguments.handlers:
            load(name)
        recorded = bool(arguments.trace or arguments.debug) and not arguments.no_trace
        with told_to_end(), telling(arguments.debug), progress() as show:
            result = convert(source, progress=show, trace=recorded, **options_of(arguments))
            if arguments.trace:
                result.trace.save(arguments.trace)
            result.save(output)
    except (ConversionError, ValueError, OSError) as error:
        tell_error(error, arguments.debug)
        save_failed_trace(error, arguments.trace)
        return 1
    if arguments.debug:
        say(result.trace)
    say(f"{output}: {result}".replace("\n", "\\n") + (f"; {result.verified}" if result.verified else ""))
    return 0


def save_failed_trace(error: Exception, path: str | os.PathLike[str] | None) -> None:
    """Write the trace that an error carries, and say so on stderr, where `--trace` names a file."""
    from tfonnx_lab.errors import ConversionError

    trace = getattr(error, "trace", None)
    if path is None or trace is None:
        return
    try:
        trace.save(path)
        print(f"{path}: the trace, up to the step that failed", file=sys.stderr)
    except ConversionError as problem:
        print(f"error: {problem}", file=sys.stderr)


def _ops(arguments: argparse.Namespace) -> int:
    from tfonnx_lab.commands.ops import about, families

    if not arguments.ops:
        print("\n".join(f"{file}: {', '.join(ops)}" for file, ops in families().items()))
    try:
        print("\n\n".join(about(name) for name in arguments.ops), end="\n" if arguments.ops else "")
    except LookupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from tfonnx_lab.commands.demo import demo

    return demo(browser=not arguments.no_browser)


if __name__ == "__main__":
    main()
