"""Changes that advice tries: each makes another model of the same source, whose provider answers are then compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import onnx

from tfonnx_lab.conversion.options import NEWEST_ON_ACCELERATORS
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile import rewritten
from tfonnx_lab.mobile.source import Source

OPSET = 18
"""The opset that the converter aims at; both providers take it."""


@dataclass(frozen=True)
class Change:
    """One thing to change.

    key: its short name.
    text: what it is.
    why: whom it helps.
    options: what to pass to `convert`, empty where the ONNX model is rewritten.
    make: a Conversion or ModelProto; raises ConversionError where it cannot be done.
    """

    key: str
    text: str
    why: str
    make: Callable[[], Any] = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def model(self) -> Any:
        """The changed model, made when it is first asked for."""
        return self.make()


def changes(source: Source) -> Iterator[Change]:
    """What can be tried on a model. Raises ConversionError for an .ort file, of which nothing can be made any more."""
    yield from _of_conversion(source) if source.conversion is not None else _of_onnx(source)
    rewrite = rewritten.with_float16_weights
    yield Change(
        "float16",
        "weights as float16",
        "half the size of the .onnx; an .ort file has them in float32 again",
        _writes(source, rewrite),
    )


def _of_conversion(source: Source) -> Iterator[Change]:
    assert source.conversion is not None
    chosen = source.conversion.options
    if chosen.target != "nnapi":
        yield _again(
            source, "nnapi", "uint8 throughout, one scale a tensor, its forms of ops, fixed shapes", target="nnapi"
        )
    if chosen.target != "coreml":
        yield _again(source, "coreml", "in float, its forms of ops, fixed shapes", target="coreml")
    if not chosen.dequantize and _quantizes(source.proto):
        yield _again(source, "dequantize", "CoreML takes no QuantizeLinear and DequantizeLinear", dequantize=True)
    shapes = dict(_closed(source.proto))
    if shapes:
        yield _again(source, "static", "accelerators take known shapes", inputs={**chosen.inputs, **shapes})
    if chosen.opset > NEWEST_ON_ACCELERATORS:
        yield _again(source, "opset", f"providers take opsets up to {NEWEST_ON_ACCELERATORS}", opset=OPSET)


def _again(source: Source, key: str, why: str, **options: Any) -> Change:
    text = ", ".join(f"{name}={value!r}" for name, value in options.items())
    return Change(key, text, why, lambda: source.again(**options), options)


def _of_onnx(source: Source) -> Iterator[Change]:
    rows: tuple[tuple[str, str, str, rewritten.Rewrite], ...] = (
        ("nnapi", "weights as uint8, Split by num_outputs", "NNAPI takes int8 weights without zero points only",
         lambda m: rewritten.with_uint8_weights(m) + rewritten.with_counted_splits(m)),
        ("dequantize", "float instead of Q/DQ", "CoreML takes no QuantizeLinear and DequantizeLinear",
        rewritten.without_quantization),
        ("static", "open dimensions of inputs as 1", "accelerators take known shapes", rewritten.with_static_shapes),
    )  # fmt: skip
    for key, text, why, rewrite in rows:
        yield Change(key, text, why, _writes(source, rewrite))
    opset = max((o.version for o in source.proto.opset_import if o.domain in ("", "ai.onnx")), default=OPSET)
    if not 13 <= opset <= NEWEST_ON_ACCELERATORS:
        yield Change(
            "opset",
            f"opset {OPSET} instead of {opset}",
            f"providers take 13 to {NEWEST_ON_ACCELERATORS}",
            lambda: _other_opset(source),
        )


def _writes(source: Source, rewrite: rewritten.Rewrite) -> Callable[[], onnx.ModelProto]:
    def make() -> onnx.ModelProto:
        copy = onnx.ModelProto()
        copy.CopyFrom(source.proto)
        try:
            count = rewrite(copy)
        except rewritten.Refused as error:
            raise ConversionError(str(error)) from error
        if not count:
            raise NothingToDo
        return copy

    return make


class NothingToDo(ConversionError):
    """The change leaves the model as it is."""

    def __init__(self) -> None:
        super().__init__("there is nothing to change")


def _other_opset(source: Source) -> onnx.ModelProto:
    try:
        return onnx.version_converter.convert_version(source.proto, OPSET)
    except Exception as error:  # onnx raises RuntimeError and classes of its own
        raise ConversionError(f"onnx cannot convert it to opset {OPSET}: {error}") from error


def _quantizes(model: onnx.ModelProto) -> bool:
    return any(n.op_type in ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear") for n in model.graph.node)


def _closed(model: onnx.ModelProto) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Inputs with open dimensions, and their shapes with 1 in the place of these."""
    constant = {t.name for t in model.graph.initializer}
    for value in model.graph.input:
        dims = value.type.tensor_type.shape.dim
        if value.name not in constant and any(not d.HasField("dim_value") for d in dims):
            yield value.name, tuple(d.dim_value if d.HasField("dim_value") else 1 for d in dims)
