"""Small trained models to look at: a digit classifier in every quantization, made by `train.py` on scikit-learn's
digits.

Each takes images of 8 x 8 pixels ([n, 8, 8, 1], 0 to 1 in the float models) and returns ten probabilities.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

_FOLDER = Path(__file__).parent
_DTYPES = {"digits_int8": (np.int8, -128), "digits_uint8": (np.uint8, 0)}


def names() -> list[str]:
    """The names of the samples."""
    return sorted(path.stem for path in _FOLDER.glob("*.tflite"))


def path(name: str) -> Path:
    """The file of a sample. Raises KeyError for an unknown name."""
    found = _FOLDER / f"{name}.tflite"
    if not found.exists():
        raise KeyError(f"no sample {name!r}; there are {', '.join(names())}")
    return found


def question(lesson: int, number: int) -> dict[str, Any]:
    """A question of the notebooks, as `Question` takes it. Raises KeyError where there is none."""
    asked = json.loads((_FOLDER / "questions.json").read_text("utf-8")).get(str(lesson), [])
    if not 1 <= number <= len(asked):
        raise KeyError(f"notebook {lesson} has {len(asked)} questions, so there is no question {number}")
    found: dict[str, Any] = asked[number - 1]
    return found


def images() -> tuple[np.ndarray, np.ndarray]:
    """Images of digits that the models were not trained on: float32 [n, 8, 8, 1] in 0 to 1, and int64 labels [n]."""
    data = np.load(_FOLDER / "images.npz")
    return data["images"].astype(np.float32)[..., None] / 16, data["labels"].astype(np.int64)


def inputs(name: str, count: int = 1, first: int = 0) -> list[np.ndarray]:
    """The inputs of a sample: `count` images, in the dtype that its input has (int8 and uint8 models take codes)."""
    batch = images()[0][first : first + count]
    if name not in _DTYPES:
        return [batch]
    dtype, zero = _DTYPES[name]
    return [np.clip(np.round(batch * 255) + zero, np.iinfo(dtype).min, np.iinfo(dtype).max).astype(dtype)]
