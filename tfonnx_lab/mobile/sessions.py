"""Sessions of ONNX Runtime for this room: one that writes the ORT format, one that runs it, and inputs for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import onnxruntime as ort

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.litert import random_inputs
from tfonnx_lab.mobile.shown import one_of
from tfonnx_lab.runtime.refusals import short
from tfonnx_lab.runtime.sessions import REPLAY, ort_format_session, run

Style: TypeAlias = Literal["Fixed", "Runtime"]
Level: TypeAlias = Literal["disable", "basic", "extended", "layout", "all"]
Platform: TypeAlias = Literal["arm", "amd64"] | None

STYLES = ("Fixed", "Runtime")
LEVELS = {
    "disable": ort.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": ort.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "layout": ort.GraphOptimizationLevel.ORT_ENABLE_LAYOUT,
    "all": ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
}
PLATFORMS = (None, "arm", "amd64")

__all__ = [
    "LEVELS",
    "PLATFORMS",
    "STYLES",
    "OrtSettings",
    "onnx_session",
    "ort_format_session",
    "outputs_of",
    "sample_inputs",
    "write_file",
    "write_replayed",
]

_DTYPES = {
    "tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16", "tensor(bool)": "bool",
    **{f"tensor({t})": t for t in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")},
}  # fmt: skip


@dataclass(frozen=True)
class OrtSettings:
    """How a file of the ORT format is made.

    style: "Fixed" applies every optimization of the level before writing; "Runtime" the basic ones, and records the
        others for later, so that an accelerator sees ops that it knows.
    level: how much is optimized ("layout" and "all" choose layouts, too).
    target_platform: "arm" makes integer kernels of int8 activations, "amd64" writes the blocked layout of convolutions
        (NCHWc) that ARM does not have; None fits both.
    """

    style: Style = "Fixed"
    level: Level = "all"
    target_platform: Platform = None

    def __post_init__(self) -> None:
        one_of("style", self.style, STYLES)
        one_of("level", self.level, tuple(LEVELS))
        one_of("target_platform", self.target_platform, PLATFORMS)

    @property
    def disabled(self) -> list[str]:
        """Optimizers that are left out."""
        blocks = self.target_platform == "amd64" or self.level not in ("layout", "all")
        return [] if blocks else ["NchwcTransformer"]

    def options(self) -> ort.SessionOptions:
        """The options of a session that optimizes so."""
        options = _quiet()
        options.graph_optimization_level = LEVELS[self.level]
        options.add_session_config_entry("session.qdqisint8allowed", "1" if self.target_platform == "arm" else "0")
        return options

    def __str__(self) -> str:
        platform = f", for {self.target_platform}" if self.target_platform else ""
        return f"{self.style} style, level {self.level}{platform}"


def write_file(model: Path, draft: Path, settings: OrtSettings, apply: bool = False) -> None:
    """Have ONNX Runtime write the ONNX file `model` to `draft` in the ORT format.

    apply: apply what the Runtime style would record: what a session with replay runs. Raises ConversionError, with ONNX
    Runtime's reason.
    """
    options = settings.options()
    options.optimized_model_filepath = str(draft)
    options.add_session_config_entry("session.save_model_format", "ORT")
    if apply or settings.style == "Runtime":
        options.add_session_config_entry("optimization.minimal_build_optimizations", "apply" if apply else "save")
    _open(str(model), options, settings.disabled, "ONNX Runtime cannot write it in the ORT format")


def write_replayed(model: str | bytes, draft: Path) -> None:
    """Have ONNX Runtime apply what a Runtime-style .ort file recorded, and write what it would run to `draft`."""
    options = _quiet()
    options.add_session_config_entry(REPLAY, "1")
    options.add_session_config_entry("session.load_model_format", "ORT")
    options.add_session_config_entry("session.save_model_format", "ORT")
    options.optimized_model_filepath = str(draft)
    _open(model, options, [], "ONNX Runtime cannot replay what the .ort file recorded")


def onnx_session(model: Path, settings: OrtSettings | None = None) -> ort.InferenceSession:
    """A session of an ONNX file: with the same optimizations as the settings', or with the default ones."""
    options = _quiet() if settings is None else settings.options()
    if settings is not None and settings.style == "Runtime":
        options.add_session_config_entry("optimization.minimal_build_optimizations", "apply")
    disabled = [] if settings is None else settings.disabled
    return _open(str(model), options, disabled, "ONNX Runtime cannot load the ONNX model")


def _quiet() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    return options


def _open(
    model: str | bytes, options: ort.SessionOptions, disabled: Sequence[str], failed: str
) -> ort.InferenceSession:
    try:
        return ort.InferenceSession(model, options, ["CPUExecutionProvider"], disabled_optimizers=list(disabled))
    except Exception as error:  # ONNX Runtime's errors share no base class
        raise ConversionError(f"{failed}: {short(error)}") from error


def sample_inputs(session: ort.InferenceSession, seed: int, unknown: int = 1) -> dict[str, np.ndarray]:
    """Random inputs by name: 8-bit integers over their whole range, others small.

    unknown: dimensions that are not fixed.
    """
    given = session.get_inputs()
    arrays = random_inputs([_detail(i, unknown) for i in given], seed)
    return {i.name: array for i, array in zip(given, arrays, strict=True)}


def _detail(found: Any, unknown: int) -> dict[str, Any]:
    """An input as LiteRT describes its own."""
    if found.type == "tensor(string)":
        dtype: Any = np.object_
    elif found.type in _DTYPES:
        dtype = np.dtype(_DTYPES[found.type])
    else:
        raise ConversionError(f"input {found.name}: no random {found.type} can be made")
    shape = [d if isinstance(d, int) and d >= 0 else unknown for d in found.shape]
    return {"dtype": dtype, "shape": shape, "quantization_parameters": {"scales": [1.0]}}


def outputs_of(session: ort.InferenceSession, feed: dict[str, np.ndarray]) -> dict[str, Any]:
    """The outputs by name. Raises ConversionError where the session cannot run."""
    names = [o.name for o in session.get_outputs()]
    plain = {k: v.astype(str) if v.dtype == object else v for k, v in feed.items()}
    return dict(zip(names, run(session, names, plain), strict=True))
