"""What of a TensorFlow object is converted: one concrete function, its arguments and results named as the caller names
them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfonnx_lab.errors import ConversionError

DEFAULT = "serving_default"


@dataclass(frozen=True)
class Function:
    """A concrete function that takes and returns tensors in a flat order.

    inputs, outputs: their names in that order.
    owner: who holds the variables, so that they live as long as this.
    """

    concrete: Any
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    owner: Any = None


def function_of(tf: Any, source: Any, signature: str | None = None, tag: str | None = None) -> Function:
    """The function of a source.

    source: a SavedModel's folder or what `tf.saved_model.load` gave, a Keras model or its file, a tf.function with an
    input signature, a concrete function, or a tf.Module with one such function.
    signature, tag: of a SavedModel. Raises ConversionError where there is no function, or more than one and none is
        named.
    """
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if not path.is_dir():
            return _of_keras(tf, tf.keras.models.load_model(path))
        return _of_saved_model(tf, tf.saved_model.load(str(path), tags=None if tag is None else [tag]), signature)
    if hasattr(source, "structured_input_signature"):
        return _of_concrete(tf, source)
    if isinstance(source, tf.keras.Model):
        return _of_keras(tf, source)
    if hasattr(source, "signatures"):
        return _of_saved_model(tf, source, signature)
    if hasattr(source, "get_concrete_function"):
        return _of_concrete(tf, _concrete(source))
    return _of_module(tf, source, signature)


def _of_saved_model(tf: Any, loaded: Any, signature: str | None) -> Function:
    """The signature that is named, else `serving_default`, else the only one; without signatures, the model's call."""
    known = dict(getattr(loaded, "signatures", {}))
    if signature is not None and signature not in known:
        raise ConversionError(f"has no signature {signature!r}; it has {_listed(known)}")
    if known:
        if signature is None and DEFAULT not in known and len(known) > 1:
            raise ConversionError(f"has the signatures {_listed(known)}; name one (signature=, --signature)")
        key = signature or (DEFAULT if DEFAULT in known else next(iter(known)))
        return _of_signature(tf, known[key], loaded)
    return _of_module(tf, loaded, None)


def _of_module(tf: Any, module: Any, name: str | None) -> Function:
    """The tf.function of a module that is named, else its `__call__`, else the only one."""
    found = {
        n: f
        for n in dir(module)
        if (n == "__call__" or not n.startswith("_")) and _is_function(f := _attribute(module, n))
    }
    if name is None and "__call__" in found:
        name = "__call__"
    if name is None and len(found) == 1:
        name = next(iter(found))
    if name not in found:
        many = f"it has {_listed(found)}; name one (signature=, --signature)" if found else "it has none"
        raise ConversionError(f"a tf.Module is converted by one of its tf.functions: {many}")
    return _of_concrete(tf, _concrete(found[name]))


def _attribute(thing: Any, name: str) -> Any:
    try:
        return getattr(thing, name)
    except Exception:  # a property of the module may raise whatever it likes
        return None


def _is_function(thing: Any) -> bool:
    return hasattr(thing, "get_concrete_function")


def _concrete(function: Any) -> Any:
    """The only concrete function. Raises ConversionError where it takes more than an input signature to know it."""
    traced = getattr(function, "concrete_functions", None)
    if traced and len(traced) == 1:
        return traced[0]
    try:
        return function.get_concrete_function()
    except (TypeError, ValueError) as error:
        raise ConversionError(
            "the shapes of its arguments are not known; give tf.function(input_signature=[tf.TensorSpec(...)]), or "
            "call "
            f"get_concrete_function with them ({str(error).splitlines()[0]})"
        ) from error


def _of_concrete(tf: Any, concrete: Any) -> Function:
    """A concrete function with its own names: of its arguments, and of what it returns."""
    arguments, keywords = concrete.structured_input_signature
    specs = [*tf.nest.flatten(arguments), *(keywords[k] for k in keywords)]
    inputs = [s.name or f"input_{n}" for n, s in enumerate(specs) if isinstance(s, tf.TensorSpec)]
    outputs = _output_names(tf, concrete.structured_outputs)
    return Function(concrete, tuple(_unique(inputs)), tuple(_unique(outputs)))


def _of_signature(tf: Any, concrete: Any, owner: Any) -> Function:
    """A signature, whose arguments are keywords: as a function of them in the order in which the caller wrote them."""
    arguments, specs = concrete.structured_input_signature
    if arguments or not specs:
        return _of_concrete(tf, concrete)
    order = _written_order(tf, owner, set(specs)) or sorted(specs)

    def call(*values: Any) -> list[Any]:
        return list(tf.nest.flatten(concrete(**dict(zip(order, values, strict=True)))))

    spec = [tf.TensorSpec(specs[name].shape, specs[name].dtype, name=_graph_name(name)) for name in order]
    made = tf.function(call, input_signature=spec).get_concrete_function()
    return Function(made, tuple(order), tuple(_unique(_output_names(tf, concrete.structured_outputs))), owner)


def _written_order(tf: Any, owner: Any, names: set[str]) -> list[str]:
    """The arguments in the order of the function that a signature was made of: a signature itself keeps none."""
    for attribute in dir(owner):
        for concrete in getattr(_attribute(owner, attribute), "concrete_functions", None) or ():
            arguments, keywords = concrete.structured_input_signature
            specs = tf.nest.flatten((arguments, keywords))
            found = [s.name for s in specs if isinstance(s, tf.TensorSpec)]
            if len(found) == len(names) and set(found) == names:
                return found
    return []


def _of_keras(tf: Any, model: Any) -> Function:
    """A Keras model, in inference: its inputs by their names, its outputs by the names of their layers or keys."""
    structure = _input_structure(model)
    flat = _flat(structure)
    names = _unique([name or getattr(spec, "name", None) or f"input_{n}" for n, (name, spec) in enumerate(flat)])
    found: list[str] = []

    def call(*values: Any) -> list[Any]:
        result = model(_filled(structure, iter(values)), training=False)
        outputs = _flat(result)
        own = list(getattr(model, "output_names", None) or [])
        found[:] = [
            key or (own[n] if n < len(own) == len(outputs) else f"output_{n}") for n, (key, _) in enumerate(outputs)
        ]
        return [value for _, value in outputs]

    specs = [tf.TensorSpec(s.shape, s.dtype, name=_graph_name(n)) for n, (_, s) in zip(names, flat, strict=True)]
    concrete = tf.function(call, input_signature=specs, autograph=False).get_concrete_function()
    return Function(concrete, tuple(names), tuple(_unique(found)), model)


def _input_structure(model: Any) -> Any:
    """What the model takes: tensors or specs, in the lists and dicts in which it takes them."""
    structure = getattr(model, "_inputs_struct", None)
    if structure is not None:
        return structure
    if getattr(model, "inputs", None):
        return model.inputs if len(model.inputs) > 1 else model.inputs[0]
    try:
        from keras.src.export.export_utils import get_input_signature  # type: ignore[import-untyped]

        found = get_input_signature(model)
    except Exception as error:
        raise ConversionError(
            "the Keras model was not built yet: call it once on data, or convert "
            f"tf.function(model, input_signature=[tf.TensorSpec(...)]) ({str(error).splitlines()[0]})"
        ) from error
    return found[0] if isinstance(found, list) and len(found) == 1 else found


def _flat(structure: Any, key: str = "") -> list[tuple[str, Any]]:
    """(key, leaf) of nested lists and dicts, in the order in which they were written; no key outside of dicts."""
    if isinstance(structure, Mapping):
        return [leaf for k, item in structure.items() for leaf in _flat(item, f"{key}/{k}" if key else str(k))]
    if isinstance(structure, (list, tuple)):
        return [leaf for n, item in enumerate(structure) for leaf in _flat(item, f"{key}/{n}" if key else "")]
    return [(key, structure)]


def _filled(structure: Any, values: Any) -> Any:
    """The structure with these values in place of its leaves."""
    if isinstance(structure, Mapping):
        return {k: _filled(item, values) for k, item in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [_filled(item, values) for item in structure]
    return next(values)


def _output_names(tf: Any, structure: Any) -> list[str]:
    """The keys of a dict; `output_0` ... elsewhere, as Keras and TensorFlow's signatures have it."""
    if isinstance(structure, Mapping):
        return [name for key in sorted(structure) for name in _paths(tf, str(key), structure[key])]
    return [f"output_{n}" for n in range(len(tf.nest.flatten(structure)))]


def _paths(tf: Any, key: str, structure: Any) -> list[str]:
    """The names of the leaves below a key, in TensorFlow's order: `boxes`, or `boxes/x` and `boxes/y`."""
    if isinstance(structure, Mapping):
        return [name for k in sorted(structure) for name in _paths(tf, f"{key}/{k}", structure[k])]
    count = len(tf.nest.flatten(structure))
    return [key] if count == 1 else [f"{key}/{n}" for n in range(count)]


def _graph_name(name: str) -> str:
    """The name as a graph of TensorFlow takes it."""
    made = "".join(c if c.isalnum() or c in "_.-/" else "_" for c in name)
    return made if made[:1].isalnum() else f"x{made}"


def _unique(names: Iterable[str]) -> list[str]:
    """The names, with `_2`, `_3` behind one that is there already."""
    taken: set[str] = set()
    made = []
    for name in names:
        found, count = name, 1
        while found in taken:
            count += 1
            found = f"{name}_{count}"
        taken.add(found)
        made.append(found)
    return made


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, sorted(names))) or "none"
