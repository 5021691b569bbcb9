"""The model's interface as the user wants it: input shapes, outputs, layouts, names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import onnx_ir as ir

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import OpBuilder, quantization, static_shape
from tfonnx_lab.graph.meta import KEYS, OUTPUT_NAMES, QUANTIZATION, TENSORS, TFLITE_NAMES, VARIABLE
from tfonnx_lab.rewriters.dimension.bodies import refuse_bodies
from tfonnx_lab.rewriters.dimension.follow import follow
from tfonnx_lab.rewriters.dimension.kept import forget_shapes
from tfonnx_lab.rewriters.dimension.state import Follows
from tfonnx_lab.rewriters.state_variables import states
from tfonnx_lab.rules import rewriter


def _to_last(size: int) -> list[int]:
    """The permutation of channels first to channels last."""
    return [0, *range(2, size), 1]


def _to_first(size: int) -> list[int]:
    """The permutation of channels last to channels first."""
    return [0, size - 1, *range(1, size - 1)]


@rewriter(phase="prepare", after=("lift_variables",))
def fix_input_shapes(op: OpBuilder) -> bool | None:
    """An input of any shape => the input with the shape that `inputs=` gives it."""
    wanted: dict[str, Sequence[int | str] | None] = op.options.inputs
    graph = op.editor.graph
    changed = False
    dimensions: dict[ir.Value, tuple[list[int], int | None]] = {}
    shapes: dict[ir.Value, ir.Shape] = {}
    kept: dict[ir.Value, frozenset[int]] = {}
    for value, dims in _select(op, graph.inputs, wanted, "inputs"):
        new = wanted[_key(op, value, wanted)]
        if new is None or dims == list(new):
            continue
        if dims is not None and len(dims) != len(new):
            raise ConversionError(f"input {value.name} has {len(dims)} dimensions, --inputs gives it {len(new)}")
        if dims is not None and all(isinstance(d, int) for d in dims):
            moved = [i for i, (d, n) in enumerate(zip(dims, new, strict=True)) if d != n]
            dimensions[value] = moved, dims[moved[0]]  # type: ignore[assignment] # all are numbers
        fixed = [None if d == -1 else d for d in new]
        shapes[value] = ir.Shape(fixed)
        kept[value] = frozenset(i for i, (d, n) in enumerate(zip(dims or [], new, strict=False)) if d == n)
        op.note(f"{value.name} is {list(new)}")
        changed = changed or any(isinstance(d, int) and d != n for d, n in zip(dims or new, new, strict=True))
    if any(0 in moved for moved, _ in dimensions.values()):
        _refuse_states(graph, {size for moved, size in dimensions.values() if 0 in moved})
    found: dict[ir.Value, Follows | str] = {}
    sizes = {size for moved, size in dimensions.values()}
    if len(sizes) == 1 and all(len(moved) == 1 for moved, _ in dimensions.values()):
        places = {value: moved[0] for value, (moved, _) in dimensions.items()}
        found = follow(op, places, sizes.pop() or 0)
    else:
        refuse_bodies(graph, [value for value, (moved, _) in dimensions.items() if 0 in moved])
    for value, shape in shapes.items():
        op.editor.retype(value, shape=shape)
    if changed:
        known = dimensions.keys() == shapes.keys()
        now = {shapes[value][moved[0]] for value, (moved, _) in dimensions.items()}
        one = now.pop() if len(now) == 1 else None
        size = one if isinstance(one, int | None) else one.value
        forget_shapes(op, kept, found if known else {}, size)
    return True if op.notes else None


def _refuse_states(graph: ir.Graph, sizes: set[int | None]) -> None:
    """Raise ConversionError where the model keeps what belongs to the old batch, as LiteRT's variables do.

    sizes: what the first dimension of inputs was that get another one.
    """
    held = {given for given, _ in states(graph)} | {v for v in graph.inputs if v.meta.get(VARIABLE)}
    kept = [v for v in graph.inputs if v in held and (shape := static_shape(v)) and shape[0] in sizes]
    if kept:
        more = f" and {len(kept) - 1} more" if len(kept) > 1 else ""
        raise ConversionError(
            f"inputs: the model keeps {kept[0].name} of shape {static_shape(kept[0])}{more} from run to run, of the "
            "file's own batch, which LiteRT cannot change either. Convert with the file's own shapes, and run it once "
            "for each stream, with states of its own (lab.StatefulSession)"
        )


@rewriter(phase="prepare", after=("fix_input_shapes",), when=lambda options: options.static)
def close_input_shapes(op: OpBuilder) -> bool | None:
    """An input with dimensions that the file leaves open => they are 1, for accelerators, which want to know them."""
    for value in op.editor.graph.inputs:
        named = value.name in op.options.inputs or (value.name or "").split(":")[0] in op.options.inputs
        if value.shape is not None and not named and not all(isinstance(d, int) for d in value.shape):
            op.editor.retype(value, shape=ir.Shape([d if isinstance(d, int) else 1 for d in value.shape]))
            op.note(f"{value.name} is {list(value.shape)}")
    return True if op.notes else None


@rewriter(phase="prepare", after=("close_input_shapes",))
def choose_outputs(op: OpBuilder) -> bool | None:
    """All outputs => the tensors that `outputs=` names, intermediate ones too."""
    wanted: tuple[str, ...] = op.options.outputs
    graph = op.editor.graph
    if not wanted or list(wanted) == op.editor.model.meta.get(OUTPUT_NAMES):  # TensorFlow's graph was cut there already
        return None
    made = [v for node in graph for v in node.outputs if v.name]
    known = {v.name: v for v in made}
    for value in made:  # a tensor's own name goes before what another may be called as well
        for name in _names(op, value):
            known.setdefault(name, value)
    chosen: list[ir.Value] = []
    for name in wanted:
        found = known.get(name)
        if found is None:
            raise ConversionError(
                f"outputs: there is no tensor {name!r}; the outputs are {[v.name for v in graph.outputs]}"
            )
        if found in chosen:
            other = wanted[chosen.index(found)]
            raise ConversionError(f"outputs: {other!r} and {name!r} are the same tensor; name it once")
        chosen.append(found)
    if chosen == list(graph.outputs):
        return None
    op.editor.set_outputs(graph, chosen)
    op.note(", ".join(wanted))
    return True


@rewriter(phase="prepare", after=("choose_outputs",))
def channels_first_inputs(op: OpBuilder) -> bool | None:
    """input NHWC => Transpose(input NCHW), for the inputs in `inputs_as_nchw=`."""
    wanted = dict.fromkeys(op.options.inputs_as_nchw)
    graph = op.editor.graph
    inputs = list(graph.inputs)
    for value, dims in _select(op, inputs, wanted, "inputs_as_nchw"):
        if dims is None or len(dims) < 3:
            raise ConversionError(
                f"inputs_as_nchw: {value.name} has no channels and positions (fewer than three dimensions)"
            )
        name = value.name or "input"
        first = ir.Value(name=name, type=value.type, shape=ir.Shape([dims[i] for i in _to_first(len(dims))]))
        op.editor.inherit(first, value, *(KEYS.keys() - {TENSORS}))
        op.editor.describe(first, TENSORS, _laid(value, _to_last(len(dims))))
        op.editor.retype(value, name=op.editor.names.value(f"{name}/nhwc"))
        inputs[inputs.index(value)] = first
        op.editor.set_inputs(graph, inputs)
        op.editor.retype(first, name=name)
        node = op.node("Transpose", [first], {"perm": _to_last(len(dims))})
        op.editor.describe(node.outputs[0], QUANTIZATION, quantization(value))
        op.editor.insert(node, before=next(iter(graph), None))
        for user, index in tuple(value.uses()):
            op.editor.set_input(user, index, node.outputs[0])
        op.note(name)
    return True if op.notes else None


@rewriter(phase="prepare", after=("choose_outputs",))
def channels_first_outputs(op: OpBuilder) -> bool | None:
    """output NHWC => Transpose(output) NCHW, for the outputs in `outputs_as_nchw=`."""
    wanted = dict.fromkeys(op.options.outputs_as_nchw)
    graph = op.editor.graph
    for value, dims in _select(op, graph.outputs, wanted, "outputs_as_nchw"):
        if dims is None or len(dims) < 3:
            raise ConversionError(
                f"outputs_as_nchw: {value.name} has no channels and positions (fewer than three dimensions)"
            )
        name = value.name or "output"
        node = op.node("Transpose", [value], {"perm": _to_first(len(dims))})
        op.editor.insert(node)
        op.editor.set_output(graph, list(graph.outputs).index(value), node.outputs[0])
        op.editor.retype(value, name=op.editor.names.value(f"{name}/nhwc"))
        held = _laid(value, _to_last(len(dims)))
        op.editor.retype(node.outputs[0], name=name, dtype=value.dtype, quant=quantization(value), tensors=held)
        op.note(name)
    return True if op.notes else None


def _laid(value: ir.Value, perm: Sequence[int]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """The TFLite tensors of a value, as another one holds them whose layout this permutation restores."""
    return tuple((name, tuple(perm)) for name, old in value.meta.get(TENSORS, ()) if old is None)


def _select(
    op: OpBuilder, values: Iterable[ir.Value], wanted: Mapping[str, object], option: str
) -> list[tuple[ir.Value, list[int | str | None] | None]]:
    """The values that the option names, as the caller or as the file has it, with or without the `:0`, and their
    dimensions."""
    values = list(values)
    names = {n for v in values for n in _names(op, v)}
    for name in wanted:
        if name not in names:
            raise ConversionError(f"{option}: there is no {name!r}; there are {[v.name for v in values]}")
    found = []
    for value in values:
        if _key(op, value, wanted):
            dims = None if value.shape is None else [d if isinstance(d, int) else d.value for d in value.shape]
            found.append((value, dims))
    return found


def _names(op: OpBuilder, value: ir.Value) -> list[str]:
    """What a value may be called: its name, the one in the TFLite file, both with and without the `:0`."""
    name = value.name or ""
    old = op.editor.model.meta.get(TFLITE_NAMES, {}).get(name) or name
    return list(dict.fromkeys([name, f"{name}:0", name.split(":")[0], old, f"{old}:0", old.split(":")[0]]))


def _key(op: OpBuilder, value: ir.Value, wanted: Mapping[str, object]) -> str:
    """Under which name an option names the value; a name that is another value's own is not this one's."""
    named = [name for name in _names(op, value) if name in wanted]
    if not named:
        return ""
    graph = op.editor.graph
    own = {v.name for v in (*graph.inputs, *graph.outputs)} - {value.name}
    return next((name for name in named if name not in own), "")
