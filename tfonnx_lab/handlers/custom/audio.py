"""The audio custom ops that LiteRT has kernels for: AudioSpectrogram and Mfcc. Computed in float64, as there."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, constant_array, static_shape
from tfonnx_lab.graph.budget import room
from tfonnx_lab.handlers.custom.attributes import custom_options
from tfonnx_lab.handlers.lowering.fourier import real_transform
from tfonnx_lab.rules import handler

_D = ir.DataType


@handler("AudioSpectrogram")
def audio_spectrogram(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """AudioSpectrogram (samples, channels) => windows times the Fourier matrices: (channels, windows, frequencies).

    Options: window_size, stride, magnitude_squared. Source: audio_spectrogram.cc, internal/spectrogram.cc.
    """
    options = custom_options(node)
    window, stride = int(options.get("window_size", 0)), int(options.get("stride", 0))
    if window < 2 or stride < 1:
        raise Unsupported(f"its window has {window} samples and its stride {stride}; it needs at least 2 and 1")
    waves = op.Transpose(op.Cast(x, to=_D.DOUBLE), perm=[1, 0])
    windows = op.Gather(waves, _places(op, x, window, stride), axis=1)
    length = 1 << (window - 1).bit_length()
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    windows = op.Mul(windows, op.const(hann))
    if window < length:
        windows = op.Pad(windows, op.const([0] * 5 + [length - window]), np.float64(0))
    pairs = real_transform(op, windows, 3, length, np.float64)
    power = op.ReduceSum(op.Mul(pairs, pairs), op.const([-1]), keepdims=0)
    return op.Cast(power if options.get("magnitude_squared") else op.Sqrt(power), to=_D.FLOAT)


def _places(op: OpBuilder, x: ir.Value, window: int, stride: int) -> ir.Value:
    """Which samples each window holds: [windows, window]."""
    inside = np.arange(window, dtype=np.int64)
    shape = static_shape(x)
    if shape is not None:
        count = max(0, 1 + (shape[0] - window) // stride)
        room((count, window), 16, "the list of its windows")
        return op.const(np.arange(count, dtype=np.int64)[:, None] * stride + inside)
    samples = op.Gather(op.Shape(x), op.const(0), axis=0)
    count = op.Max(op.Add(op.Div(op.Sub(samples, op.const(window)), op.const(stride)), op.const(1)), op.const(0))
    starts = op.Mul(op.Range(op.const(0), count, op.const(1)), op.const(stride))
    return op.Add(op.Unsqueeze(starts, op.const([1])), op.const(inside))


@handler("Mfcc")
def mfcc(op: OpBuilder, node: ir.Node, x: ir.Value, rate: ir.Value) -> ir.Value:
    """Mfcc(spectrogram, rate) => Sqrt, the mel filters, Log, the cosine transform.

    Source: mfcc.cc, internal/mfcc*.cc.
    """
    options = custom_options(node)
    known, shape = constant_array(rate), x.shape
    bins = None if shape is None else list(shape)[-1]
    if known is None or not isinstance(bins, int):
        raise Unsupported("its sample rate and its number of frequencies have to be known: fix the input's shape")
    limits = (
        float(int(options.get("lower_frequency_limit", 20))),
        float(int(options.get("upper_frequency_limit", 4000))),
    )
    count = int(options.get("filterbank_channel_count", 40))
    bank = _mel_filters(bins, float(known.ravel()[0]), count, *limits)
    bands = op.MatMul(op.Sqrt(op.Cast(x, to=_D.DOUBLE)), op.const(bank))
    logs = op.Log(op.Max(bands, np.float64(_LEAST_BAND)))
    room((count, int(options.get("dct_coefficient_count", 13))), 32, "the matrix of its cosine transform")
    rows = np.outer(np.arange(count) + 0.5, np.arange(int(options.get("dct_coefficient_count", 13))))
    return op.Cast(op.MatMul(logs, op.const(math.sqrt(2 / count) * np.cos(rows * np.pi / count))), to=_D.FLOAT)


_LEAST_BAND = 1e-12
"""What a band counts at least before its logarithm. Source: kFilterbankFloor in internal/mfcc.cc."""
_MEL_FACTOR, _MEL_BREAK = 1127.0, 700.0
"""Mel of a frequency in Hz: 1127 ln(1 + f / 700). Source: FreqToMel in internal/mfcc_mel_filterbank.cc."""


def _mel(frequency: float) -> float:
    return _MEL_FACTOR * math.log1p(frequency / _MEL_BREAK)


def _mel_filters(bins: int, rate: float, count: int, low: float, high: float) -> np.ndarray:
    """How much each frequency adds to each band: [bins, count], triangles that overlap by half, in mel."""
    start, spacing = _mel(low), (_mel(high) - _mel(low)) / (count + 1)
    centres = [start + spacing * (i + 1) for i in range(count + 1)]
    width = 0.5 * rate / (bins - 1)
    room((bins, count), 16, "its bank of filters")
    bank = np.zeros((bins, count))
    band = 0
    for i in range(int(1.5 + low / width), min(int(high / width), bins - 1) + 1):
        mel = _mel(i * width)
        while band < count and centres[band] < mel:
            band += 1
        before = start if band == 0 else centres[band - 1]
        falling = (centres[band] - mel) / (centres[band] - before)
        if band > 0:
            bank[i, band - 1] += falling
        if band < count:
            bank[i, band] += 1 - falling
    return bank
