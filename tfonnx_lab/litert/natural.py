"""A picture and a sound to run models on where the user gives none: drawn here, always the same, at any size.

Noise would leave most of a network unused: its averages are a uniform grey, so that activations saturate or stay at
zero.
"""

from __future__ import annotations

import numpy as np

_SUBSAMPLES = 2


def picture(height: int, width: int, channels: int = 3) -> np.ndarray:
    """A landscape with a sun, hills, water and a person, as float32 [height, width, channels] of 0 to 1.

    channels: 1 gives its grey, 3 its colours, 4 the colours and an alpha of 1; others repeat the colours.
    """
    tall, wide = height * _SUBSAMPLES, width * _SUBSAMPLES
    y, x = np.mgrid[0:tall, 0:wide].astype(np.float64)
    y, x = (y + 0.5) / tall, (x + 0.5) / wide
    colours = _drawn(y, x)
    small = colours.reshape(height, _SUBSAMPLES, width, _SUBSAMPLES, 3).mean((1, 3))
    grey = small @ np.array([0.299, 0.587, 0.114])
    layers = {1: grey[..., None], 4: np.concatenate([small, np.ones((height, width, 1))], -1)}
    found = layers.get(channels, np.take(small, np.arange(channels) % 3, -1))
    made: np.ndarray = np.clip(found, 0, 1).astype(np.float32)
    return made


def _drawn(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The colours at points of the unit square; what is painted later covers what was there."""
    sky = np.stack([0.35 + 0.5 * y, 0.55 + 0.3 * y, 0.9 - 0.15 * y], -1)
    _paint(sky, (x - 0.78) ** 2 + (y - 0.18) ** 2 < 0.007, (1.0, 0.93, 0.6))
    hill = 0.5 - 0.12 * np.sin(5 * x + 0.6) - 0.05 * np.sin(13 * x)
    _paint(sky, y > hill, (0.38, 0.42, 0.45), 0.25 * np.sin(40 * x + 25 * y))
    meadow = 0.66 - 0.05 * np.sin(3 * x + 2)
    _paint(sky, y > meadow, (0.25, 0.5, 0.18), 0.35 * np.sin(90 * x) * np.sin(70 * y))
    _paint(sky, (y > 0.86) & (x > 0.4), (0.15, 0.35, 0.55), 0.3 * np.sin(60 * y + 4 * np.sin(9 * x)))
    _paint(sky, (abs(x - 0.15) < 0.015) & (abs(y - 0.62) < 0.14), (0.35, 0.22, 0.12))
    _paint(
        sky, (x - 0.15) ** 2 + 0.6 * (y - 0.42) ** 2 < 0.009, (0.12, 0.35, 0.14), 0.4 * np.sin(80 * x) * np.cos(75 * y)
    )
    _person(sky, y, x)
    return sky


def _person(canvas: np.ndarray, y: np.ndarray, x: np.ndarray) -> None:
    _paint(canvas, (abs(x - 0.46) < 0.075) & (abs(y - 0.62) < 0.14), (0.75, 0.16, 0.14), 0.2 * np.sin(120 * y))
    for side in (-1, 1):
        _paint(canvas, (abs(x - 0.46 - side * 0.035) < 0.025) & (abs(y - 0.83) < 0.09), (0.15, 0.16, 0.3))
        _paint(
            canvas, (abs(x - 0.46 - side * (0.09 + 0.25 * (y - 0.5))) < 0.02) & (abs(y - 0.6) < 0.11), (0.85, 0.62, 0.5)
        )
    _paint(canvas, ((x - 0.46) / 0.07) ** 2 + ((y - 0.4) / 0.095) ** 2 < 1, (0.9, 0.7, 0.58), 0.12 * (x - 0.46) / 0.07)
    _paint(canvas, (((x - 0.46) / 0.074) ** 2 + ((y - 0.375) / 0.09) ** 2 < 1) & (y < 0.36), (0.2, 0.13, 0.09))
    for side in (-1, 1):
        _paint(canvas, ((x - 0.46 - side * 0.027) / 0.012) ** 2 + ((y - 0.395) / 0.01) ** 2 < 1, (0.08, 0.07, 0.09))
    _paint(canvas, ((x - 0.46) / 0.028) ** 2 + ((y - 0.45) / 0.008) ** 2 < 1, (0.65, 0.2, 0.2))


def _paint(
    canvas: np.ndarray, where: np.ndarray, colour: tuple[float, float, float], shade: np.ndarray | float = 0.0
) -> None:
    """Cover a part of the canvas.

    shade: how much lighter (0.2: by a fifth) it is at each point.
    """
    light = np.broadcast_to(1 + np.asarray(shade), where.shape)
    canvas[where] = np.asarray(colour) * light[where][:, None]


def sound(samples: int) -> np.ndarray:
    """A rising tone with overtones that comes and goes, and a little noise, as float32 [samples] of -1 to 1."""
    t = np.linspace(0, 1, samples, endpoint=False)
    phase = 2 * np.pi * samples * (0.01 * t + 0.03 * t**2)
    tone = sum(np.sin(k * phase) / k for k in (1, 2, 3))
    loud = 0.35 * (0.3 + np.abs(np.sin(7 * np.pi * t)))
    noise = np.random.default_rng(0).normal(0, 0.01, samples)
    made: np.ndarray = np.clip(loud * tone + noise, -1, 1).astype(np.float32)
    return made
