"""tf.switch_case, which TFLite has no op for: a chain of conditions, each with the rest of the branches behind it."""

from __future__ import annotations

from typing import Any

_CASES = {"Case": ("If", "StatefulPartitionedCall"), "StatelessCase": ("StatelessIf", "PartitionedCall")}
"""Op => the condition that it becomes, and the call of a branch."""

_INDEX = "index"


def keep_cases(concrete: Any) -> None:
    """Have TensorFlow keep its Case ops when it freezes the function: it would take them apart into merges of many."""
    from tensorflow.core.framework import attr_value_pb2

    for op in concrete.graph.get_operations():
        if op.type in _CASES:
            op._set_attr("_lower_using_switch_merge", attr_value_pb2.AttrValue(b=False))


def write_cases(graph: Any) -> None:
    """Case(i, x){branches} => If(i == 0, branch 0, If(i == 1, branch 1, ...)), changing a GraphDef in place."""
    for node in list(graph.node):
        if node.op in _CASES:
            _Chain(graph, node).write()


class _Chain:
    """One op, and the functions that are made for it; they take the index before the op's other inputs."""

    def __init__(self, graph: Any, node: Any) -> None:
        self.graph, self.node = graph, node
        self.condition, self.call = _CASES[node.op]
        self.branches = list(node.attr["branches"].list.func)
        self.inputs, self.outputs = ([*node.attr[key].list.type] for key in ("Tin", "Tout"))
        self.prefix = f"{self.branches[0].name}_chain"  # TensorFlow numbers the branches' names

    def write(self) -> None:
        """Make the op a condition."""
        node, last = self.node, len(self.branches) - 1
        calls = [self._call(k) for k in range(last + 1)]
        rest = calls[last]
        for k in range(last - 1, 0, -1):
            rest = self._either(k, calls[k], rest)
        index, *given = list(node.input)
        if last < 1:
            self._plain_call(node, calls[0])
            return
        number = self.graph.node.add(name=f"{node.name}/number", op="Const")
        _number(number, 0)
        equal = self.graph.node.add(name=f"{node.name}/equal", op="Equal", input=[index, number.name])
        _integer(equal)
        del node.input[:]
        node.input.extend([equal.name, index, *given])
        self._fill(node, calls[0], rest)

    def _fill(self, node: Any, then: str, otherwise: str) -> None:
        """The attributes of a condition."""
        shapes = self.node.attr["output_shapes"]
        kept = type(shapes)()
        kept.CopyFrom(shapes)
        node.op = self.condition
        node.attr.clear()
        node.attr["Tcond"].type = 10
        node.attr["Tin"].list.type.extend([3, *self.inputs])
        node.attr["Tout"].list.type.extend(self.outputs)
        node.attr["then_branch"].func.name, node.attr["else_branch"].func.name = then, otherwise
        node.attr["output_shapes"].CopyFrom(kept)
        node.attr["_lower_using_switch_merge"].b = False

    def _plain_call(self, node: Any, name: str) -> None:
        """A call, where there is one branch alone."""
        node.op = self.call
        node.attr.clear()
        node.attr["Tin"].list.type.extend([3, *self.inputs])
        node.attr["Tout"].list.type.extend(self.outputs)
        node.attr["f"].func.name = name

    def _function(self, name: str) -> Any:
        """A new function of the index and the op's inputs, without nodes."""
        made = self.graph.library.function.add()
        made.signature.name = f"{self.prefix}_{name}"
        made.signature.input_arg.add(name=_INDEX, type=3)
        for k, kind in enumerate(self.inputs):
            made.signature.input_arg.add(name=f"in_{k}", type=kind)
        for k, kind in enumerate(self.outputs):
            made.signature.output_arg.add(name=f"out_{k}", type=kind)
            made.ret[f"out_{k}"] = f"made:output:{k}"
        return made

    def _arguments(self) -> list[str]:
        return [f"in_{k}" for k in range(len(self.inputs))]

    def _call(self, k: int) -> str:
        """Branch k, taking the index as well."""
        made = self._function(f"branch_{k}")
        call = made.node_def.add(name="made", op=self.call, input=self._arguments())
        call.attr["Tin"].list.type.extend(self.inputs)
        call.attr["Tout"].list.type.extend(self.outputs)
        call.attr["f"].func.CopyFrom(self.branches[k])
        return str(made.signature.name)

    def _either(self, k: int, then: str, otherwise: str) -> str:
        """Branch k where the index is k, else the rest."""
        made = self._function(f"from_{k}")
        _number(made.node_def.add(name="number", op="Const"), k)
        _integer(made.node_def.add(name="equal", op="Equal", input=[_INDEX, "number:output:0"]))
        node = made.node_def.add(name="made", input=["equal:z:0", _INDEX, *self._arguments()])
        self._fill(node, then, otherwise)
        return str(made.signature.name)


def _number(node: Any, value: int) -> None:
    import tensorflow as tf

    node.attr["dtype"].type = 3
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value, dtype=tf.int32))


def _integer(node: Any) -> None:
    node.attr["T"].type = 3
    node.attr["incompatible_shape_error"].b = True
