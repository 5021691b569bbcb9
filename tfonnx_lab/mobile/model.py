"""Mobile: a model, and the questions that a small device asks of it."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile.ort_format import Loaded, Saved, load_ort, make_ort, save_ort, written
from tfonnx_lab.mobile.ort_model import OrtModel
from tfonnx_lab.mobile.sessions import Level, OrtSettings, Platform, Style
from tfonnx_lab.mobile.shown import Answer, Section, flag, one_of
from tfonnx_lab.mobile.source import Source, source_of
from tfonnx_lab.texts import human

if TYPE_CHECKING:
    from tfonnx_lab.mobile.advice import Advice
    from tfonnx_lab.mobile.answer import ProviderAnswer
    from tfonnx_lab.mobile.config import KernelConfig
    from tfonnx_lab.mobile.kernels import Kernels
    from tfonnx_lab.mobile.overview import Overview
    from tfonnx_lab.mobile.reduced_types import SmallestTypes
    from tfonnx_lab.mobile.runs import Impact
    from tfonnx_lab.mobile.size import Size
    from tfonnx_lab.trace import Trace

T = TypeVar("T")


class Mobile(Answer):
    """A model on its way to a small device: each question is a method, each answer prints as text, HTML and JSON.

        m = lab.Mobile("model.tflite")
        m.save("model.ort")            # ONNX Runtime's format for small devices, checked before it gets its name
        m.kernels                      # which kernels it needs, of which types
        m.config().save("ops.config")  # the build's list of them
        m.types()                      # the one list of types that is enough; m.types(["float"]): what it would break
        m.size()                       # how large that build is
        m.nnapi(), m.coreml(), m.xnnpack()  # what an accelerator would run, and why not the rest
        m.advice()                     # what to change, with what it would win

    model: a Conversion, the path or bytes of a .tflite, .onnx or .ort file, or a ModelProto.
    options: of the conversion of a .tflite (those of `convert`).
    style, level, target_platform: how the .ort file is made that kernels, config and size are asked of (see `save`).
    Raises ConversionError for a model that cannot be read, and for a value that an argument does not have.
    """

    def __init__(
        self,
        model: Any,
        *,
        style: Style = "Fixed",
        level: Level = "all",
        target_platform: Platform = None,
        **options: Any,
    ) -> None:
        self.settings = OrtSettings(style, level, target_platform)
        self.source: Source = source_of(model, **options)
        self._answers: dict[Any, Any] = {}

    @property
    def name(self) -> str:
        """The model's name, for messages."""
        return self.source.name

    # the ORT format

    def save(
        self,
        path: str | os.PathLike[str],
        style: Style | None = None,
        level: Level | None = None,
        target_platform: Platform | Literal["as given"] = "as given",
    ) -> Saved:
        """Write the model in the ORT format, and tell how its numbers compare with the ONNX model's.

        path: ends in .ort.
        style: "Fixed" applies every optimization before writing, "Runtime" leaves those that an accelerator could not
        undo for later.
        level: "disable", "basic", "extended", "layout" or "all".
        target_platform: None, "arm" (integer kernels of int8 activations) or "amd64" (blocked convolutions).
        Those left out are this object's own.
        The file is loaded again and compared with an ONNX session with the same optimizations before it gets its name.
        Raises ConversionError where the format cannot hold the model (over 2 GB, 4-bit tensors), where the file cannot
        be written, or where its numbers are others; then nothing is left behind.
        """
        return save_ort(self.source, path, self._settings(style, level, target_platform))

    def check(self) -> Saved | Loaded:
        """Whether the model loads in the ORT format with the same numbers: what `save` tells, without a file.

        An .ort file is loaded and run: there is nothing to compare it with.
        """
        if self.source.ort is not None:
            return self._once("check", lambda: load_ort(self.source))
        return self._once("check", self._check)

    def ort(self, style: Style | None = None, level: Level | None = None,
            target_platform: Platform | Literal["as given"] = "as given", *,
            apply: bool = False) -> OrtModel:  # fmt: skip
        """The model in the ORT format, read: nodes, types, constants, what was recorded for later.

        Arguments as of `save`; of an .ort file without any it is that file.

        apply: what a session with replay makes of a Runtime-style file.
        """
        flag("apply", apply)
        settings = self._settings(style, level, target_platform)
        if self.source.ort is not None and settings == self.settings and not (apply and self.source.ort.records):
            return self.source.ort
        return self._once(("ort", settings, apply), lambda: self._written(settings, apply))

    def trace(self, style: Style | None = None, level: Level | None = None,
              target_platform: Platform | Literal["as given"] = "as given") -> Trace:  # fmt: skip
        """The trace of the conversion with a further stage, "ORT format": what writing the file does, step by step."""
        from tfonnx_lab.mobile.ort_stage import ort_trace

        settings = self._settings(style, level, target_platform)
        return ort_trace(self.source, self.ort(settings.style, settings.level, settings.target_platform))

    # kernels and size

    @cached_property
    def kernels(self) -> Kernels:
        """Which kernels the model needs: operator, since-version, types, the nodes that need it, the TFLite ops behind
        them."""
        from tfonnx_lab.mobile.kernels import Kernels, kernels
        from tfonnx_lab.mobile.origins import Origins

        origins = None if self.source.ort is not None else Origins(self.source.proto, self.source.tflite_ops)
        found = kernels(self.ort(), origins)
        if self.ort().records:  # with replay it needs others, and a build has to have both
            known = {(*u.kernel, u.inputs, u.outputs) for u in found.uses}
            more = [
                u for u in kernels(self.ort(apply=True), origins).uses if (*u.kernel, u.inputs, u.outputs) not in known
            ]
            found = Kernels(found.name, [*found.uses, *more])
        found.originals = tuple(self.source.originals())
        return found

    def config(self, *, types: bool | Iterable[str] = True) -> KernelConfig:
        """The required-operators file of a build that runs this model.

        types: True, with the types that each kernel needs; False, without; a list, these only for all operators
        (words of either world: "float16" or "MLFloat16").
        """
        from tfonnx_lab.mobile.config import KernelConfig

        if isinstance(types, bool | str):
            flag("types", types)
            return KernelConfig.of(self.kernels, types=bool(types))
        return KernelConfig.of(self.kernels, types=False).with_global_types(types)

    def types(self, allowed: Iterable[str] | None = None) -> SmallestTypes | Impact:
        """The smallest list of types for all operators that runs this model; of a list, what it would break, node by
        node.

        allowed: words of either world ("float16" or "MLFloat16"). Of several models: `smallest_types` and `what_breaks`
        of `tfonnx_lab.mobile`.
        """
        from tfonnx_lab.mobile.reduced_types import smallest_types

        return smallest_types(self) if allowed is None else self.config(types=allowed).impact(self)

    def size(
        self,
        ops: Any = None,
        types: bool | Iterable[str] = True,
        exceptions: bool = False,
        ml_ops: bool | None = None,
        libcxx: Literal["shared", "static"] = "shared",
        arch: Literal["arm64"] = "arm64",
        config_file: str = "required_operators.config",
        providers: Sequence[Literal["nnapi", "coreml", "xnnpack"]] = (),
    ) -> Size:
        """How large a build of ONNX Runtime is that runs this model: base, kernels, types, and the commands that build
        it.

        ops: what the build keeps: a KernelConfig, kernels, several of these, or "all" (default: what this model needs).
        types: True, those that are needed; False, all; a list, only these for all operators.
        exceptions, ml_ops (traditional ML; by default where needed), libcxx, arch: of the build.
        config_file: its name in the commands.
        providers: accelerators that the build has.
        """
        from tfonnx_lab.mobile.size import size

        return size(
            self.kernels if ops is None else ops, types, exceptions, ml_ops, libcxx, arch, config_file, providers
        )

    # accelerators

    def nnapi(self, level: int = 31, nchw: bool = False) -> ProviderAnswer:
        """What Android's NNAPI would run.

        level: Android's API level, 27 to 31.
        nchw: ask in the NCHW layout.
        """
        one_of("level", level, (27, 28, 29, 30, 31))
        flag("nchw", nchw)
        return self._provider("nnapi", level=level, nchw=nchw)

    def coreml(self, format: Literal["MLProgram", "NeuralNetwork"] = "MLProgram", version: int = 7,  # noqa: A002
               release: Literal["1.27", "1.32"] = "1.27", static: bool = False,
               written: bool = True) -> ProviderAnswer:  # fmt: skip
        """What Apple's CoreML would run.

        format: of the CoreML model.
        version: of CoreML, 5 to 8.
        release: of ONNX Runtime, whose rules; those after 1.27 are read in its sources only.
        static: the provider option RequireStaticInputShapes.
        written: as the .ort file is written, with casts around ops of float16 that the CPU lacks; False: as a session
        that loads the .onnx file asks, before it adds them.
        """
        one_of("format", format, ("MLProgram", "NeuralNetwork"))
        one_of("version", version, (5, 6, 7, 8))
        one_of("release", release, ("1.27", "1.32"))
        flag("static", static)
        flag("written", written)
        return self._provider("coreml", format=format, version=version, release=release, static=static, written=written)

    def xnnpack(self) -> ProviderAnswer:
        """What XNNPACK's kernels for CPUs would run."""
        return self._provider("xnnpack")

    def advice(
        self,
        level: int = 31,
        nchw: bool = False,
        format: Literal["MLProgram", "NeuralNetwork"] = "MLProgram",  # noqa: A002
        version: int = 7,
    ) -> Advice:
        """What to change so that more runs on an accelerator: each change is made, and the providers are asked again.

        Nothing is computed before the answer is looked at.

        level, nchw: of NNAPI.
        format, version: of CoreML.
        """
        from tfonnx_lab.mobile.advice import Advice, asks

        one_of("level", level, (27, 28, 29, 30, 31))
        flag("nchw", nchw)
        one_of("format", format, ("MLProgram", "NeuralNetwork"))
        one_of("version", version, (5, 6, 7, 8))
        settings: dict[str, dict[str, Any]] = {
            "nnapi": {"level": level, "nchw": nchw},
            "coreml": {"format": format, "version": version},
            "xnnpack": {},
        }
        names = {"nnapi": "NNAPI", "coreml": "CoreML", "xnnpack": "XNNPACK"}
        providers = [(names[k], partial(_asked(k, k), **setting)) for k, setting in settings.items()]
        return self._once(
            ("advice", level, nchw, format, version), lambda: Advice(self.source, asks(providers), Mobile)
        )

    def _provider(self, name: str, **setting: Any) -> ProviderAnswer:
        model = self.source.as_onnx
        return self._once((name, *setting.values()), lambda: _asked(name, name)(model, **setting))

    def overview(self, target: str | os.PathLike[str] | None = None, **settings: Any) -> Overview:
        """All questions at once.

        target: write the .ort file there; settings: see `tfonnx_lab.mobile.overview`.
        """
        from tfonnx_lab.mobile.overview import overview

        return overview(self, None if target is None else Path(target), **settings)

    # how it is shown

    @property
    def title(self) -> str:
        """The heading."""
        return f"{self.name}: on a small device"

    def facts(self) -> Iterator[tuple[str, str]]:
        """What the model is."""
        yield "model", {"conversion": "converted here", "onnx": "ONNX", "ort": "ORT format"}[self.source.kind]
        if self.source.ort is None:
            yield "in the ORT format", f"{self.settings} (made when first asked for)"
        else:
            yield "size", human(self.source.ort.size)

    def sections(self) -> Iterator[Section]:
        """What can be asked."""
        yield Section("Questions", ("ask", "answers"), tuple(QUESTIONS.items()))

    def to_json(self) -> dict[str, Any]:
        """Name and kind; the answers have a `to_json()` of their own."""
        settings = {
            "style": self.settings.style,
            "level": self.settings.level,
            "target_platform": self.settings.target_platform,
        }
        return {"name": self.name, "kind": self.source.kind, **settings}

    def __repr__(self) -> str:
        return f"Mobile({self.name})"

    # inside

    def _settings(self, style: Any, level: Any, platform: Any) -> OrtSettings:
        own = self.settings
        return OrtSettings(
            own.style if style is None else style,
            own.level if level is None else level,
            own.target_platform if platform == "as given" else platform,
        )

    def _once(self, key: Any, make: Callable[[], T]) -> T:
        if key not in self._answers:
            self._answers[key] = make()
        return cast("T", self._answers[key])

    def _check(self) -> Saved:
        with tempfile.TemporaryDirectory(prefix="tfonnx_lab_") as folder:
            return make_ort(self.source, self.settings, Path(folder))

    def _written(self, settings: OrtSettings, apply: bool) -> OrtModel:
        with tempfile.TemporaryDirectory(prefix="tfonnx_lab_") as folder:
            try:
                return written(self.source, settings, Path(folder) / "model.ort", apply)[0]
            except ConversionError as error:
                raise ConversionError(f"{self.name}: {error}") from error


QUESTIONS = {
    "m.check(), m.save(path)": "does it load as .ort, with the same numbers?",
    "m.kernels, m.config()": "which kernels does it need, of which types?",
    "m.types()": "which one list of types is enough, and what would another break?",
    "m.size()": "how large is the build?",
    "m.nnapi(), m.coreml(), m.xnnpack()": "what would an accelerator run, and why not the rest?",
    "m.advice()": "what should I change?",
    "m.ort(), m.trace()": "what does the .ort file hold, and what did writing it change?",
}
"""What can be asked of a Mobile."""


def _asked(module: str, function: str) -> Callable[..., Any]:
    """A function of a module of this room, loaded when it is first asked: rules and tables take time to load."""
    return cast("Callable[..., Any]", getattr(importlib.import_module(f"tfonnx_lab.mobile.{module}"), function))
