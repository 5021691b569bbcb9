"""Where the numbers leave LiteRT's: the first op, and the first step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tfonnx_lab.conversion import Conversion
from tfonnx_lab.debug.isolation import isolate
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.parity import Parity, TensorParity, compare
from tfonnx_lab.pipeline import convert
from tfonnx_lab.trace import Step


@dataclass(frozen=True)
class Finding:
    """What bisect found.

    op: type and position of the first op that is off by itself, None where every op is right. step: the step of the trace
    that brought the error in. error: the op's largest error over its output's largest magnitude. search: what was tried,
    in order.
    """

    op: str | None
    position: int | None
    step: Step | None
    error: float
    search: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        if self.op is None:
            return "\n".join(["no op is off by itself", *self.search])
        by = f", brought in by step {self.step.i + 1} ({self.step.rule.get('name')})" if self.step else ""
        return "\n".join(
            [f"op {self.position} {self.op} is off by {self.error:.2g} of its output's scale{by}", *self.search]
        )


def bisect(
    result: Conversion, inputs: Sequence[np.ndarray] | None = None, *, tolerance: float | None = None
) -> Finding:
    """Find the first op, and the first step, where numbers leave LiteRT's.

    tolerance: largest error over largest magnitude that counts as right (default: 1e-3, or one and a half quantization
    steps). An op whose output is off is judged by itself, on LiteRT's own inputs, so an error that only flows through it
    is not held against it. Where every op is right by itself, the optimizers' steps are searched.
    """
    search: list[str] = []
    parity = compare(result, inputs, band=False)
    suspects = [row for row in parity.rows if _off(row, tolerance)]
    search.append(f"{len(parity.rows)} tensors compared, {len(suspects)} are off")
    for row in suspects:
        alone = _alone(result, row, inputs)
        if alone is None:
            search.append(f"op {row.position} {row.op}: cannot be judged by itself")
            continue
        off = [r for r in alone.outputs if _off(r, tolerance)]
        search.append(f"op {row.position} {row.op}: {'off' if off else 'right'} by itself")
        if off:
            return Finding(row.op, row.position, _step_of(result, row.position), max(r.relative for r in off), search)
    if not suspects:
        return Finding(None, None, None, 0.0, search)
    step = _first_bad_step(result, inputs, suspects[0], tolerance, search)
    row = suspects[0]
    return Finding(row.op if step else None, row.position if step else None, step, row.relative, search)


def _off(row: TensorParity, tolerance: float | None) -> bool:
    if row.steps is not None and tolerance is None:
        return row.steps > 1.5
    return row.relative > (1e-3 if tolerance is None else tolerance)


def _alone(result: Conversion, row: TensorParity, inputs: Sequence[np.ndarray] | None) -> Parity | None:
    """Parity of the op cut out; None where it cannot be cut out or run."""
    try:
        cut = isolate(result, row.position, inputs)
        options = {k: v for k, v in result.options.changed().items() if k in ("target", "exact", "hybrid")}
        return compare(
            convert(cut.data, result.options.opset, result.options.dequantize, **options), cut.inputs, band=False
        )
    except ConversionError:
        return None


def _step_of(result: Conversion, position: int) -> Step | None:
    """The step of the op's handler."""
    steps = [s for s in result.trace if position in s.origin and s.stage == "handlers"]
    exact = [s for s in steps if s.rule.get("name", "") not in ("quantize", "dequantize")]
    return next(iter(exact or steps), None)


def _first_bad_step(
    result: Conversion,
    inputs: Sequence[np.ndarray] | None,
    row: TensorParity,
    tolerance: float | None,
    search: list[str],
) -> Step | None:
    """The first step of the optimizers after which the tensor is off, by halving."""
    steps = list(result.trace)
    first = next((s.i for s in steps if s.stage == "optimizers"), len(steps))

    def bad(count: int) -> bool:
        tried = convert(result.source, result.options.opset, result.options.dequantize, steps=count)
        found = [r for r in compare(tried, inputs, band=False).rows if r.name == row.name]
        off = any(_off(r, tolerance) for r in found)
        search.append(f"after {count} steps: {'off' if off else 'right'}")
        return off

    low, high = first, len(steps)
    if bad(low):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if bad(middle) else (middle, high)
    return steps[high - 1]
