"""Random numbers for one-op quantized models: codes, quantizations, and the output's range from the same op in
float."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from one_op_cases import OPS, SAME, Case, Draw

from conformance.against import run_litert
from conformance.models import Model

LIMITS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}
FIXED: dict[str, dict[str, tuple[float, int]]] = {
    "SOFTMAX": {"int8": (1 / 256, -128), "uint8": (1 / 256, 0), "int16": (1 / 32768, 0)},
    "LOGISTIC": {"int8": (1 / 256, -128), "uint8": (1 / 256, 0), "int16": (1 / 32768, 0)},
    "TANH": {"int8": (1 / 128, 0), "uint8": (1 / 128, 128), "int16": (1 / 32768, 0)},
    "L2_NORMALIZATION": {"int8": (1 / 128, 0), "uint8": (1 / 128, 128)},
    "LOG_SOFTMAX": {"int8": (16 / 256, 127), "uint8": (16 / 256, 255)},
}
"""Ops whose output has the quantization that LiteRT demands."""


def parameters(rng: np.random.Generator, dtype: str, low: float, high: float) -> tuple[float, int]:
    """Scale and zero point for a range; 16 bits have no zero point."""
    low, high = min(low, 0.0), max(high, 1e-3)
    if dtype == "int16":
        return float(np.float32(max(-low, high) / 32767)), 0
    least, most = LIMITS[dtype]
    scale = float(np.float32((high - low) / (most - least)))
    return scale, int(np.clip(round(least - low / scale), least, most))


@dataclass
class Sample:
    """A case with numbers: codes and quantizations."""

    op: str
    case: Case
    dtype: str
    codes: list[np.ndarray]
    quants: list[tuple[float, int]]
    weights: np.ndarray | None
    scales: np.ndarray | None
    biases: np.ndarray | None
    alpha: np.ndarray | None

    def model(self, real: bool, out: tuple[float, int] | None) -> Model:
        """The quantized model, or the same op in float."""
        m, case = Model(), self.case
        inputs: list[Any] = [m.const(np.array(c, np.int32)) for c in case.before]
        activations = [self._input(m, i, real) for i in range(len(self.codes))]
        if self.weights is not None:
            w = self._weights(m, real)
            inputs += [w, *activations] if self.op == "TRANSPOSE_CONV" else [*activations, w]
            inputs.append(self._bias(m, real))
        else:
            inputs += activations
        if self.alpha is not None:
            values = self.alpha * np.float32(0.01)
            inputs.append(m.const(values.astype("f")) if real else m.const(self.alpha, self.dtype, (0.01, 0)))
        inputs += [m.const(c) for c in case.behind]
        kind = self.op.split()[0]
        to_real = real or kind == "DEQUANTIZE"
        y = m.tensor() if to_real else m.tensor(case.result or self.dtype, quant=out)
        return m.outputs(m.op(kind, inputs, [y], **case.options))

    def _input(self, m: Model, i: int, real: bool) -> Any:
        scale, zero = self.quants[i]
        if not real:
            return m.input(list(self.codes[i].shape), self.dtype, (scale, zero), values=self.codes[i])
        values = ((self.codes[i].astype(np.float64) - zero) * scale).astype("f")
        return m.input(list(values.shape), values=values)

    def _weights(self, m: Model, real: bool) -> Any:
        assert self.weights is not None and self.scales is not None
        kind = "uint8" if self.dtype == "uint8" else "int8"
        zero = 128 if kind == "uint8" else 0
        shape = [1] * self.weights.ndim
        if self.scales.size > 1 and self.case.axis is not None:
            shape[self.case.axis] = -1
            if not real:
                return m.const(self.weights, kind, (self.scales, [zero] * self.scales.size, self.case.axis))
        if not real:
            return m.const(self.weights, kind, (float(self.scales[0]), zero))
        return m.const(((self.weights.astype(np.float64) - zero) * self.scales.reshape(shape)).astype("f"))

    def _bias(self, m: Model, real: bool) -> Any:
        assert self.biases is not None and self.scales is not None
        scale = (self.scales * np.float32(self.quants[0][0])).astype("f")
        if real:
            return m.const((self.biases * scale).astype("f"))
        kind = "int64" if self.dtype == "int16" else "int32"
        quant: Any = (scale, [0] * scale.size, 0) if scale.size > 1 else (float(scale[0]), 0)
        return m.const(self.biases.astype(kind), kind, quant)


def sample(draw: Draw, op: str) -> Sample:
    """Random numbers for an op."""
    rng, dtype = draw.rng, draw.dtype
    case = OPS[op][0](draw)
    least, most = LIMITS[dtype]
    codes: list[np.ndarray] = []
    quants: list[Any] = []
    for shape in case.shapes:
        low = 0.0 if case.positive else -float(rng.uniform(0.5, 5))
        quant = parameters(rng, dtype, low, float(rng.uniform(0.5, 6)))
        if case.same or op in SAME:
            quant = quants[0] if quants else quant
        spread = (
            rng.normal((least + most) / 2, (most - least) / 5, shape)
            if rng.integers(2)
            else rng.uniform(least, most, shape)
        )
        made = np.clip(np.round(spread), least + int(op == "RSQRT") + int(op == "DIV"), most).astype(dtype)
        codes.append(made)
        quants.append(quant)
    weights = scales = biases = alpha = None
    if case.weights is not None:
        kind = "uint8" if dtype == "uint8" else "int8"
        weights = rng.integers(1 if kind == "uint8" else -127, 256 if kind == "uint8" else 128, case.weights).astype(
            kind
        )
        channels = dtype != "uint8" and bool(rng.integers(2)) and case.axis is not None
        scales = rng.uniform(0.002, 0.02, case.channels if channels else 1).astype("f")
        biases = rng.integers(-2000, 2000, case.channels)
    if case.alpha is not None:
        alpha = rng.integers(1, 60, case.alpha).astype(dtype)
    return Sample(op, case, dtype, codes, quants, weights, scales, biases, alpha)


def output_of(rng: np.random.Generator, s: Sample) -> tuple[float, int] | None:
    """The quantization of the output."""
    if s.op in FIXED:
        return FIXED[s.op][s.dtype]
    if s.case.same or s.op in SAME:
        return s.quants[0]
    if s.op == "DEQUANTIZE" or s.case.result:
        return None
    if s.op == "QUANTIZE":
        return parameters(rng, s.dtype, -float(rng.uniform(0.5, 5)), float(rng.uniform(0.5, 6)))
    real = s.model(True, None)
    (values,) = run_litert(real.bytes(), real.feeds())
    finite = values[np.isfinite(values)]
    tail = float(rng.uniform(0.85, 1.1))
    return parameters(rng, s.dtype, float(finite.min(initial=0)) * tail, float(finite.max(initial=0)) * tail)
