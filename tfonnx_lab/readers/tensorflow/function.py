"""A concrete function of TensorFlow, its arguments and results named as the caller names them."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.readers.tensorflow.layers import Layers
from tfonnx_lab.readers.tensorflow.names import collisions, output_names, unique
from tfonnx_lab.readers.tensorflow.specs import Spec, grouped


@dataclass(frozen=True)
class Function:
    """A concrete function that takes and returns tensors in a flat order.

    inputs, outputs: their names in that order.
    owner: who holds the variables, so that they live as long as this.
    layers: which of Keras's layers made which ops.
    notes: what the caller should be told of the names.
    is_sorted: whether the inputs are in the order of the alphabet because the caller's is lost.
    """

    concrete: Any
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    owner: Any = None
    layers: Layers = field(default_factory=Layers)
    notes: tuple[str, ...] = ()
    is_sorted: bool = False


def named(concrete: Any, inputs: Sequence[str], outputs: Sequence[str], **more: Any) -> Function:
    """The function, its names made unique and the caller told where they were not."""
    own, made = unique(inputs), unique(outputs)
    notes = (*collisions("inputs", inputs, own), *collisions("outputs", outputs, made))
    return Function(concrete, own, made, notes=notes, **more)


def of_concrete(tf: Any, concrete: Any, owner: Any = None) -> Function:
    """A concrete function with its own names: of its arguments, and of what it returns."""
    arguments, keywords = getattr(concrete, "structured_input_signature", None) or ((), {})
    leaves = tf.nest.flatten((arguments, dict(keywords)), expand_composites=True)
    specs = [s for s in leaves if isinstance(s, tf.TensorSpec)]
    captured = {id(tensor) for tensor in concrete.graph.internal_captures}
    count = sum(id(tensor) not in captured for tensor in concrete.inputs)
    if len(specs) != count:  # one that was wrapped: its placeholders have the names
        found = [tensor.op.name for tensor in concrete.inputs if id(tensor) not in captured]
    else:
        found = [s.name or f"input_{n}" for n, s in enumerate(specs)]
    return named(concrete, found, output_names(tf, concrete.structured_outputs), owner=owner)


def _traces(function: Any) -> list[Any]:
    """The concrete functions there are: of a loaded one, or of one that was called in this program."""
    if (loaded := getattr(function, "concrete_functions", None)) is not None:
        return list(loaded)
    listed = getattr(function, "_list_all_concrete_functions", None)  # TensorFlow has no public name for it
    return list(listed()) if listed is not None else []


def concrete_of(tf: Any, function: Any, signature: Sequence[Spec] = (), number: int | None = None) -> Any:
    """The only concrete function of a tf.function, the one of this number, or the one of an input signature.

    Raises ConversionError where it takes more to know it.
    """
    traced = _traces(function)
    if number is not None:
        if not 0 <= number < len(traced):
            raise ConversionError(f"has {len(traced)} concrete functions, and so none of number {number}")
        return traced[number]
    if signature:
        arguments = grouped(signature, _parameters(function))
        return function.get_concrete_function(*tf.nest.map_structure(lambda spec: spec.tensor_spec(tf), arguments))
    if len(traced) == 1:
        return traced[0]
    if len(traced) > 1:
        try:
            return function.get_concrete_function()
        except Exception:
            shown = "; ".join(f"{n}: {_arguments(c)}" for n, c in enumerate(traced))
            raise ConversionError(
                f"has {len(traced)} concrete functions, one for each kind of arguments; give input_signature=, or "
                f"concrete_function= one of their numbers ({shown})"
            ) from None
    try:
        return function.get_concrete_function()
    except (TypeError, ValueError) as error:
        if getattr(function, "input_signature", None) is not None or not _parameters(function):
            raise  # its shapes are known: what it says is of the user's own code
        raise ConversionError(
            'the shapes of its arguments are not known; give input_signature=["x:float32[1,224,224,3]"] '
            f"(or tf.TensorSpecs), or tf.function its own input_signature ({str(error).splitlines()[0]})"
        ) from error


def _parameters(function: Any) -> tuple[str, ...]:
    """The names of a tf.function's arguments; empty where it came out of a file."""
    try:
        return tuple(inspect.signature(function.python_function).parameters)
    except (AttributeError, TypeError, ValueError):
        return ()


def _arguments(concrete: Any) -> str:
    """The arguments of a concrete function, for a message: `float32[1, 3], 5`."""
    arguments, keywords = concrete.structured_input_signature
    return ", ".join([*map(_shown, arguments), *keywords])


def _shown(argument: Any) -> str:
    shape = getattr(argument, "shape", None)
    if shape is None or not hasattr(argument, "dtype"):
        return str(argument)
    return f"{argument.dtype.name}{'' if shape.rank is None else list(shape)}"
