"""The TFLite reader: a flatbuffer to one graph in the `tflite` dialect, weights by reference."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import onnx_ir as ir
from ai_edge_litert import schema_py_generated as schema

from tfonnx_lab.errors import ConversionError, TooLarge, is_told
from tfonnx_lab.graph import ORIGIN, TFLITE, TFLITE_CUSTOM, make_attribute
from tfonnx_lab.graph.attributes import make_attributes
from tfonnx_lab.graph.budget import grant, room
from tfonnx_lab.graph.meta import (
    FROM_TENSORFLOW,
    INTERMEDIATES,
    KIND,
    LAYERS,
    OUTPUT_NAMES,
    PLACE,
    SIGNATURE,
    SIGNATURES,
    SORTED,
    TENSOR_INDEX,
    TFLITE_NAMES,
    VARIABLE,
    describe,
)  # fmt: skip
from tfonnx_lab.graph.names import Names
from tfonnx_lab.readers.layers import layers_of
from tfonnx_lab.readers.mistaken import what_it_is
from tfonnx_lab.readers.not_a_model import file_told
from tfonnx_lab.readers.op_options import enum_name, op_options, subgraph_option
from tfonnx_lab.readers.quick_table import quick
from tfonnx_lab.readers.ranks import settle_ranks
from tfonnx_lab.readers.signatures import CallerNames, Interface, ints, signatures_of, text
from tfonnx_lab.readers.source import Source, open_source
from tfonnx_lab.readers.tensors import TensorReader
from tfonnx_lab.readers.verifier import verify

_COPIED = 3_000
"""How many ops more than twice those that the file has a model may become, as each op that runs a subgraph gets a copy
of it."""

_HEAD = 4096
"""How many bytes are looked at to tell what a file is that is no TFLite model."""
_NODE = 2_000
"""Bytes that a node takes besides its names."""


def read_tflite(source: Source, signature: str | None = None) -> ir.Model:
    """Read a .tflite model.

    source: a path (mapped, not copied), bytes or a binary file object.
    signature: which signature's subgraph is the main graph (default: the first subgraph). TFLite ops become nodes of
        the domain `tflite` (custom ones of `tflite.custom`, by their code), with their options as attributes; subgraphs
        become graph attributes of the ops that use them; variable tensors become inputs that are marked as such.
    Raises ConversionError, naming the source, for anything that is not a readable model.
    """
    data, name = open_source(source)
    if bytes(data[4:8]) != b"TFL3":
        kind = file_told(name) or what_it_is(bytes(data[:_HEAD]))
        raise ConversionError(
            f"{name}: is not a TensorFlow Lite model (its bytes 4 to 8 are not 'TFL3')"
            + (f", but {kind}" if kind else "")
        )
    grant(len(data))
    reader: _Reader | None = None
    try:
        verify(data)
        reader = _Reader(data, name, getattr(source, "interface", None))
        model = reader.read(signature)
        describe(model, LAYERS, layers_of(model, getattr(source, "layers", None)))
        describe(model, SORTED, getattr(source, "is_sorted", False) or None)
        return model
    except ConversionError:
        raise
    except TooLarge as error:
        raise ConversionError(f"{name}: {error}") from error
    except Exception as error:
        where = f"{reader.place} cannot be read" if reader is not None else "its parts do not fit together"
        why = str(error) if is_told(error) else where
        raise ConversionError(f"{name}: is damaged, cut off, or not a valid TensorFlow Lite model ({why})") from error


class _Reader:
    def __init__(self, data: memoryview, name: str, interface: Interface | None = None) -> None:
        self.interface = interface
        self.data = data
        self.name = name
        self.model = schema.Model.GetRootAs(data, 0)
        self.tensors = TensorReader(self.model, data)
        self.names = Names()
        self.constants: list[ir.Value] = []
        self.codes = [self._code(i) for i in range(self.model.OperatorCodesLength())]
        self.origin = 0
        self.place = "the model"
        graphs = map(self.model.Subgraphs, range(self.model.SubgraphsLength()))
        self.ops_left = 2 * sum(graph.OperatorsLength() for graph in graphs) + _COPIED
        self.indices: dict[str, int] = {}
        self.named: dict[int, str] = {}
        self.ranks_are_told = self._ranks_are_told()

    def _ranks_are_told(self) -> bool:
        """Whether the file's writer knew of `has_rank`: else `settle_ranks` has to tell what no dimensions mean."""
        graphs = [quick(self.model.Subgraphs(i)) for i in range(self.model.SubgraphsLength())]
        return any(g.Tensors(i).HasRank() for g in graphs for i in range(g.TensorsLength()))

    def read(self, signature: str | None) -> ir.Model:
        signatures = signatures_of(self.model)
        if self.model.SubgraphsLength() == 0:
            raise ConversionError(f"{self.name}: holds no graph")
        index = 0
        if self.interface is not None:  # TensorFlow made the file of the one function that was chosen
            signature = None
        if signature is not None:
            if signature not in signatures:
                known = ", ".join(map(repr, signatures)) or "none"
                raise ConversionError(f"{self.name}: has no signature {signature!r}; it has {known}")
            index = signatures[signature]["subgraph"]
        key = signature or next((k for k, s in signatures.items() if s["subgraph"] == index), None)
        called = CallerNames(self.model, index, signatures.get(key or "", {}), self.interface)
        self.named = {i: self.names.value(name) for i, name in called.of_tensors.items()}
        graph = self._graph(index, "", ())
        for constant in self.constants:
            graph.register_initializer(constant)
        model = ir.Model(graph, ir_version=10, producer_name="tfonnx_lab")
        graph.opset_imports.update({TFLITE: 1, TFLITE_CUSTOM: 1})
        describe(model, SIGNATURES, signatures)
        describe(model, TENSOR_INDEX, self.indices)
        describe(model, SIGNATURE, key)
        describe(model, FROM_TENSORFLOW, True if self.interface is not None else None)
        describe(model, OUTPUT_NAMES, called.of_outputs)
        describe(model, TFLITE_NAMES, {name: called.in_file(i) for i, name in self.named.items()})
        if self.model.Description():
            model.doc_string = bytes(self.model.Description()).decode("utf-8", "replace")
        return model

    def _code(self, index: int) -> tuple[str, str]:
        """(domain, op type); the code is the larger of the old 8-bit field and the new one."""
        code = self.model.OperatorCodes(index)
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        if number == schema.BuiltinOperator.CUSTOM:
            return TFLITE_CUSTOM, text(code.CustomCode(), "unnamed_custom_op")
        return TFLITE, enum_name(schema.BuiltinOperator, number)

    def _graph(self, index: int, prefix: str, stack: tuple[int, ...]) -> ir.Graph:
        subgraph = quick(self.model.Subgraphs(index))
        self.ops_left -= subgraph.OperatorsLength()
        if stack and self.ops_left < 0:
            raise ConversionError(
                f"{self.name}: its subgraphs run each other so often that it would become more than {_COPIED:,} ops "
                f"larger, with a copy of subgraph {index} for each op that runs it"
            )
        if stack:
            names = f"the copies of subgraph {index}, with the names in them,"
            room(subgraph.OperatorsLength(), _NODE + 8 * len(prefix), names)
        values = _Values(self, subgraph, prefix, is_main=not stack)
        inputs = [values.input(int(i)) for i in ints(subgraph.InputsAsNumpy())]
        nodes = []
        for position in range(subgraph.OperatorsLength()):
            nodes.append(self._node(quick(subgraph.Operators(position)), position, values, prefix, (*stack, index)))
            if not stack:
                self.origin = position + 1
        outputs = [values.use(int(i), f"output {n}") for n, i in enumerate(ints(subgraph.OutputsAsNumpy()))]
        if stack:
            outputs = [self._made_here(o, nodes, prefix) for o in outputs]
        name = text(subgraph.Name()) or ("main" if not stack else f"subgraph_{index}")
        return ir.Graph([*inputs, *values.variables], [o for o in outputs if o is not None], nodes=nodes, name=name)

    def _made_here(self, value: ir.Value | None, nodes: list[ir.Node], prefix: str) -> ir.Value | None:
        """An output of a subgraph that is a constant, through an Identity: constants belong to the main graph."""
        if value is None or value.const_value is None:
            return value
        node = ir.Node("", "Identity", [value], num_outputs=1, name=self.names.node(f"{prefix}Identity"))
        node.outputs[0].name = self.names.value(f"{value.name}/output")
        node.outputs[0].type, node.outputs[0].shape = value.type, value.shape
        describe(node, ORIGIN, frozenset((self.origin,)))
        nodes.append(node)
        return node.outputs[0]

    def _node(self, op: Any, position: int, values: _Values, prefix: str, stack: tuple[int, ...]) -> ir.Node:
        domain, op_type = self.codes[op.OpcodeIndex()]
        place = f"op {position} ({op_type})"
        self.place = f"{place} of subgraph {stack[-1]}"
        inputs = [values.use(int(i), place) for i in ints(op.InputsAsNumpy())]
        outputs = [values.output(int(i), place) for i in ints(op.OutputsAsNumpy())]
        name = self.names.node(outputs[0].name or op_type if outputs else f"{prefix}{op_type}")
        attributes = self._attributes(op, domain, name, stack)
        node = ir.Node(domain, op_type, inputs, attributes, outputs=outputs, name=name)
        settle_ranks(node, self.ranks_are_told)
        describe(node, ORIGIN, frozenset((position if len(stack) == 1 else self.origin,)))
        describe(node, PLACE, f"op {position} of subgraph {stack[-1]}")
        if op.IntermediatesLength():
            inner = [values.plain(int(i)) for i in ints(op.IntermediatesAsNumpy())]
            describe(node, INTERMEDIATES, inner)
        return node

    def _attributes(self, op: Any, domain: str, name: str, stack: tuple[int, ...]) -> list[ir.Attr]:
        options = op_options(op)
        graphs: dict[str, Any] = {}
        for key, short in [(k, short) for k in options if (short := subgraph_option(k))]:
            index = options.pop(key)
            if isinstance(index, list):
                graphs[short] = [self._graph(i, f"{name}/{short}{n}/", stack) for n, i in enumerate(index)]
            elif index >= 0:
                graphs[short] = self._graph(index, f"{name}/{short}/", stack)
        if domain == TFLITE_CUSTOM:
            options["custom_options"] = self._custom_options(op)
        return [*make_attributes(options), *(make_attribute(k, g) for k, g in graphs.items())]

    def _custom_options(self, op: Any) -> bytes:
        if op.LargeCustomOptionsOffset() > 1:
            start = op.LargeCustomOptionsOffset()
            return bytes(self.data[start : start + op.LargeCustomOptionsSize()])
        return bytes(np.asarray(op.CustomOptionsAsNumpy(), np.uint8)) if op.CustomOptionsLength() else b""


class _Values:
    """The tensors of one subgraph as values, made when they are first met."""

    def __init__(self, reader: _Reader, subgraph: Any, prefix: str, is_main: bool) -> None:
        self.reader = reader
        self.subgraph = subgraph
        self.prefix = prefix
        self.is_main = is_main
        self.known: dict[int, ir.Value] = {}
        self.variables: list[ir.Value] = []

    def input(self, index: int) -> ir.Value:
        value = self.known[index] = self.plain(index)
        return value

    def output(self, index: int, place: str) -> ir.Value:
        if index == -1:
            return ir.Value(name=self.reader.names.value(f"{self.prefix}unused"))
        if index in self.known:
            raise ValueError(f"{place} writes tensor {index}, which has its contents already")
        value = self.known[index] = self.plain(index)
        return value

    def use(self, index: int, place: str) -> ir.Value | None:
        if index == -1:
            return None
        if index not in self.known:
            self.known[index] = self._constant(index, place)
        return self.known[index]

    def plain(self, index: int) -> ir.Value:
        """A new value of the tensor, with its quantization."""
        tensor = quick(self.subgraph.Tensors(index))
        own = self.reader.named.get(index) if self.is_main else None
        name = own or self.reader.names.value(self.prefix + (text(tensor.Name()) or f"tensor_{index}"))
        if self.is_main:
            self.reader.indices[name] = index
        value = self.reader.tensors.value(tensor, name, None)
        value.shape = self._shape(tensor, value)
        self.reader.tensors.quantization(tensor, value, self._scales)
        return value

    def _constant(self, index: int, place: str) -> ir.Value:
        tensor = quick(self.subgraph.Tensors(index))
        value = self.plain(index)
        if tensor.IsVariable():
            describe(value, VARIABLE, True)
            self.variables.append(value)
            return value
        contents = self.reader.tensors.contents(tensor, value)
        if contents is None:
            raise ValueError(f"{place} reads tensor {index} ({value.name}), which nothing has written")
        value.const_value = contents
        value.shape = ir.Shape(contents.shape.numpy())
        self.reader.constants.append(value)
        return value

    def _scales(self, index: int) -> np.ndarray:
        if not 0 <= index < self.subgraph.TensorsLength():
            raise ValueError(f"the scales are in tensor {index}; the subgraph has {self.subgraph.TensorsLength()}")
        tensor = self.subgraph.Tensors(index)
        value = self.reader.tensors.value(tensor, "scales", None)
        contents = self.reader.tensors.contents(tensor, value)
        if contents is None:
            raise ValueError(f"the scales in tensor {index} are not a constant")
        return np.asarray(contents.numpy())

    def _shape(self, tensor: Any, value: ir.Value) -> ir.Shape | None:
        """The dimensions; None where even their number is unknown, which only files that say `has_rank` can tell."""
        if (
            not tensor.ShapeLength()
            and not tensor.HasRank()
            and self.reader.ranks_are_told
            and not self.reader.tensors.has_bytes(tensor)
        ):
            return None
        dims = [self._dim(value, n) if d < 0 else d for n, d in enumerate(_dims(tensor))]
        return ir.Shape([*dims, 2] if str(value.meta[KIND]).startswith("COMPLEX") else dims)

    def _dim(self, value: ir.Value, position: int) -> str | None:
        """Names for the unknown dimensions of the model's inputs; the first of the only input that has one is the
        batch.

        With several such inputs nothing says that they have the same batch, and ONNX Runtime plans its memory by the
        names.
        """
        if not self.is_main or value.name is None:
            return None
        names, open_batches = self._inputs
        if value.name not in names:
            return None
        return "batch" if position == 0 and open_batches == 1 else f"{value.name.split(':')[0]}_dim_{position}"

    @cached_property
    def _inputs(self) -> tuple[frozenset[str], int]:
        """The names of the subgraph's inputs, and of how many the first dimension is open."""
        indices = ints(self.subgraph.InputsAsNumpy())
        tensors = [self.subgraph.Tensors(i) for i in indices]
        open_batches = sum(dims[0] < 0 for dims in map(_dims, tensors) if dims)
        named = self.reader.named
        return frozenset(named.get(i) or text(t.Name()) for i, t in zip(indices, tensors, strict=True)), open_batches


def _dims(tensor: Any) -> list[int]:
    """The shape with -1 for what the file leaves open."""
    shape, signature = ints(tensor.ShapeAsNumpy()), ints(tensor.ShapeSignatureAsNumpy())
    if len(signature) != len(shape):
        return list(shape)
    return [-1 if s < 0 else d for d, s in zip(shape, signature, strict=True)]
