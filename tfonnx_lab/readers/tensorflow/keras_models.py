"""Keras models and their files: as a function of their inputs, in inference, with Keras's names and order."""

from __future__ import annotations

import inspect
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.readers.tensorflow.function import Function, named
from tfonnx_lab.readers.tensorflow.layers import watched
from tfonnx_lab.readers.tensorflow.names import filled, flat, graph_name
from tfonnx_lab.readers.tensorflow.refusals import SAID
from tfonnx_lab.readers.tensorflow.specs import Spec, grouped
from tfonnx_lab.readers.tensorflow.tracing import reason

SUFFIXES = frozenset((".keras", ".h5", ".hdf5"))
"""What Keras's files end in."""


def is_keras(source: Any) -> bool:
    """Whether an object is a model or layer of Keras, of version 3 or 2."""
    return any(
        c.__module__.partition(".")[0] in ("keras", "tf_keras") and c.__name__ == "Layer" for c in type(source).__mro__
    )


def of_file(tf: Any, path: Path, specs: Sequence[Spec] = ()) -> Function:
    """The model of a .keras or .h5 file. Raises ConversionError where Keras cannot load it, with what to do."""
    return of_model(tf, loaded(tf, path), specs)


def loaded(tf: Any, path: Path) -> Any:
    """The Keras model of a file, by the Keras that wrote it where that is installed."""
    old = _version(path).startswith(("1.", "2."))
    if old:
        try:
            import tf_keras

            return tf_keras.models.load_model(path, compile=False)
        except ImportError:
            pass
    try:
        return tf.keras.models.load_model(path, compile=False)
    except Exception as error:
        whole = path.suffix != ".keras" or zipfile.is_zipfile(path)
        made = ConversionError(
            _why_not(error, old) if whole else "is no whole .keras file (a zip archive); get it again"
        )
        made.details = str(error)
        raise made from error


def _version(path: Path) -> str:
    """The version of Keras that wrote a file, empty where it does not say."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return str(json.loads(archive.read("metadata.json")).get("keras_version", ""))
        import h5py  # comes with Keras

        with h5py.File(path, "r") as file:
            found = file.attrs.get("keras_version", "")
            return found.decode() if isinstance(found, bytes) else str(found)
    except Exception:  # what is wrong with the file, Keras itself says best
        return ""


def _why_not(error: Exception, old: bool) -> str:
    said = str(error)
    first = next((line.strip() for line in said.splitlines() if line.strip()), type(error).__name__)[:SAID]
    if old:
        return (
            "was written by Keras 2, which Keras 3 does not read whole: pip install tf_keras (tfonnx-lab[tf-keras]) "
            f"({first})"
        )
    if "Could not locate" in said or "Unknown layer" in said or "registered" in said:
        return (
            "holds a class of yours that Keras does not know here: import the module that registers it "
            f"(keras.saving.register_keras_serializable) and convert the model that you loaded, not its path ({first})"
        )
    if "safe_mode" in said or "lambda" in said.lower():
        return (
            "holds Python code (a Lambda layer), which Keras runs only when asked to: load it yourself with "
            f"keras.models.load_model(path, safe_mode=False), if you trust it, and convert the model ({first})"
        )
    if "model_config" in said or "No model config" in said or "weights" in said.lower():
        return f"holds weights alone, no model: load them into the model, and convert that ({first})"
    if "file signature not found" in said or "truncated file" in said:
        return f"is no whole HDF5 file; get it again ({first})"
    return f"Keras cannot load it ({first})"


def of_model(tf: Any, model: Any, specs: Sequence[Spec] = ()) -> Function:
    """A Keras model, in inference: its inputs by their names, its outputs by the names of their layers or keys.

    specs: of its inputs, for a model that was not built yet.
    """
    taken = arguments(tf, model, specs)
    leaves = [(key or (name if len(flat(item)) == 1 else ""), leaf) for name, item in taken for key, leaf in flat(item)]
    inputs = [key or getattr(leaf, "name", None) or f"input_{n}" for n, (key, leaf) in enumerate(leaves)]
    found: list[str] = []

    def call(*values: Any) -> list[Any]:
        rest = iter(values)
        given = [filled(item, rest) for _, item in taken]
        with watched(tf, model) as layers:
            result = model(*given, **inference(model))
            outputs = flat(result)
            layers.outputs[:] = [str(getattr(value, "name", "")).removesuffix(":0") for _, value in outputs]
        kept.append(layers)
        own = list(getattr(getattr(model, "_functional", model), "output_names", None) or [])
        own = own if len(own) == len(outputs) else [f"output_{n}" for n in range(len(outputs))]
        found[:] = [key if key and not key.isdigit() else name for (key, _), name in zip(outputs, own, strict=True)]
        return [value for _, value in outputs]

    kept: list[Any] = []
    types = [
        tf.TensorSpec(leaf.shape, leaf.dtype, name=graph_name(n)) for n, (_, leaf) in zip(inputs, leaves, strict=True)
    ]
    try:
        concrete = tf.function(call, input_signature=types, autograph=False).get_concrete_function()
    except Exception as error:
        made = ConversionError(_why_not_called(error, any(None in spec.shape for spec in types)))
        made.details = str(error)
        raise made from error
    return named(concrete, inputs, found, owner=model, layers=kept[-1])


def _why_not_called(error: Exception, is_open: bool) -> str:
    """is_open: whether a size of the inputs is not fixed, by which a layer's Python code cannot decide."""
    if is_open and "symbolic" in str(error) and "Python `bool`" in str(error):
        return (
            "the Keras model decides by a size that is open: give input_signature= with the size, such as "
            f'["x:float32[?,224,224,3]"] ({reason(error)})'
        )
    return f"the Keras model cannot be called on its inputs ({reason(error)})"


def inference(model: Any) -> dict[str, Any]:
    """`training=False`, where the model takes that."""
    return {"training": False} if hasattr(model, "call") and hasattr(model, "trainable") else {}


def arguments(tf: Any, model: Any, specs: Sequence[Spec]) -> list[tuple[str, Any]]:
    """(name, what it is) of the arguments of a call: tensors or specs, in the lists and dicts in which the model
    takes them."""
    if specs:
        return _of_specs(tf, model, specs)
    structure = getattr(model, "_inputs_struct", None)
    if structure is None:
        structure = getattr(model, "_nested_inputs", None)
    if structure is not None:
        return [("", structure)]
    if getattr(model, "inputs", None):
        return [("", model.inputs if len(model.inputs) > 1 else model.inputs[0])]
    shapes = getattr(model, "_build_shapes_dict", None)
    try:
        from keras.src.export.export_utils import get_input_signature  # type: ignore[import-untyped]

        if not model.built or not shapes:
            raise ValueError("it has no shapes")
        found = get_input_signature(model)
    except Exception as error:
        raise ConversionError(
            "the Keras model was not built yet: call it once on data, or give input_signature="
            f'["x:float32[1,224,224,3]"] ({str(error).splitlines()[0]})'
        ) from error
    items = list(found) if isinstance(found, (list, tuple)) else [found]
    needed = _positional(model, required=True)
    if len(needed) > len(items):
        raise ConversionError(
            f"the Keras model is called on {', '.join(needed)}, and Keras keeps the shape of the first alone: give "
            'input_signature=["x:float32[1,224,224,3]", ...], one for each'
        )
    return list(zip(_parameters(model, len(items)), items, strict=True))


def _of_specs(tf: Any, model: Any, specs: Sequence[Spec]) -> list[tuple[str, Any]]:
    """The arguments of a call, from the caller's specification: one each where `call` takes so many, else one list."""
    parts = grouped(specs)
    if len(parts) == 1 and isinstance(parts[0], dict):  # one argument, which is a dict of inputs
        if not hasattr(model, "_inputs_struct"):
            return [("", tf.nest.map_structure(lambda spec: spec.tensor_spec(tf), parts[0]))]
        specs = [replace(spec, name=spec.name.partition("/")[2]) for spec in specs]
    given = [spec.tensor_spec(tf) for spec in specs]
    names = [spec.name or own for spec, own in zip(specs, _parameters(model, len(specs)), strict=True)]
    structure = getattr(model, "_inputs_struct", None)
    if isinstance(structure, Mapping):
        by_name = dict(zip(names, given, strict=True))
        if set(by_name) != set(structure):
            raise ConversionError(
                f"input_signature names {sorted(by_name)}, and the model's inputs are {sorted(structure)}"
            )
        return [("", {key: by_name[key] for key in structure})]
    if len(_positional(model)) >= len(specs):
        return list(zip(names, given, strict=True))
    return [("", given)]


def _positional(model: Any, required: bool = False) -> list[str]:
    """The arguments of `call` that are data; with `required` those without a default."""
    try:
        parameters = inspect.signature(model.call).parameters.values()
    except (TypeError, ValueError, AttributeError):
        return []
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    data = [p for p in parameters if p.kind in plain and p.name not in ("training", "mask")]
    return [p.name for p in data if not required or p.default is inspect.Parameter.empty]


def _parameters(model: Any, count: int) -> list[str]:
    """Names for so many arguments: those of `call`, where they are so many."""
    names = _positional(model)
    return names[:count] if len(names) >= count else [f"input_{n}" for n in range(count)]
