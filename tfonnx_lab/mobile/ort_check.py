"""A file of the ORT format beside the ONNX model that it was made of, in ONNX Runtime."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile.sessions import OrtSettings, onnx_session, ort_format_session, outputs_of, sample_inputs

_SEEDS = (0, 1)
_UNKNOWN = (1, 4, 16, 64)
_LARGEST_INPUT = 2**20
"""Elements of an input beyond which unknown dimensions are not tried larger."""


@dataclass(frozen=True)
class OutputCheck:
    """An output of the .ort file beside the ONNX model's, over the same inputs.

    equal: bit for bit that of an ONNX session with the same optimizations.
    error: the largest difference from one with the default optimizations of this machine.
    relative: over the largest magnitude there; None for strings and sequences.
    """

    name: str
    dtype: str
    equal: bool
    error: float | None
    relative: float | None


def compared(model: Path, draft: Path, settings: OrtSettings) -> tuple[tuple[OutputCheck, ...], list[str]]:
    """Run the .ort file beside its ONNX file on random inputs.

    Returns the outputs' comparisons, and notes. Raises ConversionError where the .ort file does not load, does not run,
    or gives other numbers than an ONNX session with the same optimizations does every time.
    """
    loaded, same, default = ort_format_session(draft), onnx_session(model, settings), onnx_session(model)
    checks: dict[str, OutputCheck] = {}
    notes: list[str] = []
    for seed in _SEEDS:
        try:
            feed, expected = runnable(same, seed)
            usual = outputs_of(default, feed)
        except ConversionError as error:
            return (), [
                f"loaded again, but not compared: the ONNX model runs neither on random inputs nor on ones ({error})"
            ]
        got = outputs_of(loaded, feed)
        again: dict[str, Any] | None = None
        for name, value in expected.items():
            equal = _same(value, got[name])
            if not equal:
                again = outputs_of(same, feed) if again is None else again
                if _same(value, again[name]) or described(value) != described(got[name]):
                    raise ConversionError(
                        f"not saved: output {name} differs from that of the ONNX model ({described(got[name])})"
                    )
                notes = [f"output {name} is another one in each run of the ONNX model, too"]
            apart, relative = _difference(usual[name], got[name])
            before = checks.get(name, OutputCheck(name, described(value)[0], True, apart, relative))
            checks[name] = OutputCheck(name, before.dtype, before.equal and equal, _most(before.error, apart),
            _most(before.relative, relative))  # fmt: skip
    if any(c.error for c in checks.values()) and not notes:
        notes.append(_why_default_differs(settings))
    return tuple(checks.values()), notes


def runnable(session: Any, seed: int) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Inputs that the model takes, and what it gives for them: random ones, else ones (it may divide by an input).

    Unknown dimensions are tried as 1, then larger, since a window may be. Raises ConversionError where none of these
    run.
    """
    failed: ConversionError | None = None
    shapes = [i.shape for i in session.get_inputs()]
    known = all(isinstance(d, int) for shape in shapes for d in shape)
    for unknown in (1,) if known else _UNKNOWN:
        sizes = [math.prod(d if isinstance(d, int) else unknown for d in shape) for shape in shapes]
        if unknown > 1 and max(sizes, default=0) > _LARGEST_INPUT:
            break
        feed = sample_inputs(session, seed, unknown)
        ones = {k: v if v.dtype == object else np.ones_like(v) for k, v in feed.items()}
        for given in (feed, ones):
            try:
                return given, outputs_of(session, given)
            except ConversionError as error:
                failed = failed or error
    assert failed is not None
    raise failed


def _why_default_differs(settings: OrtSettings) -> str:
    if settings.style == "Runtime":
        why = "applies more than a file can record, and chooses the layouts of this machine's CPU"
    elif settings.level != "all":
        why = f"optimizes more than level {settings.level}"
    elif settings.target_platform == "arm":
        why = "chooses what this machine's CPU is fast at: blocked convolutions (NCHWc), uint8 instead of int8 kernels"
    else:
        why = "also chooses the blocked layout of convolutions (NCHWc), which only some CPUs have"
    return f"differences from a default session are the rounding of other kernels: it {why}"


def _same(a: Any, b: Any) -> bool:
    """Bit for bit, NaN included."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        return a.tolist() == b.tolist() if a.dtype == object else a.tobytes() == b.tobytes()
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    return bool(a == b)


def described(value: Any) -> tuple[str, tuple[int, ...]]:
    """The type and the shape of an output; a sequence has its length."""
    if isinstance(value, np.ndarray):
        return ("string" if value.dtype == object else str(value.dtype)), value.shape
    return type(value).__name__, (len(value),) if isinstance(value, (list, dict)) else ()


def _difference(a: Any, b: Any) -> tuple[float | None, float | None]:
    """The largest difference, and over the largest magnitude of `a`; infinite where the shapes differ or only one is
    NaN."""
    if not isinstance(a, np.ndarray) or a.dtype.kind not in "fiub":
        return None, None
    if not isinstance(b, np.ndarray) or a.shape != b.shape:
        return math.inf, math.inf
    x, y = a.astype(np.float64), b.astype(np.float64)
    both = (x == y) | (np.isnan(x) & np.isnan(y))
    apart = np.abs(x[~both] - y[~both])
    if not apart.size:
        return 0.0, 0.0
    error = math.inf if np.isnan(apart).any() else float(apart.max())
    largest = float(np.abs(x[np.isfinite(x)]).max(initial=0.0))
    return error, error / largest if largest else math.inf


def _most(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else max(a, b)
