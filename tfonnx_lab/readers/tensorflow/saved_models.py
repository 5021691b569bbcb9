"""SavedModels, and objects that hold tf.functions: which of their functions is meant."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.readers.tensorflow.function import Function, concrete_of, named, of_concrete
from tfonnx_lab.readers.tensorflow.graph_files import of_signature_of_1
from tfonnx_lab.readers.tensorflow.keras_metadata import Orders, written_orders
from tfonnx_lab.readers.tensorflow.names import graph_name, in_order, listed
from tfonnx_lab.readers.tensorflow.specs import Spec

DEFAULT = "serving_default"


def of_folder(tf: Any, path: Path, tag: str | None, chosen: Chosen) -> Function:
    """The function of a SavedModel's folder.

    tag: of the graph, several with commas between them.
    """
    found = _graph_of(path, tag)
    tags = sorted(found.meta_info_def.tags)
    loaded = tf.saved_model.load(str(path), tags=tags)
    if any(node.op == "VariableV2" for node in found.graph_def.node):
        known = dict(loaded.signatures)
        return of_signature_of_1(tf, path, tags, _wanted(known, chosen.signature))
    return of_loaded(tf, loaded, Chosen(chosen.signature, chosen.number, chosen.specs, written_orders(path)))


class Chosen:
    """Which function of several is meant.

    signature: a name.
    number: of a concrete function.
    specs: of its arguments.
    orders: in which names of arguments and results were written, as far as a file beside the SavedModel tells.
    """

    def __init__(
        self,
        signature: str | None = None,
        number: int | None = None,
        specs: Sequence[Spec] = (),
        orders: Orders = (),
    ) -> None:
        self.signature, self.number, self.specs, self.orders = signature, number, specs, orders


def _graph_of(path: Path, tag: str | None) -> Any:
    """The MetaGraphDef to load: that of the tags that are named, else of `serve`, else the only one."""
    from tensorflow.core.protobuf import saved_model_pb2

    file = path / "saved_model.pb"
    if not file.is_file():
        raise ConversionError(
            f"has a {path / 'saved_model.pbtxt'}; write it as saved_model.pb with tf.saved_model.save"
        )
    try:
        graphs = list(saved_model_pb2.SavedModel.FromString(file.read_bytes()).meta_graphs)
    except Exception as error:  # protobuf's DecodeError
        raise ConversionError("its saved_model.pb is damaged, or no SavedModel's; get the folder again") from error
    if not graphs:
        raise ConversionError("its saved_model.pb is empty; get the folder again")
    if not (path / "variables" / "variables.index").exists() and any(map(_has_variables, graphs)):
        raise ConversionError("has no folder variables/ beside its saved_model.pb, so no weights: get the whole folder")
    found = [sorted(graph.meta_info_def.tags) for graph in graphs]
    wanted = sorted(t.strip() for t in (tag or "").split(",") if t.strip())
    if tag is None:
        wanted = found[0] if len(found) == 1 else ["serve"]
    if wanted not in found:
        shown = " | ".join(",".join(tags) or "(none)" for tags in found)
        said = "has several graphs" if tag is None else f"has no graph of the tags {tag!r}"
        raise ConversionError(f"{said}; there are {shown} (tag=, --tag)")
    return graphs[found.index(wanted)]


def _has_variables(graph: Any) -> bool:
    """Whether a MetaGraphDef keeps something in files of its own."""
    return any(node.HasField("variable") for node in graph.object_graph_def.nodes) or any(
        node.op in ("VariableV2", "VarHandleOp") for node in graph.graph_def.node
    )


def of_loaded(tf: Any, loaded: Any, chosen: Chosen) -> Function:
    """The signature that is named, else `serving_default`, else the only one; without signatures, the model's call."""
    if chosen.number is not None:
        call = _functions(loaded).get("__call__")
        if call is None:
            raise ConversionError(
                "has no __call__ that is a tf.function, whose concrete function could be taken by its number"
            )
        return of_concrete(tf, concrete_of(tf, call, (), chosen.number), loaded)
    known = dict(getattr(loaded, "signatures", None) or {})
    wanted = chosen.signature
    if wanted is not None and wanted not in known:
        functions = _functions(loaded)
        if wanted in functions:
            return of_concrete(tf, concrete_of(tf, functions[wanted], chosen.specs), loaded)
        raise ConversionError(f"has no signature {wanted!r}; it has {listed(known)}")
    if not known or chosen.specs:
        return of_module(tf, loaded, chosen)
    return of_signature(tf, known[_wanted(known, wanted)], loaded, chosen.orders)


def _wanted(known: Mapping[str, Any], name: str | None) -> str:
    """The signature that is named, else `serving_default`, else the only one. Raises ConversionError where that says
    none."""
    if name is not None and name not in known:
        raise ConversionError(f"has no signature {name!r}; it has {listed(known)}")
    if name is None and DEFAULT not in known and len(known) != 1:
        raise ConversionError(f"has the signatures {listed(known)}; name one (signature=, --signature)")
    return name or (DEFAULT if DEFAULT in known else next(iter(known)))


def of_module(tf: Any, module: Any, chosen: Chosen) -> Function:
    """The tf.function of a module that is named, else its `__call__`, else the only one."""
    found, name = _functions(module), chosen.signature
    if name is None and "__call__" in found:
        name = "__call__"
    if name is None and len(found) == 1:
        name = next(iter(found))
    if name not in found:
        many = f"it has {listed(found)}; name one (signature=, --signature)" if found else "it has none"
        raise ConversionError(f"a tf.Module is converted by one of its tf.functions: {many}")
    return of_concrete(tf, concrete_of(tf, found[name], chosen.specs, chosen.number), module)


def of_signature(tf: Any, concrete: Any, owner: Any, orders: Orders = ()) -> Function:
    """A signature, whose arguments and results are dicts: as a function of them in the order in which the caller wrote
    them, where that is known; the file has them in no order."""
    arguments, specs = concrete.structured_input_signature
    if arguments or not specs:
        return of_concrete(tf, concrete, owner)
    written = _written(orders, specs) or _order_of_function(tf, owner, set(specs)) or _order_of_call(concrete, specs)
    takes = list(written or in_order(specs))
    results = concrete.structured_outputs
    gives = list(_written(orders, results) or in_order(results))

    def call(*values: Any) -> list[Any]:
        made = concrete(**dict(zip(takes, values, strict=True)))
        return [made[name] for name in gives]

    spec = [tf.TensorSpec(specs[name].shape, specs[name].dtype, name=graph_name(name)) for name in takes]
    made = tf.function(call, input_signature=spec).get_concrete_function()
    found = named(made, takes, gives, owner=(owner, concrete))
    return replace(found, is_sorted=not written)


def _written(orders: Orders, names: Mapping[str, Any]) -> tuple[str, ...]:
    """These names in the order in which a file tells that they were written; empty where none tells."""
    return next((order for order in orders if len(order) == len(names) and set(order) == set(names)), ())


def _functions(module: Any) -> dict[str, Any]:
    """The tf.functions of a module by name."""
    return {
        n: f
        for n in dir(module)
        if (n == "__call__" or not n.startswith("_")) and _is_function(f := _attribute(module, n))
    }


def _attribute(thing: Any, name: str) -> Any:
    try:
        return getattr(thing, name)
    except Exception:  # a property of the module may raise whatever it likes
        return None


def _is_function(thing: Any) -> bool:
    return hasattr(thing, "get_concrete_function")


def _order_of_function(tf: Any, owner: Any, names: set[str]) -> list[str]:
    """The arguments in the order of the function that a signature was made of; empty where that takes a dict, whose
    order is lost, too."""
    for attribute in dir(owner) if owner is not None else ():
        for concrete in getattr(_attribute(owner, attribute), "concrete_functions", None) or ():
            arguments, keywords = concrete.structured_input_signature
            if any(isinstance(leaf, Mapping) for leaf in arguments):
                continue
            specs = tf.nest.flatten((arguments, keywords))
            found = [s.name for s in specs if isinstance(s, tf.TensorSpec)]
            if len(found) == len(names) and set(found) == names:
                return found
    return []


def _order_of_call(concrete: Any, names: Collection[str]) -> list[str]:
    """The arguments in the order in which a signature hands them to the function that it was made of; empty where that
    is the alphabet, in which the keys of a dict are handed over, too."""
    for op in concrete.graph.get_operations():
        if op.type in ("PartitionedCall", "StatefulPartitionedCall"):
            found = [source.op.name for source in op.inputs if source.op.name in names]
            if sorted(found) == sorted(names):
                return [] if found == in_order(names) else found
    return []
