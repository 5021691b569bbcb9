"""Objects, folders and addresses that are given instead of a model, each with what to do instead."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

_FUNCTION = (
    "a Python function; wrap it as tf.function(f, input_signature=[tf.TensorSpec([1, 3])]), one of JAX by "
    "jax2tf.convert before that"
)
_OBJECTS = {
    "GraphDef": "a graph's text; write it to a .pb file and convert that, with inputs= and outputs=",
    "Graph": "a graph without a function; write graph.as_graph_def() to a .pb file and convert that",
    "FuncGraph": "the graph of a function; convert the concrete function itself",
    "Session": "a session; save it as a SavedModel, or freeze its graph to a .pb file",
    "Tensor": "a tensor; convert the model that computes it",
    "KerasTensor": "a tensor of Keras's graph; make keras.Model(inputs, outputs) of it",
    "Variable": "a variable; convert the model that reads it",
    "DatasetV2": "a dataset; convert the model that reads it",
    "TFLiteConverterBase": "TensorFlow's converter; convert what it was made from, or the bytes of its convert()",
    "Optimizer": "an optimizer; convert the model that it trains",
    "ndarray": "an array; convert the model that computes it",
}
"""Name of a class or of one that it derives from => what it is, and what to do."""
_PACKAGES = {"torch": "of PyTorch; export it to TFLite by litert-torch, or to ONNX by torch.onnx",
             "jax": _FUNCTION, "jaxlib": _FUNCTION}  # fmt: skip


def object_told(source: Any) -> str:
    """What an object that is no model is, and what to do; empty where nothing better is known."""
    if inspect.isclass(source):
        return f"{source.__name__} is a class, not a model; make one of it first ({source.__name__}(...))"
    kinds = type(source).__mro__
    for kind in kinds:
        package = _PACKAGES.get(kind.__module__.partition(".")[0])
        if package is not None:
            return f"{type(source).__name__} is {package}"
        if kind.__name__ in _OBJECTS:
            return f"{type(source).__name__} is {_OBJECTS[kind.__name__]}"
    if isinstance(source, (list, tuple, dict, set)):
        return f"a {type(source).__name__} is no model; convert what is in it one by one"
    plain = inspect.isfunction(source) or inspect.ismethod(source) or inspect.isbuiltin(source)
    return f"{source.__name__} is {_FUNCTION}" if plain else ""


def folder_told(path: str) -> str:
    """What a folder holds that is no SavedModel, and what to do."""
    names = {item.name for item in Path(path).iterdir()}
    if any(name.endswith(".index") for name in names) or "checkpoint" in names:
        parent = (Path(path).resolve().parent / "saved_model.pb").exists()
        return (
            "is the folder of a SavedModel's variables; convert the folder around it"
            if parent
            else f"is a folder of checkpoints, {CHECKPOINT}"
        )
    if "model.json" in names:
        return "is a model of TensorFlow.js; convert the Keras model or SavedModel that it was made from"
    inner = sorted(name for name in names if (Path(path) / name / "saved_model.pb").exists())
    if inner:
        return f"is a folder of SavedModels ({', '.join(inner[:3])}); convert one of them"
    return "is a folder, and no SavedModel: it has no saved_model.pb"


CHECKPOINT = (
    "which hold variables and no graph; load them into the model and convert that, or name a .meta file "
    "with inputs= and outputs="
)


def missing_told(path: str) -> str:
    """What a path at which nothing is means, and what to do; empty where it is simply missing."""
    if "://" in path:
        return (
            "is an address, and nothing is downloaded here; fetch the model (kagglehub.model_download for TensorFlow "
            "Hub's) and convert its folder or file"
        )
    if not path:
        return "is an empty name"
    if Path(f"{path}.index").exists():
        return f"is the prefix of checkpoints, {CHECKPOINT}"
    return ""


def file_told(path: str) -> str:
    """What a file that is no TFLite model is, by its name; empty where that tells nothing."""
    name = Path(path).name
    if name.endswith(".index") or ".data-0000" in name:
        return f"part of checkpoints, {CHECKPOINT}"
    if name.endswith((".pth", ".pt", ".pt2", ".ckpt", ".safetensors")):
        return "weights or a model of PyTorch; export it to TFLite by litert-torch, or to ONNX by torch.onnx"
    if name.endswith((".mlmodel", ".mlpackage")):
        return "a CoreML model; convert what it was made from"
    return ""
