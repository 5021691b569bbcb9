"""Which TFLite tensor holds the result of which Keras layer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.graph.meta import TENSOR_INDEX, TFLITE_NAMES
from tfonnx_lab.parity.tensors import LEAST_SIZE


def nearest(
    tensors: Mapping[str, str], wanted: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray]
) -> dict[str, str]:
    """Path of a layer => its tensor, where the converter may have made one op of a layer and of those that follow it.

    The name of such an op's tensor may be the first layer's alone (of a convolution with its batch normalization, for
    example): of the layers up to the next that has a tensor of its own, that one has it whose result is nearest.
    """
    order = list(wanted)
    found: dict[str, str] = {}
    for position, path in enumerate(order):
        name = tensors.get(path)
        if name is None or name not in theirs:
            continue
        have = theirs[name]
        near = [path]
        for other in order[position + 1 :]:
            if other in tensors:
                break
            near.append(other)
        fits = [p for p in near if wanted[p].shape == have.shape]
        found[min(fits, key=lambda p: share_between(wanted[p], have)) if fits else path] = name
    return found


def tensors_of_layers(made: Conversion, computed: Mapping[int, int]) -> dict[str, str]:
    """Path of a layer => the value that holds its result in the graph that was read.

    A tensor whose op was made of several layers' belongs to the one that was called last.

    computed: index of a tensor that an op makes => the index of the op; a constant may have the same name.
    """
    told = made.layers.told
    assert told is not None
    of_file = made.ir_model.meta.get(TFLITE_NAMES, {})
    holders: dict[
        str, tuple[int, str]
    ] = {}  # several have the name of an op that was made of several: the last of them
    latest: dict[str, tuple[int, str]] = {}
    order = {path: n for n, path in enumerate(told.results)}
    until: dict[str, int] = {}  # the layer that is called last of those that a tensor's op was made of
    for name, index in made.ir_model.meta[TENSOR_INDEX].items():
        parts = (of_file.get(name) or name).split(";") if index in computed else ()
        for operation in filter(None, (told.operation(part.split(":")[0]) for part in parts)):
            holders[operation] = max(holders.get(operation, (-1, "")), (computed[index], name))
            layer = told.of(operation)
            if layer is not None:
                latest[layer.path] = max(latest.get(layer.path, (-1, "")), (computed[index], name))
                until[name] = max(until.get(name, -1), order.get(layer.path, -1))
    found: dict[str, tuple[str, str]] = {}
    last: dict[str, str] = {}
    for path, results in told.results.items():
        operation = results[0].removesuffix(":0") if len(results) == 1 else ""
        layer = told.of(operation) if operation else None
        # an addition of zeros, say, is no op any more: then it is the layer's last tensor
        name = holders.get(operation, (0, ""))[1] or (latest.get(layer.path, (0, ""))[1] if layer is not None else "")
        if name and ":" not in operation and until.get(name, -1) <= order[path]:
            found[path] = name, operation
            last[name] = operation
    return {path: name for path, (name, operation) in found.items() if last[name] == operation}


def share_between(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference as a share of the largest value of the first."""
    if not a.size:
        return 0.0
    left, right = np.asarray(a, np.float64), np.asarray(b, np.float64)
    with np.errstate(invalid="ignore"):
        same = (left == right) | (np.isnan(left) & np.isnan(right))
        error = np.where(same, 0.0, np.abs(left - right))
    worst = float(np.max(np.where(np.isnan(error), np.inf, error)))
    return worst / max(float(np.abs(left[np.isfinite(left)]).max(initial=0.0)), LEAST_SIZE)
