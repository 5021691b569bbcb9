"""`tfonnx-lab mobile`: a model in the ORT format, its kernels, the build's size, and what an accelerator would run."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfonnx_lab.commands.flags import named, said
from tfonnx_lab.commands.telling import say

if TYPE_CHECKING:
    from tfonnx_lab.mobile.model import Mobile
    from tfonnx_lab.mobile.overview import Overview

AddOptions = Callable[[Any], None]
OptionsOf = Callable[[argparse.Namespace], dict[str, Any]]


def add_parser(commands: Any, add_options: AddOptions, options_of: OptionsOf) -> None:
    """Add the command.

    add_options, options_of: of a conversion, as `tfonnx-lab convert` has them.
    """
    p = commands.add_parser("mobile", help="ONNX Runtime Mobile: .ort file, kernels, size of a build, NNAPI, CoreML")
    p.add_argument("model", metavar="MODEL", help=".tflite, .onnx or .ort file, .keras file, SavedModel folder")
    p.add_argument(
        "--output", type=named, metavar="FOLDER", help="write the .ort file and the config of its build to this folder"
    )
    p.add_argument("--style", choices=("Fixed", "Runtime"), default="Fixed",
                   help="Fixed: optimized for good; Runtime: for accelerators (default: Fixed)")  # fmt: skip
    p.add_argument("--level", choices=("disable", "basic", "extended", "layout", "all"), default="all",
                   help="how much ONNX Runtime optimizes (default: all)")  # fmt: skip
    p.add_argument("--target-platform", choices=("arm", "amd64"), default=None,
                   help="arm: integer kernels of int8 activations; amd64: blocked convolutions "
                        "(default: what runs on both)")  # fmt: skip
    p.add_argument("--all-types", action="store_true", help="the build keeps all types of the kernels")
    p.add_argument(
        "--types", metavar="TYPE,...", help="the build keeps only these types, of all operators: what breaks?"
    )
    p.add_argument(
        "--nnapi-level", type=int, choices=range(27, 32), default=31, help="Android's API level (default: 31)"
    )
    p.add_argument("--nnapi-nchw", action="store_true", help="ask NNAPI in the NCHW layout")
    p.add_argument(
        "--coreml-format", choices=("MLProgram", "NeuralNetwork"), default="MLProgram", help="(default: MLProgram)"
    )
    p.add_argument("--coreml-version", type=int, choices=range(5, 9), default=7, help="of CoreML (default: 7)")
    p.add_argument(
        "--json", type=said, metavar="FILE", nargs="?", const="-", help="the answers as JSON, printed or to a file"
    )
    p.add_argument(
        "--html",
        type=said,
        metavar="FILE",
        nargs="?",
        const="-",
        help="the answers as an HTML page, printed or to a file",
    )
    add_options(p.add_argument_group("options of the conversion"))
    p.set_defaults(run=lambda arguments: run(arguments, options_of, p))


def run(arguments: argparse.Namespace, options_of: OptionsOf, parser: argparse.ArgumentParser) -> int:
    """Answer, print, write. Returns 0, or 1 where the model cannot be read or no file was written."""
    from tfonnx_lab.errors import ConversionError
    from tfonnx_lab.files import made_folder
    from tfonnx_lab.mobile.overview import overview

    folder = None if arguments.output is None else Path(arguments.output)
    try:
        chosen = _changed(options_of(arguments), parser, options_of)
        m = _mobile(arguments, chosen)
        if folder is not None:
            made_folder(folder)
        target = None if folder is None or m.source.ort is not None else folder / ort_name(arguments)
        found = overview(m, target, types=_types(arguments), nnapi_level=arguments.nnapi_level,
        nchw=arguments.nnapi_nchw,
                         coreml_format=arguments.coreml_format, coreml_version=arguments.coreml_version,
                         config_file=config_name(arguments))  # fmt: skip
        _show(found, arguments)
        if folder is not None:
            _write_config(m, found, folder / config_name(arguments))
    except (ConversionError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for missing in found.unanswered:
        print(f"{missing.question} {missing.why}", file=sys.stderr)
    return 1 if found.unanswered else 0


def ort_name(arguments: argparse.Namespace) -> str:
    """The name of the .ort file, which tells what it was made with, as ONNX Runtime's own script names it."""
    level = "" if arguments.level == "all" else f".{arguments.level}"
    later = ".with_runtime_opt" if arguments.style == "Runtime" else ""
    return f"{Path(arguments.model).stem}{level}{later}.ort"


def config_name(arguments: argparse.Namespace) -> str:
    """The name of the config file."""
    what = "required_operators" if arguments.all_types else "required_operators_and_types"
    return f"{Path(ort_name(arguments)).stem}.{what}.config"


def _types(arguments: argparse.Namespace) -> bool | list[str]:
    """Which types the build keeps. Raises ValueError for all and some at once."""
    if arguments.types is None:
        return not arguments.all_types
    if arguments.all_types:
        raise ValueError("--all-types and --types say the opposite; leave one out")
    return [word.strip() for word in arguments.types.split(",") if word.strip()]


def _mobile(arguments: argparse.Namespace, chosen: dict[str, Any]) -> Mobile:
    from tfonnx_lab.mobile.model import Mobile

    return Mobile(arguments.model, style=arguments.style, level=arguments.level,
                  target_platform=arguments.target_platform, **chosen)  # fmt: skip


def _changed(given: dict[str, Any], parser: argparse.ArgumentParser, options_of: OptionsOf) -> dict[str, Any]:
    """The options of the conversion that were given: a model that is not converted takes none."""
    usual = options_of(parser.parse_args(["model"]))
    return {name: value for name, value in given.items() if value != usual[name]}


def _write_config(m: Mobile, found: Overview, path: Path) -> None:
    from tfonnx_lab.mobile.overview import Unanswered

    config = found["config"]
    if not isinstance(config, Unanswered):
        _written(path, str(config), m.source.originals())
        print(f"{path}: {config.title}", file=sys.stderr)


def _show(found: Overview, arguments: argparse.Namespace) -> None:
    """Print the answers as text where no other form is printed; write the files."""
    forms: list[tuple[str | None, Callable[[], str]]] = [
        (arguments.json, lambda: f"{json.dumps(found.to_json(), indent=1)}\n"),
        (arguments.html, found.page),
    ]
    for where, make in forms:
        if where is not None and where != "-":
            _written(Path(where), make(), [Path(arguments.model)])
    printed = [make() for where, make in forms if where == "-"]
    if printed:
        print("".join(printed), end="")
    else:
        say(found)


def _written(path: Path, text: str, keep: Sequence[Path]) -> None:
    from tfonnx_lab.files import write_text

    write_text(path, text, keep)
