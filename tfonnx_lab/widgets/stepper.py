"""The stepper: what happened, one step at a time."""

from __future__ import annotations

from typing import Any

import traitlets

from tfonnx_lab.trace import touched
from tfonnx_lab.widgets._source import TraceLike, packed, with_trace
from tfonnx_lab.widgets._watching import watch
from tfonnx_lab.widgets.assets import FrontEnd
from tfonnx_lab.widgets.graph_view import GraphView
from tfonnx_lab.widgets.page import RULES, rules, summary
from tfonnx_lab.widgets.view import as_html, as_text


class Stepper(FrontEnd):
    """Walks through a trace: the graph before and after each step, the rule, what it matched, where it came from.

    trace: a Trace, a Conversion, the path of a `.tfltrace` file, or what `convert` takes.
    index: the step that is shown, from 0.
    selected: the id (docs/trace.md) of the node that was clicked.
    height: of the widget, in CSS units.
    The steps are replayed in the browser: Python is asked for nothing while a reader walks.
    layers: the steps of each layer of the model, to walk through one layer alone.
    marks: the steps that a retry made "new" or "changed"; given a Conversion, it shows the new one after a retry.
    """

    FRONT = "stepper"

    trace = traitlets.Bytes().tag(sync=True)
    index = traitlets.Int(0).tag(sync=True)
    selected = traitlets.Int(None, allow_none=True).tag(sync=True)
    marks = traitlets.Dict().tag(sync=True)
    layers = traitlets.Dict().tag(sync=True)
    height = traitlets.Unicode("640px").tag(sync=True)

    def __init__(self, trace: TraceLike, index: int = 0, height: str = "640px", **traits: Any) -> None:
        trace = with_trace(trace)
        data = packed(trace)
        traits = {"marks": marks_of(trace), "layers": steps_of_layers(trace), **traits}
        super().__init__(trace=data, index=index, height=height, **traits)
        watch(trace, self)

    def replaced(self, result: Any) -> None:
        """Show another conversion of the same model, at the first step that changed."""
        if self.comm is None:
            return
        watch(result, self)
        with self.hold_sync():
            self.trace, self.marks, self.layers = packed(result), marks_of(result), steps_of_layers(result)
            self.index = min((int(i) for i in self.marks), default=min(self.index, len(result.trace) - 1))

    def netron(self, **traits: Any) -> GraphView:
        """A view of the whole graph in Netron that follows this stepper; a click in one selects in the other."""
        view = GraphView(self.trace, index=self.index, **traits)
        traitlets.link((self, "index"), (view, "index"))
        traitlets.link((self, "selected"), (view, "selected"))
        return view

    def text(self) -> str:
        """The rules that were applied, for places that show no widgets."""
        return as_text(f"Stepper({summary(self.trace)})", RULES, rules(self.trace))

    def html(self) -> str:
        """The same as HTML; `trace.to_html()` is the page that steps without a kernel."""
        return as_html(summary(self.trace), RULES, rules(self.trace))


def marks_of(source: Any) -> dict[str, str]:
    """Step => "new" or "changed", where the source is a conversion that a retry made."""
    changes = getattr(source, "changes", None)
    return {} if changes is None else {str(i): mark for i, mark in changes.marks.items()}


def steps_of_layers(source: Any) -> dict[str, list[int]]:
    """Path of a layer => the steps that changed what it became, where the source is a conversion that knows layers;
    a step within an inner layer belongs to those around it, too."""
    known = getattr(source, "layers", None)
    if not known:
        return {}
    found: dict[str, list[int]] = {row.path: [] for row in known}
    for index, ops in enumerate(touched(source.trace)):
        for path in known.around(ops):
            found.setdefault(path, []).append(index)
    return {path: steps for path, steps in found.items() if steps}
