"""`tfonnx-lab convert-many`: a folder of models, a row for each, one report."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from typing import Any

from tfonnx_lab.commands.flags import named, said
from tfonnx_lab.commands.telling import say

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


def add_parser(commands: Any, add_options: Callable[..., None], options_of: Callable[..., dict[str, Any]]) -> None:
    """Add the command.

    add_options, options_of: of a conversion, as `tfonnx-lab convert` has them.
    """
    p = commands.add_parser(
        "convert-many",
        help="convert a folder of models, compare each with LiteRT, write one report",
        epilog="exit status: 0: every model is converted, and none is wrong; 1: some are not; 2: wrong usage",
    )
    p.add_argument("models", nargs="+", metavar="FOLDER_OR_GLOB", help="files, folders, globs, URLs (s3://, gs:// ...)")
    p.add_argument(
        "--output",
        type=named,
        required=True,
        metavar="FOLDER",
        help="a folder or a URL: ONNX files, report.jsonl, index.html",
    )
    p.add_argument("--workers", type=_count, default=None, metavar="N", help="processes (default: one a core)")
    p.add_argument("--scheduler", default=None, metavar="ADDRESS", help="a Dask scheduler, such as tcp://host:8786")
    p.add_argument("--no-verdict", action="store_true", help="do not compare with LiteRT")
    p.add_argument("--no-pages", action="store_true", help="no report of its own for each model")
    p.add_argument("--latency", action="store_true", help="also measure each in ONNX Runtime")
    p.add_argument(
        "--time-limit", type=_seconds, default=600.0, metavar="SECONDS", help="a model may take (default: 600)"
    )
    p.add_argument("--memory-limit", type=_bytes, default=None, metavar="BYTES", help="a model may take: 2G, 500M")
    p.add_argument("--fresh", action="store_true", help="also convert what a former run into this folder settled")
    p.add_argument("--against", type=said, default=None, metavar="FOLDER", help="an older sweep: what is different now")
    p.add_argument("--handlers", action="append", default=[], metavar="FILE", help="Python file with handlers of yours")
    add_options(p)
    p.set_defaults(run=lambda arguments: run(arguments, options_of))


def _count(text: str) -> int:
    """`4` => 4, a number from 1 on."""
    if not text.strip().isdecimal() or not int(text[:9]) > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes; write 1, 2, 3 ...")
    return int(text)


def _seconds(text: str) -> float:
    """`90` => 90.0, a number above 0."""
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text.strip()) is None or float(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds; write 600, say")
    return float(text)


def _bytes(text: str) -> int:
    """`2G` => 2000000000."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmg]?)b?", text.strip().lower())
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of bytes; write 500M or 2G")
    return int(float(found[1]) * _UNITS[found[2]])


def run(arguments: argparse.Namespace, options_of: Callable[..., dict[str, Any]]) -> int:
    """Convert them, print what is not well; returns the exit status."""
    from tfonnx_lab.commands.bar import bar
    from tfonnx_lab.errors import ConversionError
    from tfonnx_lab.many import convert_many

    try:
        with bar() as heard:
            sweep = convert_many(
                arguments.models,
                arguments.output,
                verdict=not arguments.no_verdict,
                latency=arguments.latency,
                pages=not arguments.no_pages,
                workers=arguments.workers,
                scheduler=arguments.scheduler,
                time_limit=arguments.time_limit,
                memory_limit=arguments.memory_limit,
                handlers=arguments.handlers,
                fresh=arguments.fresh,
                against=arguments.against,
                heard=heard,
                **options_of(arguments),
            )
    except (ConversionError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    say(sweep)
    return 0 if sweep.ok else 1
