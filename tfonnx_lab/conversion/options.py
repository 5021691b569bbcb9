"""The options of a conversion, as rules and reports see them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from tfonnx_lab.errors import ConversionError

OLDEST_OPSET = 13
DEFAULT_OPSET = 18
"""Why 18: ONNX Runtime 1.14 (2023) and later run it, reductions and Split take their modern form in it, and it has every op
that the lowering of the classic TFLite ops needs. int16 Q/DQ need 21 and are written out in float below it."""


@dataclass(frozen=True)
class Options:
    """What a conversion was asked for.

    opset: the ONNX opset of the result. dequantize: a float model without Q/DQ. target: whose integer kernels the Q/DQ
    form is made for; "portable" is for runtimes other than ONNX Runtime: no op outside of ONNX's own domain, and each tensor
    quantized and dequantized with the positive scale and the zero point that the file states. exact: prefer LiteRT's numbers to speed where ONNX Runtime makes that a choice, and make what overflows
    the largest number, as LiteRT does. infer_relu: find ReLU and ReLU6 in quantization ranges when dequantizing. hybrid: how
    float ops with integer weights (dynamic range) are computed: "litert" as LiteRT does, on dynamically quantized inputs,
    "float" with dequantized weights, as `dequantize` has it in any case.
    custom_ops: keep custom ops without a handler as nodes of this ONNX domain, or of the domain that a dict names for them
    ("*": for all others). extra_opsets: versions of such domains. tag: of a SavedModel. inputs: new shapes of inputs by name.
    outputs: names of the tensors to return. inputs_as_nchw, outputs_as_nchw: which get a channels-first layout. memory: how many bytes the conversion may take because numbers in
    the file ask for it; None: 256 MiB, and 32 for each byte of the file (`graph/budget.py`).
    """

    opset: int = DEFAULT_OPSET
    dequantize: bool = False
    target: Literal["x86_64", "arm64", "portable"] = "x86_64"
    exact: bool = False
    infer_relu: Literal["auto", "off"] = "auto"
    hybrid: Literal["litert", "float"] = "litert"
    float_io: bool = False
    custom_ops: str | dict[str, str] | None = None
    extra_opsets: dict[str, int] = field(default_factory=dict)
    tag: str | None = None
    signature: str | None = None
    inputs: dict[str, tuple[int | str, ...] | None] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    inputs_as_nchw: tuple[str, ...] = ()
    outputs_as_nchw: tuple[str, ...] = ()
    rename_inputs: tuple[str, ...] = ()
    rename_outputs: tuple[str, ...] = ()
    memory: int | None = None

    def __post_init__(self) -> None:
        """Raises ConversionError for a value that an option does not take."""
        if not isinstance(self.opset, int):
            raise ConversionError(f"opset: it is a number, not {self.opset!r}")
        for name, kind in _kinds().items():
            value, taken = getattr(self, name), get_args(kind)
            if get_origin(kind) is tuple and isinstance(value, str):
                raise ConversionError(f"{name}: it is a list of names, [{value!r}] say, not the text {value!r}")
            if get_origin(kind) is Literal and value not in taken:
                near = get_close_matches(str(value).lower(), taken, 1)
                meant = f"; did you mean {near[0]!r}?" if near else ""
                raise ConversionError(f"{name}: it is one of {', '.join(map(repr, taken))}, not {value!r}{meant}")
        if self.memory is not None and (not isinstance(self.memory, int) or self.memory < 0):
            raise ConversionError(f"memory: it is a number of bytes, not {self.memory!r}")
        for domain, version in self.extra_opsets.items():
            if not isinstance(version, int) or not 0 < version < 2**31:
                raise ConversionError(f"extra_opsets: the version of {domain!r} is a number from 1 on, not {version!r}")

    @property
    def rounds_inputs(self) -> bool:
        """Whether float ops with integer weights round their inputs to 8 bits first, as LiteRT does."""
        return self.hybrid == "litert" and not self.dequantize

    def changed(self) -> dict[str, Any]:
        """The options that differ from the defaults."""
        defaults = asdict(Options())
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items() if v != defaults[k]}


@cache
def _kinds() -> dict[str, Any]:
    """The options' types."""
    return get_type_hints(Options)
