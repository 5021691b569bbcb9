"""Cases of `keras_layers.py`: the layers of Keras that prepare text, categories, sound and pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras_case import PICTURE, SEQUENCE, Case, ids, normal, of, picture, text
from networks import layers

LETTERS = text(["a", "b"], ["c", "zz"])
LINES = text(["Hello, world a"], ["b world"])
WORDS = ["hello", "world", "a", "b"]
RANGE = {"value_range": (0, 255)}
RANDOM: dict[str, dict[str, Any]] = {
    "RandomBrightness": {"factor": 0.2}, "RandomColorDegeneration": {"factor": 0.5}, "RandomContrast": {"factor": 0.2},
    "RandomCrop": {"height": 4, "width": 4}, "RandomFlip": {}, "RandomGrayscale": {"factor": 0.5},
    "RandomHue": {"factor": 0.2}, "RandomInvert": {"factor": 0.5}, "RandomRotation": {"factor": 0.2},
    "RandomSaturation": {"factor": 0.2}, "RandomSharpness": {"factor": 0.2}, "RandomShear": {"x_factor": 0.2},
    "RandomTranslation": {"height_factor": 0.2, "width_factor": 0.2}, "RandomZoom": {"height_factor": 0.2},
    "RandomPosterization": {"factor": 4}, "RandomErasing": {}, "RandomGaussianBlur": {}, "RandomPerspective": {},
    "RandomElasticTransform": {}, "RandomColorJitter": {}, "RandAugment": RANGE, "AugMix": RANGE, "MixUp": {},
    "CutMix": {},
}  # fmt: skip
"""Layers that change nothing in inference (RandomCrop: that crop the middle)."""


def _numbers() -> list[Case]:
    edges = [0.0, 0.5, 1.0]
    return [
        *of("Normalization", SEQUENCE, {"mean": [0.1, 0.2, 0.3, 0.4], "variance": [1.0, 2.0, 3.0, 4.0]},
            {"mean": 0.5, "variance": 2.0, "axis": None, "invert": True}),
        *of("Rescaling", PICTURE, {"scale": 1 / 127.5, "offset": -1}),
        *of("Rescaling", PICTURE.astype("uint8"), {"scale": 1 / 255.0}),
        *of("Discretization", SEQUENCE, {"bin_boundaries": edges}),
        *of("Discretization", normal(1), {"bin_boundaries": edges, "output_mode": "one_hot"}),
        *of("Discretization", normal(4), {"bin_boundaries": edges, "output_mode": "count"}),
    ]  # fmt: skip


def _categories() -> list[Case]:
    wide = {"dtype": "int64"}
    known = np.array([[3, 5], [7, 9]], "int64")
    return [
        *of("CategoryEncoding", ids(6, 3), {"num_tokens": 6, "output_mode": "multi_hot"},
            {"num_tokens": 6, "output_mode": "count"}),
        *of("CategoryEncoding", ids(6, 1), {"num_tokens": 6, "output_mode": "one_hot"}),
        *of("Hashing", ids(100, 3, **wide), {"num_bins": 7}, {"num_bins": 7, "salt": 133}),
        *of("Hashing", ids(10**9, 3, **wide), {"num_bins": 1000, "mask_value": 0}),
        *of("Hashing", LETTERS, {"num_bins": 7}, {"num_bins": 7, "salt": [13, 37]}),
        *of("HashedCrossing", [ids(9, 1, **wide), ids(9, 1, **wide)], {"num_bins": 7},
            {"num_bins": 7, "output_mode": "one_hot"}),
        *of("HashedCrossing", [text(["a"], ["b"]), text(["c"], ["dd"])], {"num_bins": 7}),
        *of("IntegerLookup", known, {"vocabulary": [3, 5, 7]}, {"vocabulary": [3, 5, 7], "output_mode": "multi_hot"},
            {"vocabulary": [3, 5, 7], "num_oov_indices": 2}),
        *of("IntegerLookup", known[:, :1], {"vocabulary": [3, 5, 7], "output_mode": "one_hot"}),
        *of("StringLookup", LETTERS, {"vocabulary": ["a", "b", "c"]},
            {"vocabulary": ["a", "b", "c"], "output_mode": "multi_hot"},
            {"vocabulary": ["a", "b", "c"], "num_oov_indices": 3}, {"vocabulary": ["a", "b", "c"], "mask_token": "zz"}),
        *of("StringLookup", np.array([[1, 2], [3, 0]], "int64"), {"vocabulary": ["a", "b", "c"], "invert": True}),
        *of("TextVectorization", LINES, *({"vocabulary": WORDS, "output_sequence_length": 5, **o} for o in (
            {}, {"standardize": None}, {"standardize": "lower"}, {"standardize": "strip_punctuation"},
            {"split": "character"})), {"vocabulary": WORDS, "output_mode": "multi_hot"},
            {"vocabulary": WORDS, "output_mode": "count"}),
    ]  # fmt: skip


def _sound() -> list[Case]:
    mel = {"fft_length": 64, "sequence_stride": 32, "sampling_rate": 1000, "num_mel_bins": 8, "min_freq": 10,
           "max_freq": 400}  # fmt: skip
    short = {"frame_length": 32, "frame_step": 16, "fft_length": 32}
    modes = ("magnitude", "log", "angle", "real", "imag", "psd", "stft")
    return [
        *of("MelSpectrogram", normal(256), mel, {**mel, "power_to_db": False}),
        *of("STFTSpectrogram", normal(128, 1), *({"mode": m, **short} for m in modes)),
    ]


def _pictures() -> list[Case]:
    size, ways = {"height": 6, "width": 10}, ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")
    return [
        *of("Resizing", PICTURE, *({**size, "interpolation": w} for w in ways),
            {**size, "crop_to_aspect_ratio": True}, {**size, "pad_to_aspect_ratio": True},
            {**size, "antialias": True}),
        *of("Resizing", picture(3, 8, 8), {**size, "data_format": "channels_first"}),
        *of("CenterCrop", PICTURE, {"height": 4, "width": 4}, {"height": 12, "width": 12}, {"height": 4, "width": 12}),
        *of("Solarization", PICTURE, RANGE, {"threshold_factor": (0.5, 0.5), **RANGE}),
        *of("AutoContrast", PICTURE, RANGE),
        Case("Equalization", lambda: layers.Equalization(**RANGE), (PICTURE,), alone=True),
        Case("Equalization bins=64", lambda: layers.Equalization(bins=64, **RANGE), (picture(8, 8, 1),), alone=True),
        *[case for kind, options in RANDOM.items() for case in of(kind, PICTURE, options)],
        Case("Pipeline", lambda: layers.Pipeline([layers.Rescaling(1 / 255.0), layers.CenterCrop(4, 4)]), (PICTURE,)),
    ]  # fmt: skip


INPUT_CASES = [*_numbers(), *_categories(), *_sound(), *_pictures()]
