"""A file of the ORT format: what it holds as tables, and its graph in Netron."""

from __future__ import annotations

from typing import Any

import ipywidgets

from tfonnx_lab.mobile.ort_file import read_ort
from tfonnx_lab.widgets._lifetime import close_all, displayed
from tfonnx_lab.widgets.assets import with_forms
from tfonnx_lab.widgets.graph_view import GraphView


class OrtView(ipywidgets.VBox):
    """Nodes with their kernels, types, constants, and what a Runtime-style file recorded; the graph in Netron above.

    source: the path or bytes of an .ort file. model: what it holds (an `OrtModel`). Raises ConversionError where it
    cannot be read.
    """

    def __init__(self, source: Any, height: str = "640px", **traits: Any) -> None:
        self.model = read_ort(source)
        self.graph = GraphView(source, height=height)
        table = ipywidgets.HTML(self.model.to_html())
        super().__init__([self.graph, table], **traits)

    def text(self) -> str:
        """The same as text."""
        return f"OrtView: {self.model}"

    def html(self) -> str:
        """The same as HTML."""
        return self.model.to_html()

    def close(self) -> None:
        """Close it with all that is in it."""
        close_all(self)
        super().close()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        displayed(self)
        return with_forms(self, super()._repr_mimebundle_(**options))

    def __repr__(self) -> str:
        return f"OrtView({self.model.name})"
