"""`tfonnx-lab compare`: a conversion beside LiteRT, with the verdict in a sentence and in the exit status."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from tfonnx_lab.commands.telling import say, tell_error

WRONG = 3
"""The exit status where an op of the converted model is wrong by itself. 1: it could not be converted, run or compared;
2: usage."""

_EPILOG = f"""exit status: 0: no op is wrong by itself; 1: the model cannot be converted, or LiteRT or ONNX Runtime
cannot run it; 2: wrong usage; {WRONG}: an op is wrong by itself, the sentence names it."""


def add_parser(commands: Any, add_options: Callable[..., None], options_of: Callable[..., dict[str, Any]]) -> None:
    """Add the sub-command."""
    p = commands.add_parser(
        "compare",
        help="convert a model and compare it with LiteRT, op by op; says which op is wrong",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("model", help=".tflite or .keras file, SavedModel folder")
    p.add_argument(
        "--input", nargs="+", default=None, metavar="FILE",
        help="what to run it on: a picture, a .wav, .npy or .npz file, a folder of such files (each is one run), or a "
        "file for each input; default: a picture or a sound of ours where the model takes one, else random numbers",
    )  # fmt: skip
    p.add_argument(
        "--handlers", action="append", default=[], metavar="FILE", help="Python file, or module, with handlers of yours"
    )
    p.add_argument("--quiet", "-q", action="store_true", help="print the sentence alone")
    add_options(p)
    p.set_defaults(run=lambda arguments: run(arguments, options_of))


def run(arguments: argparse.Namespace, options_of: Callable[..., dict[str, Any]]) -> int:
    """Convert, compare, print; returns the exit status."""
    from tfonnx_lab.commands.progress import progress
    from tfonnx_lab.commands.user_handlers import load
    from tfonnx_lab.conversion.pipeline import convert
    from tfonnx_lab.errors import ConversionError
    from tfonnx_lab.parity import compare

    files = arguments.input
    try:
        for name in arguments.handlers:
            load(name)
        with progress() as show:
            result = convert(arguments.model, progress=show, **options_of(arguments))
            show("comparing with LiteRT")
            parity = compare(result, files[0] if files and len(files) == 1 else files)
            verdict = parity.judge(show)
    except (ConversionError, ValueError, OSError) as error:
        tell_error(error, False)
        return 1
    if not arguments.quiet:
        say(parity)
        for one in verdict.wrong:
            say(one.said)
    say(verdict.sentence)
    return 0 if verdict.ok else WRONG
