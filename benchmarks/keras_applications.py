"""Each network of keras.applications beside Keras and tf2onnx: `python -m benchmarks.keras_applications [NAME ...]`.

Built with random weights, converted by us and by tf2onnx (of the Python that runs this, where it has one), then run on
one picture. A line of JSON for each network goes to the file of `--json` as soon as it is there; networks that the file
has already are left out, so that a run can go on where it was stopped.

error: of ours, tf2onnx's and LiteRT's output, the largest difference to Keras's over the largest of Keras's. keras:
of Keras's own to the same network in float64, ours64: of ours to that. A deep network of random weights magnifies every
rounding, Keras's too: where Keras itself is far from what its weights say, no conversion can be near to it.
ms: of a run with one thread, ours and tf2onnx's in turn, the least of many (`latency.turns`).
Exit status 1 where an error of ours is over 1e-5, and ours is further than Keras from float64; or where a latency is
over 1.02 of tf2onnx's.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx

latency: Any = importlib.import_module("benchmarks.latency")
latency_runs: Any = importlib.import_module("benchmarks.latency_runs")

NETWORKS = (
    "MobileNetV2", "MobileNet", "MobileNetV3Small", "MobileNetV3Large", "EfficientNetV2B1", "EfficientNetV2B0",
    "EfficientNetB0", "NASNetMobile", "DenseNet121", "ResNet50", "ResNet50V2", "InceptionV3", "Xception",
    "EfficientNetB1", "EfficientNetB2", "EfficientNetV2B2", "EfficientNetV2B3", "DenseNet169", "DenseNet201",
    "ConvNeXtTiny", "ResNet101", "ResNet101V2", "EfficientNetB3", "EfficientNetV2S", "ConvNeXtSmall", "ResNet152",
    "ResNet152V2", "InceptionResNetV2", "EfficientNetB4", "VGG16", "VGG19", "EfficientNetB5", "EfficientNetV2M",
    "ConvNeXtBase", "NASNetLarge", "EfficientNetB6", "EfficientNetV2L", "EfficientNetB7", "ConvNeXtLarge",
    "ConvNeXtXLarge",
)  # fmt: skip
SIZE = 224
"""Of a picture, where the network takes any."""
ERROR, LATENCY = 1e-5, 1.02
_COLUMNS = {"ours": "ours", "tf2onnx": "tf2onnx", "litert": "LiteRT", "keras": "keras", "ours to float64": "ours64"}

Row = dict[str, Any]


def measured(name: str, seconds: float) -> Row:
    """The row of one network; in this process."""
    import keras  # type: ignore[import-untyped]
    import tensorflow as tf

    import tfonnx_lab as lab

    logging.disable(logging.WARNING)
    keras.utils.set_random_seed(0)
    network = getattr(keras.applications, name)(weights=None)
    sizes = [size or SIZE for size in network.input_shape[1:]]
    picture = np.random.default_rng(0).uniform(0, 255, (1, *sizes)).astype(np.float32)
    _settle(keras, network, picture)
    want = np.asarray(network(picture, training=False))
    began = time.perf_counter()
    result = lab.convert(network, 18)
    row: Row = {"name": name, "seconds": {"ours": time.perf_counter() - began}, "peak": float(np.abs(want).max())}
    models = {"ours": result.model.SerializeToString()}
    try:
        began = time.perf_counter()
        models["tf2onnx"] = _tf2onnx(tf, network)
        row["seconds"]["tf2onnx"] = time.perf_counter() - began
    except Exception as error:  # of tf2onnx: any
        row["tf2onnx"] = f"{type(error).__name__}: {str(error)[:200]}"
    row["error"] = {"litert": _apart(want, _litert(bytes(result.source), picture))}
    exact = _in_float64(keras, name, network, picture)
    row["error"]["keras"] = _apart(exact, want)
    row["ops"] = {k: dict(Counter(n.op_type for n in _nodes(model)).most_common(12)) for k, model in models.items()}
    runs = {}
    for kind, model in models.items():
        session = latency_runs.ort.InferenceSession(model, providers=["CPUExecutionProvider"])
        got = session.run(None, {session.get_inputs()[0].name: picture})[0]
        row["error"][kind], row["error"][f"{kind} to float64"] = _apart(want, got), _apart(exact, got)
        del session
        runs[kind] = latency_runs.onnx_runtime(model, [picture], 1)
    row["ms"] = latency.turns(runs, 1, seconds)
    return row


def _settle(keras: Any, network: Any, picture: Any) -> None:
    """Give each BatchNormalization the statistics of the picture: fresh ones let the activations of a deep network
    vanish, and every error with them."""
    rng = np.random.default_rng(1)
    for layer in network._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
            for weight, mean, spread in ((layer.gamma, 1.0, 0.2), (layer.beta, 0.0, 0.3)):
                if weight is not None:
                    weight.assign(rng.normal(mean, spread, weight.shape))
    network(picture, training=True)


def _in_float64(keras: Any, name: str, network: Any, picture: Any) -> Any:
    """What the same network gives in float64."""
    keras.config.set_dtype_policy("float64")
    exact = getattr(keras.applications, name)(weights=None)
    exact.set_weights(network.get_weights())
    return np.asarray(exact(picture.astype(np.float64), training=False))


def _tf2onnx(tf: Any, network: Any) -> bytes:
    """Of the frozen graph: of a function tf2onnx makes inputs of the constants that a layer holds."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
    from tf2onnx import convert

    spec = [tf.TensorSpec((None, *network.input_shape[1:]), tf.float32, name="x")]
    function = tf.function(lambda x: network(x, training=False), input_signature=spec)
    frozen = convert_variables_to_constants_v2(function.get_concrete_function())
    names = {side: [t.name for t in getattr(frozen, side)] for side in ("inputs", "outputs")}
    made = convert.from_graph_def(
        frozen.graph.as_graph_def(), input_names=names["inputs"], output_names=names["outputs"], opset=18
    )
    return bytes(made[0].SerializeToString())


def _litert(model: bytes, picture: Any) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model)
    detail = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(detail["index"], picture.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(detail["index"], picture)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def _nodes(model: bytes) -> Any:
    return latency_runs.nodes_of(onnx.load_from_string(model).graph)


def _apart(want: Any, got: Any) -> float:
    return float(np.abs(want - got).max() / np.abs(want).max())


def alone(name: str, seconds: float) -> Row:
    """`measured` in a process of its own, or why there is no row."""
    command = [sys.executable, "-m", "benchmarks.keras_applications", name, "--here", "--seconds", str(seconds)]
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", **os.environ}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return {"name": name, "failed": (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]}
    return dict(json.loads(lines[-1]))


def short_of(row: Row) -> str:
    """Which goal the row misses; empty where none."""
    if "failed" in row:
        return str(row["failed"])
    error = row["error"]
    far = error["ours"] > ERROR and error.get("ours to float64", np.inf) > max(error["keras"], ERROR)
    told = [f"error {error['ours']:.1e}"] if far else []
    if "tf2onnx" in row["ms"] and (over := row["ms"]["ours"] / row["ms"]["tf2onnx"]) > LATENCY:
        told.append(f"{over:.3f} of tf2onnx's latency")
    return ", ".join(told)


def shown(row: Row) -> str:
    """The row of the table."""
    if "failed" in row:
        return f"{row['name']:20} failed: {row['failed'][:150]}"
    errors = "".join(f"{row['error'].get(k, np.nan):9.1e}" for k in _COLUMNS)
    ours, other = row["ms"]["ours"], row["ms"].get("tf2onnx", np.nan)
    moves = "/".join(str(row["ops"].get(k, {}).get("Transpose", 0)) for k in ("ours", "tf2onnx"))
    short = short_of(row)
    text = f"{row['name']:20}{errors}{ours:10.2f}{other:10.2f}{ours / other:8.3f}{moves:>10}"
    return text + (f"  <-- {short}" if short else "")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", help="default: all")
    parser.add_argument("--json", type=Path, default=Path("keras_applications.jsonl"))
    parser.add_argument("--seconds", type=float, default=15.0, help="how long each network's latency is measured")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        print(json.dumps(measured(given.names[0], given.seconds)))
        return 0
    known = [json.loads(line) for line in given.json.read_text().splitlines()] if given.json.exists() else []
    rows = {row["name"]: row for row in known}
    heads = "".join(f"{text:>9}" for text in _COLUMNS.values())
    print(f"{'':20}{heads}{'ms':>10}{'tf2onnx':>10}{'ratio':>8}{'Transp.':>10}")
    missed = 0
    for name in given.names or NETWORKS:
        if name not in rows:
            rows[name] = alone(name, given.seconds)
            with given.json.open("a") as file:
                file.write(json.dumps(rows[name]) + "\n")
        print(shown(rows[name]), flush=True)
        missed += bool(short_of(rows[name]))
    print(f"{len(given.names or NETWORKS)} networks, {missed} short of a goal")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
