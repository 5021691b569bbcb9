"""The options of a conversion as flags: every one of `conversion/options.py`, and how each value is read from text."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import Field, fields
from typing import Any, Literal, get_args, get_origin

from tfonnx_lab.conversion.options import Options, hints

TF_DOMAIN = "ai.onnx.converters.tensorflow"
"""The domain that tf2onnx gives custom ops for which none is named."""

_YES = "yes"
"""What a flag says that may go without a value, and does."""

_TF2ONNX_TARGETS = ("rs4", "rs5", "rs6", "caffe2", "tensorrt", "nhwc")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add a flag for each option of a conversion; `options_of` reads them."""
    for item in fields(Options):
        hint, metavar = hints()[item.name], item.metadata.get("metavar")
        flags = [f"--{item.name.replace('_', '-')}", *([f"--{item.name}"] if "_" in item.name else [])]
        flags += item.metadata.get("flags", ())
        if hint is bool:
            parser.add_argument(*flags, dest=item.name, action="store_true", help=item.metadata["help"])
        elif get_origin(hint) is Literal and False in get_args(hint):
            words = _words(hint)
            parser.add_argument(
                *flags, dest=item.name, nargs="?", const=True, default=False, type=_choice(item.name, (*words, _YES)),
                metavar=f"{{{','.join(words)}}}", help=item.metadata["help"],
            )  # fmt: skip
        elif get_origin(hint) is Literal:
            choices = get_args(hint)
            parser.add_argument(
                *flags, dest=item.name, type=_choice(item.name, choices), default=item.default,
                metavar=f"{{{','.join(choices)}}}", help=f"{item.metadata['help']} (default: {item.default})",
            )  # fmt: skip
        else:
            kind = int if hint in (int, int | None) else said
            default = item.default if hint is int or (item.name not in _READERS and hint != tuple[str, ...]) else ""
            text = item.metadata["help"] + (f" (default: {default})" if default else "")
            kept = None if default == "" else default
            parser.add_argument(*flags, dest=item.name, type=kind, default=kept, metavar=metavar, help=text)


def said(text: str) -> str:
    """A flag's value. Raises ArgumentTypeError for an empty one: that of a shell variable that is not set, say."""
    if not text.strip():
        raise argparse.ArgumentTypeError("its value is empty; leave the flag out, or write one")
    return text


def named(text: str) -> str:
    """A file to write to. Raises ArgumentTypeError for "-": it would become a file of that name."""
    if text.strip() == "-":
        raise argparse.ArgumentTypeError("- stands for no file here; name the file that is to be written")
    return said(text)


def joined(arguments: Sequence[str]) -> list[str]:
    """`--exact model.tflite` => `--exact=yes model.tflite`, `--exact bits` => `--exact=bits`.

    argparse would take whatever follows for the value of a flag that may go without one.
    """
    flags = {
        f"--{n}": _words(hint) for n, hint in hints().items() if get_origin(hint) is Literal and False in get_args(hint)
    }
    found: list[str] = []
    for word in arguments:
        flag = found[-1].removesuffix(f"={_YES}") if found else ""
        if word in flags.get(flag, ()):
            found[-1] = f"{flag}={word}"
        else:
            found.append(f"{word}={_YES}" if word in flags else word)
    return found


def _words(hint: Any) -> tuple[str, ...]:
    """The values of an option that are words."""
    return tuple(choice for choice in get_args(hint) if isinstance(choice, str))


def options_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The keyword arguments of `convert` that the flags say. Raises ValueError for a value that cannot be read."""
    return {item.name: _read(item, getattr(arguments, item.name)) for item in fields(Options)}


def _read(item: Field[Any], value: Any) -> Any:
    if item.name in _READERS:
        return _READERS[item.name](value or "")
    return names(value or "") if item.default == () else value


def _choice(name: str, choices: tuple[str, ...]) -> Callable[[str], str | bool]:
    """A reader of one of these values.

    It raises ArgumentTypeError for another one, with a word on targets of tf2onnx.
    """

    def read(text: str) -> str | bool:
        if text in choices:
            return text if text != _YES else True
        known = f"it is {', '.join(choices[:-1])} or {choices[-1]}" if len(choices) > 1 else f"it is {choices[0]}"
        if name == "target" and text in _TF2ONNX_TARGETS:
            raise argparse.ArgumentTypeError(
                f"{text!r} is a target of tf2onnx, for runtimes that need work-arounds; leave the flag out. Here "
                f"{known}: whose integer kernels the quantized model is made for"
            )
        raise argparse.ArgumentTypeError(f"there is no {name} {text!r}; {known}")

    return read


def names(text: str) -> tuple[str, ...]:
    """`a, b` => ("a", "b"); of `a,,b` the empty name stays, so that `Options` refuses it and no name shifts."""
    found = [name.strip() for name in text.split(",")]
    return tuple(found if found[-1] else found[:-1])


def parse_inputs(text: str) -> dict[str, tuple[int | str, ...] | None]:
    """`a:0[1,224,224,3],b` => {"a:0": (1, 224, 224, 3), "b": None}. Raises ValueError for what cannot be read."""
    found: dict[str, tuple[int | str, ...] | None] = {}
    rest = text.strip()
    while rest:
        match = re.match(r"\s*([^,\[\]]+?)\s*(?:\[([^\]]*)\])?\s*(?:,|$)", rest)
        if match is None:
            raise ValueError(f"--inputs: cannot read {rest!r}; write name[1,224,224,3],other")
        if match[1] in found:
            raise ValueError(f"--inputs: {match[1]} is there twice")
        found[match[1]] = None if match[2] is None else tuple(map(_dim, names(match[2])))
        rest = rest[match.end() :]
    return found


def _dim(text: str) -> int | str:
    text = text.strip()
    if re.fullmatch(r"[-+]?\d+", text):
        return int(text)
    if re.match(r"[-+.]*\d", text):
        raise ValueError(f"--inputs: {text!r} is no size; write a whole number, or a name that begins with a letter")
    return text


def _custom_ops(text: str) -> str | dict[str, str] | None:
    """`my.domain` for all custom ops, or `Op:my.domain,Other` as tf2onnx takes them."""
    items = names(text)
    if not items:
        return None
    if len(items) == 1 and ":" not in items[0] and "." in items[0]:
        return items[0]
    pairs = [item.partition(":") for item in items]
    return {op: domain or TF_DOMAIN for op, _, domain in pairs}


def _opsets(text: str) -> dict[str, int]:
    """`com.example:2` => {"com.example": 2}. Raises ValueError for what cannot be read."""
    found = {}
    for item in names(text):
        domain, _, version = item.rpartition(":")
        if not domain or not version.isdecimal() or not 0 < int(version[:12]) < 2**31:
            raise ValueError(f"--extra_opset: cannot read {item!r}; write domain:version, for example com.example:1")
        found[domain] = int(version)
    return found


def _specs(text: str) -> tuple[str, ...]:
    """`x:float32[1,3],y:int32[?]` => ("x:float32[1,3]", "y:int32[?]")."""
    return tuple(item.strip() for item in re.findall(r"[^,\[\]]+(?:\[[^\]]*\])?", text) if item.strip())


_READERS: dict[str, Callable[[str], Any]] = {
    "inputs": parse_inputs,
    "custom_ops": _custom_ops,
    "input_signature": _specs,
    "extra_opsets": _opsets,
}
"""How the options are read that are no plain names or numbers."""
