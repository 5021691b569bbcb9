"""Every layer of Keras, several options each, with a fixed and an unknown batch: converted, and compared with Keras.

python benchmarks/keras_layers.py [--json FILE] [WORD ...]

Prints a line for each model that is not right, and how many are; words choose the cases whose names hold one of them.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


import numpy as np
import onnxruntime as ort
import tensorflow as tf
from keras_case import Array, Case
from keras_cases import CASES
from networks import keras

import tfonnx_lab as lab

TOLERANCE = 1e-4
"""How far a float may be from Keras's, relative to the largest of its tensor."""


def judged(case: Case, batch: int | None) -> str:
    """Empty where the ONNX model gives Keras's numbers, shapes and dtypes, else what is wrong."""
    keras.utils.set_random_seed(1)
    try:
        model = case.model(batch)
        fed: list[Any] = [tf.constant(v) for v in case.inputs]
        want = [np.asarray(v) for v in tf.nest.flatten(model(fed if len(fed) > 1 else fed[0], training=False))]
    except Exception as error:
        return f"keras: {_first(error)}"
    try:
        made = _converted(model)
    except lab.ConversionError as error:
        return f"refused: {' '.join(str(error).split())}"
    except Exception as error:
        return f"crash: {type(error).__name__}: {_first(error)}"
    try:
        options = ort.SessionOptions()
        options.log_severity_level = 3
        session = ort.InferenceSession(made.model.SerializeToString(), options)
        got = session.run(None, dict(zip([i.name for i in session.get_inputs()], case.inputs, strict=True)))
    except Exception as error:
        return f"run: {_first(error)}"
    if len(want) != len(got):
        return f"wrong: {len(want)} outputs of Keras, {len(got)} of ONNX"
    return next((f"wrong: {told}" for a, b in zip(want, got, strict=True) if (told := _apart(a, np.asarray(b)))), "")


def _converted(model: Any) -> Any:
    """The conversion, at the default opset or, where ONNX has the ops from 20 on only (texts), at that."""
    given = {"input_signature": model.signature} if hasattr(model, "signature") else {}
    try:
        return lab.convert(model, **given)
    except lab.ConversionError as error:
        if "opset=20" not in str(error):
            raise
        return lab.convert(model, opset=20, **given)


def _apart(want: Array, got: Array) -> str:
    """What differs between Keras's tensor and ours, empty where nothing does."""
    if want.dtype == object:
        want = np.array([v.decode() for v in want.ravel()], object).reshape(want.shape)
    if want.shape != got.shape or want.dtype != got.dtype:
        return f"{want.dtype}{list(want.shape)} of Keras, {got.dtype}{list(got.shape)} of ONNX"
    if want.dtype.kind not in "fc":
        return "" if np.array_equal(want, got) else f"{want.ravel()[:4]} of Keras, {got.ravel()[:4]} of ONNX"
    near = np.allclose(want, got, rtol=1e-3, atol=TOLERANCE * max(1.0, np.abs(want).max(initial=0)), equal_nan=True)
    return "" if near else f"{want.ravel()[:4]} of Keras, {got.ravel()[:4]} of ONNX"


def _first(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)


def main() -> int:
    """Print what is not right, and the count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="of the names of cases")
    parser.add_argument("--json", type=Path, help="write a line for each model to this file")
    asked = parser.parse_args()
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", message=".*several outputs are called")  # a recurrent layer's states
    counts: Counter[str] = Counter()
    lines = []
    for name, case in CASES.items():
        if asked.words and not any(word.lower() in name.lower() for word in asked.words):
            continue
        for batch in (2, None):
            told = judged(case, batch)
            counts[told.partition(":")[0] or "right"] += 1
            lines.append(json.dumps({"name": name, "batch": batch, "told": told}))
            if told:
                print(f"{name} | batch {batch or '?'} | {told[:400]}", flush=True)
    if asked.json:
        asked.json.write_text("\n".join(lines) + "\n")
    print(f"{sum(counts.values())} models: {', '.join(f'{n} {kind}' for kind, n in counts.most_common())}")
    return int(counts["right"] < sum(counts.values()))


if __name__ == "__main__":
    sys.exit(main())
