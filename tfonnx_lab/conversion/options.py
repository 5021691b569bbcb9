"""The options of a conversion: one definition, for `convert`, `Lab`, the magic and the command line."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from functools import cache
from typing import Any, Literal, TypedDict, TypeVar, get_type_hints

from tfonnx_lab.conversion.checks import checked, no_such
from tfonnx_lab.texts import styled, table

OLDEST_OPSET = 13
DEFAULT_OPSET = 18
"""Why 18: ONNX Runtime 1.14 (2023) and later run it, reductions and Split take their modern form in it, and it has
every op that the lowering of the classic TFLite ops needs. int16 Q/DQ need 21 and are written out in float below it."""

NEWEST_ON_ACCELERATORS = 25
"""The newest opset of which the providers of ONNX Runtime 1.32 for NNAPI and CoreML take ops."""

Target = Literal["x86_64", "arm64", "portable", "nnapi", "coreml"]
"""Whose integer kernels a quantized model is made for, or which accelerator is to take the model."""

Exact = Literal[False, True, "bits"]
"""How much speed LiteRT's numbers are worth: none, some, or any."""

F = TypeVar("F", bound=Callable[..., Any])


def _option(default: Any, sentence: str, **more: Any) -> Any:
    """A field with its sentence; `more`: what the command line needs beyond that (`flags`, `metavar`)."""
    made = {"default_factory": dict} if default == {} else {"default": default}
    return field(**made, metadata={"help": sentence, **more})


@dataclass(frozen=True)
class Options:
    """What a conversion is asked for.

    A value that is not allowed is refused: TypeError or ValueError, with what is allowed.
    """

    opset: int = _option(DEFAULT_OPSET, "ONNX opset, 13 or newer; ONNX Runtime 1.14 and later run 18")
    dequantize: bool = _option(False, "a float model without Q/DQ; finds ReLU and ReLU6 in quantization ranges")
    target: Target = _option(
        "x86_64",
        "whose integer kernels to aim at; portable is for runtimes other than ONNX Runtime: no op outside of ONNX's "
        "own domain, and each tensor has the positive scale and the zero point that the file states; nnapi and coreml "
        "are for the accelerators of phones: nnapi gets uint8 throughout, coreml, which takes no Q/DQ, a dequantized "
        "model",
    )
    exact: Exact = _option(
        False,
        "prefer LiteRT's numbers to speed; what overflows becomes the largest number, as in LiteRT; bits: every code "
        "of a quantized model is that of LiteRT's reference kernels, at any speed",
    )
    infer_relu: Literal["auto", "off"] = _option("auto", "with dequantize: find ReLU and ReLU6 in quantization ranges")
    hybrid: Literal["litert", "float"] = _option(
        "litert",
        "float ops with integer weights: on dynamically quantized inputs, as LiteRT computes them, or in float",
    )
    float_io: bool = _option(False, "with dequantize: float inputs and outputs")
    inputs: Mapping[str, tuple[int | str, ...] | None] = _option(
        {}, "new shapes of inputs by name: {'name': (1, 224, 224, 3)}", metavar="NAME[DIMS],..."
    )
    outputs: tuple[str, ...] = _option((), "names of the tensors to return", metavar="NAME,...")
    inputs_as_nchw: tuple[str, ...] = _option((), "inputs that get a channels-first layout", metavar="NAME,...")
    outputs_as_nchw: tuple[str, ...] = _option((), "outputs that get a channels-first layout", metavar="NAME,...")
    rename_inputs: tuple[str, ...] = _option((), "new names of the inputs, in order", metavar="NAME,...")
    rename_outputs: tuple[str, ...] = _option((), "new names of the outputs, in order", metavar="NAME,...")
    signature: str | None = _option(None, "which signature to convert", flags=("--signature_def",), metavar="NAME")
    tag: str | None = _option(
        None, "which of a SavedModel's graphs to convert (serve where none is named)", metavar="NAME"
    )
    input_signature: tuple[str, ...] = _option(
        (),
        "shapes and types of a TensorFlow function's arguments, or of a Keras model that was not built: "
        "x:float32[1,224,224,3], ? for an open dimension; in Python also tf.TensorSpec",
        metavar="NAME:TYPE[DIMS],...",
    )
    concrete_function: int | None = _option(
        None, "which concrete function of a TensorFlow function, or of a SavedModel's __call__", metavar="NUMBER"
    )
    custom_ops: str | Mapping[str, str] | None = _option(
        None,
        "keep custom ops without a handler as nodes of this domain, or of the domain that a dict names for an op "
        "('*': all)",
        metavar="DOMAIN | OP[:DOMAIN],...",
    )
    extra_opsets: Mapping[str, int] = _option(
        {}, "versions of such domains: {'my.domain': 1}", flags=("--extra_opset",), metavar="DOMAIN:VERSION,..."
    )
    shapes: bool = _option(
        False,
        "write the type and the shape of every value into the file, for viewers that show them; runtimes find them "
        "themselves",
    )
    verify: Literal["graph", "load", "run"] = _option(
        "graph",
        "how far to make sure that the result runs: graph holds every node against ONNX's schemas and ONNX Runtime's "
        "kernels; load also loads the model in ONNX Runtime, in a process of its own, as `tfonnx-lab convert` does "
        "where nothing is said; run runs it once, on zeros",
    )
    memory: int | None = _option(
        None,
        "how many bytes the conversion may take because numbers in the file ask for it; None: 256 MiB, and 32 for "
        "each byte of the file",
        metavar="BYTES",
    )

    def __post_init__(self) -> None:
        from tfonnx_lab.readers.tensorflow.specs import as_texts  # its room imports numpy, which --help does without

        object.__setattr__(self, "input_signature", as_texts(self.input_signature))
        _open_dimensions_have_names(self.inputs)
        kinds = hints()
        for item in fields(self):
            object.__setattr__(self, item.name, checked(item.name, getattr(self, item.name), kinds[item.name]))
        self._no_empty_names()
        if twice := next((name for i, name in enumerate(self.outputs) if name in self.outputs[:i]), None):
            raise ValueError(f"outputs: {twice!r} is named twice; name each tensor once")
        if self.memory is not None and self.memory < 0:
            raise ValueError(f"memory={self.memory}: it is a number of bytes, 0 or more")
        for name, dims in self.inputs.items():
            if wrong := [d for d in dims or () if isinstance(d, int) and (d == 0 or d >= 2**31)]:
                raise ValueError(f"inputs: a dimension of {name!r} is {wrong[0]}; it is a number from 1 to 2147483647")
        for domain, version in self.extra_opsets.items():
            if not 0 < version < 2**31:
                raise ValueError(f"extra_opsets: the version of {domain!r} is a number from 1 on, not {version}")

        if self.target == "coreml":
            object.__setattr__(self, "dequantize", True)
        if self.bits and (self.dequantize or self.target == "nnapi"):
            why = f"target={self.target!r}" if self.target in ("coreml", "nnapi") else "dequantize=True"
            raise ValueError(
                f"exact='bits' keeps every code as LiteRT's kernels have it, which {why} does not; leave one out"
            )
        if self.target == "nnapi":  # which quantizes nothing as it runs
            object.__setattr__(self, "hybrid", "float")

    def _no_empty_names(self) -> None:
        """ONNX takes an empty name for a missing input or output. Raises ValueError."""
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, (tuple, Mapping)) and "" in value:
                renames = item.name.startswith("rename_")
                keep = "; to keep one's name, give that, and leave out those behind the last that changes" * renames
                raise ValueError(f"{item.name}={value!r}: a name is empty; write one for each{keep}")
        domains = self.custom_ops.values() if isinstance(self.custom_ops, Mapping) else [self.custom_ops]
        if "" in domains:
            raise ValueError(
                f"custom_ops={self.custom_ops!r}: a domain is empty; name one of yours, for example my.domain"
            )
        if empty := [name for name, dims in self.inputs.items() if dims and "" in dims]:
            raise ValueError(f"inputs: a dimension of {empty[0]!r} has an empty name; give it a number or a name")

    def _repr_html_(self) -> str:
        """Every option with its sentence, first those that are not as they are by default."""
        usual = {item.name: getattr(type(self)(), item.name) for item in fields(self)}
        rows = [(i.name, getattr(self, i.name), i.metadata.get("help", "")) for i in fields(self)]
        rows.sort(key=lambda row: row[1] == usual[row[0]])
        own = [name for name, value, _ in rows if value != usual[name]]
        title = f"options: {', '.join(own) or 'none'} set, the others as they are by default"
        return styled(table(title, ["option", "value", "what it means"], [[n, repr(v), s] for n, v, s in rows]))

    @property
    def bits(self) -> bool:
        """Whether every code has to be that of LiteRT's reference kernels."""
        return self.exact == "bits"

    @property
    def as_uint8(self) -> bool:
        """Whether activations become uint8: on x86-64 ONNX Runtime fuses more of them, and NNAPI takes no others."""
        return self.target in ("x86_64", "nnapi")

    @property
    def as_stated(self) -> bool:
        """Whether each tensor keeps the scale and the zero point of the file wherever it is read or written."""
        return self.target in ("portable", "nnapi")

    @property
    def static(self) -> bool:
        """Whether dimensions that the file leaves open are 1, as LiteRT takes them: accelerators want to know them."""
        return self.target in ("nnapi", "coreml")

    @property
    def rounds_inputs(self) -> bool:
        """Whether float ops with integer weights round their inputs to 8 bits first, as LiteRT does."""
        return self.hybrid == "litert" and not self.dequantize

    @property
    def own_ranges(self) -> bool:
        """Whether each row of a batch of unknown size rounds its inputs to a range of its own, as it does alone.

        A batch that the file leaves open is taken for one row, which is faster; one that `inputs=` gives is not.
        """
        return bool(self.exact) or any(dims[0] != 1 for dims in self.inputs.values() if dims)

    def changed(self) -> dict[str, Any]:
        """The options that differ from the defaults."""
        defaults = _defaults()
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items() if v != defaults[k]}


@cache
def hints() -> dict[str, Any]:
    """The types of the options, which take longer to be read than a small model."""
    return get_type_hints(Options)


@cache
def _defaults() -> dict[str, Any]:
    return asdict(Options())


def _open_dimensions_have_names(inputs: Any) -> None:
    """Raises TypeError for None as a dimension, as TensorFlow writes an open one."""
    shapes = inputs.items() if isinstance(inputs, Mapping) else ()
    for name, dims in shapes:
        if isinstance(dims, (list, tuple)) and None in dims:
            raise TypeError(
                f"inputs: dimension {list(dims).index(None)} of {name!r} is None; a dimension is a number, or a name "
                "that leaves it open, for example 'N'"
            )


class _Keywords(TypedDict, total=False):
    """The options as keywords, for type checkers, which cannot read them from the dataclass; a test holds both
    equal."""

    target: Target
    exact: Exact
    infer_relu: Literal["auto", "off"]
    hybrid: Literal["litert", "float"]
    float_io: bool
    outputs: tuple[str, ...]
    inputs_as_nchw: tuple[str, ...]
    outputs_as_nchw: tuple[str, ...]
    rename_inputs: tuple[str, ...]
    rename_outputs: tuple[str, ...]
    signature: str | None
    tag: str | None
    input_signature: tuple[str, ...]
    concrete_function: int | None
    custom_ops: str | Mapping[str, str] | None
    extra_opsets: Mapping[str, int]
    shapes: bool
    verify: Literal["graph", "load", "run"]
    memory: int | None


class Keywords(_Keywords, total=False):
    """Those of `convert`, which names opset and dequantize itself."""

    inputs: Mapping[str, tuple[int | str, ...] | None]


class LabKeywords(_Keywords, total=False):
    """Those of `Lab`, whose own `inputs` are what the model runs on."""

    opset: int
    dequantize: bool


def options_from(caller: str, given: Mapping[str, Any]) -> Options:
    """The options that a caller was given as keywords.

    Raises TypeError for one that does not exist, with the nearest name.
    """
    known = [item.name for item in fields(Options)]
    for name in given:
        if name not in known:
            raise TypeError(no_such(f"{caller} has no option {name!r}", name, known))
    return Options(**given)


def takes_options(function: F) -> F:
    """Tell `help()` and completion the options that a function takes as `**options`: its signature and docstring name
    each."""
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    named = {p.name for p in own}
    more = [
        inspect.Parameter(item.name, inspect.Parameter.KEYWORD_ONLY, default=_default(item), annotation=item.type)
        for item in fields(Options)
        if item.name not in named
    ]
    function.__signature__ = signature.replace(parameters=[*own, *more])  # type: ignore[attr-defined]
    function.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}\n\n{described()}"
    return function


def described() -> str:
    """The options, a paragraph each."""
    return "\n".join(
        textwrap.fill(
            f"{item.name}: {item.metadata['help']} (default: {_default(item)!r}).", 116, subsequent_indent="    "
        )
        for item in fields(Options)
    )


def _default(item: Field[Any]) -> Any:
    return {} if item.default_factory is dict else item.default
