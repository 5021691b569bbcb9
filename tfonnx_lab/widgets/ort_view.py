"""A file of the ORT format: what it holds as tables, and its graph in Netron."""

from __future__ import annotations

from typing import Any

import traitlets

from tfonnx_lab.mobile.ort_file import read_ort
from tfonnx_lab.widgets._host import Host
from tfonnx_lab.widgets._keywords import only_traits
from tfonnx_lab.widgets.assets import FrontEnd
from tfonnx_lab.widgets.graph_view import GraphView


class OrtView(Host):
    """Nodes with their kernels, types, constants, and what a Runtime-style file recorded; the graph in Netron above.

    source: the path or bytes of an .ort file.
    model: what it holds (an `OrtModel`).
    graph: the `GraphView`.
    Raises ConversionError where it cannot be read.
    """

    FRONT = "ort"

    page = traitlets.Unicode().tag(sync=True)

    def __init__(self, source: Any, height: str = "640px", **traits: Any) -> None:
        only_traits(self, traits)
        self.model = read_ort(source)
        super().__init__(page=self.model.to_html(), **traits)
        self.graph = self.hold("graph", lambda: GraphView(source, height=height))

    def part(self, name: str) -> GraphView:
        """The graph."""
        return self.graph

    def inner(self) -> dict[str, FrontEnd]:
        """The graph."""
        return {"graph": self.graph}

    def text(self) -> str:
        """The same as text."""
        return f"OrtView: {self.model}"

    def html(self) -> str:
        """The same as HTML."""
        return self.model.to_html()

    def __repr__(self) -> str:
        return f"OrtView({self.model.name})"
