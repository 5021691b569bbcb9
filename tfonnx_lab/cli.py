"""The command line: `tfonnx-lab convert`, `tfonnx-lab compare`, `tfonnx-lab demo`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

LATER = {
    "--graphdef": "a frozen GraphDef: save it as a SavedModel and use --saved-model",
    "--checkpoint": "a TensorFlow 1 checkpoint: save it as a SavedModel and use --saved-model",
    "--tfjs": "a TensorFlow.js model: convert it to a SavedModel and use --saved-model",
    "--large_model": "models over 2 GB are written with external data without asking",
    "--extra_opset": "extra opsets: custom ops are kept with --custom-ops",
    "--load_op_libraries": "op libraries: write a handler for the op instead",
    "--concrete_function": "a concrete function by number: use --signature_def",
    "--tag": "a SavedModel's tag: the default tag is used",
}
"""Flags of tf2onnx.convert that have no counterpart, and what to do instead."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line. Ends the process with status 0, 1 (conversion failed) or 2 (wrong usage)."""
    arguments = parser().parse_args(sys.argv[1:] if argv is None else list(argv))
    try:
        status = arguments.run(arguments)
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


def parser() -> argparse.ArgumentParser:
    """The argument parser with its sub-commands."""
    top = argparse.ArgumentParser(prog="tfonnx-lab", description="TensorFlow Lite to ONNX, step by step.")
    top.add_argument("--version", action=_Version)
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    _convert_parser(commands.add_parser("convert", help="convert a model to ONNX"))
    compare = commands.add_parser("compare", help="convert a model and compare it with LiteRT, tensor by tensor")
    compare.add_argument("model", help=".tflite file")
    compare.add_argument("--opset", type=int, default=18)
    compare.set_defaults(run=_compare)
    demo = commands.add_parser("demo", help="convert an embedded sample, compare it with LiteRT, open the notebook")
    demo.add_argument("--no-browser", action="store_true", help="end after the print")
    demo.set_defaults(run=_demo)
    return top


def _convert_parser(p: argparse.ArgumentParser) -> None:
    source = p.add_mutually_exclusive_group(required=True)
    source.add_argument("--tflite", metavar="FILE", help="TFLite model")
    source.add_argument("--keras", metavar="FILE", help="Keras model (.keras, .h5)")
    source.add_argument("--saved-model", "--saved_model", metavar="FOLDER", help="TensorFlow SavedModel")
    p.add_argument("--output", required=True, metavar="FILE", help="ONNX file to write")
    add_options(p)
    p.add_argument("--trace", default=None, metavar="FILE", help="also write the trace (.tfltrace)")
    p.add_argument("--debug", "--verbose", "-v", action="store_true", help="print the steps of every stage")
    for flag, instead in LATER.items():
        p.add_argument(flag, action=_Refuse, help=argparse.SUPPRESS, default=instead)
    p.set_defaults(run=_convert)


def add_options(p: argparse.ArgumentParser) -> None:
    """Add the options of a conversion; `options_of` reads them."""
    p.add_argument(
        "--opset",
        type=int,
        default=18,
        help="ONNX opset, 13 or newer (default: 18, which ONNX Runtime 1.14 and later run)",
    )
    p.add_argument(
        "--dequantize",
        action="store_true",
        help="a float model without Q/DQ; finds ReLU and ReLU6 in quantization ranges",
    )
    p.add_argument(
        "--infer-relu",
        choices=("auto", "off"),
        default="auto",
        help="with --dequantize: find ReLU and ReLU6 (default: auto)",
    )
    p.add_argument("--float-io", action="store_true", help="with --dequantize: float inputs and outputs")
    p.add_argument(
        "--target",
        choices=("x86_64", "arm64", "portable"),
        default="x86_64",
        help="whose integer kernels to aim at (default: x86_64)",
    )
    p.add_argument("--exact", action="store_true", help="prefer LiteRT's numbers to speed")
    p.add_argument(
        "--hybrid",
        choices=("litert", "float"),
        default="litert",
        help="dynamic-range ops: as LiteRT computes them, or in float",
    )
    p.add_argument("--inputs", default="", metavar="NAME[DIMS],...", help="inputs, with new shapes: name[1,224,224,3]")
    p.add_argument("--outputs", default="", metavar="NAME,...", help="tensors to return")
    p.add_argument("--inputs-as-nchw", default="", metavar="NAME,...", help="inputs that get a channels-first layout")
    p.add_argument("--outputs-as-nchw", default="", metavar="NAME,...", help="outputs that get a channels-first layout")
    p.add_argument("--rename-inputs", default="", metavar="NAME,...", help="new names of the inputs, in order")
    p.add_argument("--rename-outputs", default="", metavar="NAME,...", help="new names of the outputs, in order")
    p.add_argument("--signature", "--signature_def", default=None, help="which signature to convert")
    p.add_argument(
        "--custom-ops", default=None, metavar="DOMAIN", help="keep custom ops without a handler as nodes of this domain"
    )


def options_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The keyword arguments of `convert` that the options say. Raises ValueError for shapes that cannot be read."""
    from tfonnx_lab.shapes import parse_inputs

    return {
        "opset": arguments.opset,
        "dequantize": arguments.dequantize,
        "target": arguments.target,
        "exact": arguments.exact,
        "hybrid": arguments.hybrid,
        "infer_relu": arguments.infer_relu,
        "float_io": arguments.float_io,
        "signature": arguments.signature,
        "custom_ops": arguments.custom_ops,
        "inputs": parse_inputs(arguments.inputs),
        "outputs": _names(arguments.outputs),
        "inputs_as_nchw": _names(arguments.inputs_as_nchw),
        "outputs_as_nchw": _names(arguments.outputs_as_nchw),
        "rename_inputs": _names(arguments.rename_inputs),
        "rename_outputs": _names(arguments.rename_outputs),
    }


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
    from tfonnx_lab import ConversionError
    from tfonnx_lab.pipeline import convert
    from tfonnx_lab.progress import progress

    source = arguments.tflite or arguments.keras or arguments.saved_model
    try:
        with progress() as show:
            result = convert(source, progress=show, **options_of(arguments))
            result.save(arguments.output)
            if arguments.trace:
                result.trace.save(arguments.trace)
    except (ConversionError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if arguments.debug:
        print(result.trace)
    print(f"{arguments.output}: {result}")
    return 0


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _compare(arguments: argparse.Namespace) -> int:
    from tfonnx_lab import ConversionError
    from tfonnx_lab.parity import compare
    from tfonnx_lab.pipeline import convert

    try:
        print(compare(convert(arguments.model, arguments.opset)))
    except ConversionError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from tfonnx_lab.demo import demo

    return demo(browser=not arguments.no_browser)


def notebooks() -> Path:
    """The folder of the notebooks: in the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent
    inside = package / "notebooks"
    return inside if inside.is_dir() else package.parent / "notebooks"


if __name__ == "__main__":
    main()
