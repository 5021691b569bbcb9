"""Nodes, records and graphs of the ORT format."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tfonnx_lab.mobile.ort_tensors import OrtTensor, OrtValue


@dataclass(frozen=True)
class OrtAttribute:
    """An attribute of a node.

    kind: ONNX's name of its type ("INT", "FLOATS", "TENSOR", "GRAPH" ...).
    value: a number, a text, a tuple of these, an OrtTensor; of a subgraph its path.
    """

    name: str
    kind: str
    value: Any


@dataclass(frozen=True)
class OrtNode:
    """A node.

    index: its number in its graph.
    path: of its graph ("" is the main one).
    domain: "" is ai.onnx.
    since_version: of the op's definition.
    provider: which execution provider it was given to.
    inputs, outputs: names of values, "" where one is left out.
    implicit_inputs: what its subgraphs read from around them.
    """

    index: int
    name: str
    domain: str
    op: str
    since_version: int
    provider: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    implicit_inputs: tuple[str, ...] = ()
    attributes: tuple[OrtAttribute, ...] = ()
    path: str = ""

    @property
    def identifier(self) -> str:
        """As ONNX Runtime names an op's definition: "ai.onnx:Conv:11"."""
        return f"{self.domain or 'ai.onnx'}:{self.op}:{self.since_version}"

    def attribute(self, name: str, default: Any = None) -> Any:
        """The value of an attribute."""
        return next((a.value for a in self.attributes if a.name == name), default)


@dataclass(frozen=True)
class OrtRecord:
    """What a Runtime-style file has recorded for later: an optimization that a session with replay applies when it
    loads.

    nodes: indices of the nodes that it takes, inputs first, then the one that it is about, then outputs; None where an
        optional one is missing.
    produced: definitions of the ops that it may make ("com.microsoft:FusedConv:1").
    """

    optimizer: str
    action: str
    nodes: tuple[int | None, ...]
    num_inputs: int
    num_outputs: int
    produced: tuple[str, ...]
    path: str = ""


@dataclass(frozen=True)
class OrtGraph:
    """The main graph, or a body of an If, Loop or Scan.

    path: "" for the main graph, else "NODE.ATTRIBUTE" after the path of the graph around it and "/".
    nodes: each behind those whose outputs it takes.
    values: every value that the file describes, also those that no node uses any more.
    inputs and outputs: names.
    initializers: by name.
    """

    path: str
    nodes: tuple[OrtNode, ...]
    values: dict[str, OrtValue]
    initializers: dict[str, OrtTensor]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    records: tuple[OrtRecord, ...] = ()
    parent: str | None = None

    @cached_property
    def made(self) -> frozenset[str]:
        """Values that this graph itself is fed or computes; `values` also has those that it reads from around it."""
        return frozenset([*self.inputs, *(v for n in self.nodes for v in n.outputs)])
