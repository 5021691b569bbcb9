"""The lab: one widget with a tab for each stage, all of them showing the same selection."""

from __future__ import annotations

import contextlib
import html
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import traitlets

from tfonnx_lab.conversion import Conversion
from tfonnx_lab.trace import Trace
from tfonnx_lab.trace.summary import Summary
from tfonnx_lab.widgets._handlers import ops
from tfonnx_lab.widgets._lifetime import close_all, displayed
from tfonnx_lab.widgets.handler_view import HandlerView
from tfonnx_lab.widgets.netron_pair import NetronPair
from tfonnx_lab.widgets.optimizer_view import OptimizerView
from tfonnx_lab.widgets.parity_view import ParityView
from tfonnx_lab.widgets.quantization_view import QuantizationView
from tfonnx_lab.widgets.rewriter_view import RewriterView
from tfonnx_lab.widgets.runtime_view import RuntimeView
from tfonnx_lab.widgets.stepper import Stepper

TABS = ("Handlers", "Steps", "Source", "Rewriters", "Optimizers", "ONNX Runtime", "Quantization", "Parity")


class Lab(ipywidgets.VBox):
    """Everything there is to see of one conversion, a tab a stage, linked by one selection.

    model: a Conversion, or what `convert` takes (a path, bytes, a Keras model); then options are those of `convert`, and ops
    that fail are kept to be looked at. inputs: what parity and the quantization view run on (default: random ones).
    selection: the number of the selected TFLite op. index: the step, from 0. result: the conversion that is shown; `retry()`
    makes a new one. A tab is built when it is opened first.
    """

    selection = traitlets.Int(None, allow_none=True)
    index = traitlets.Int(0)

    def __init__(
        self, model: Any, inputs: Sequence[np.ndarray] | None = None, *, height: str = "640px", **options: Any
    ) -> None:
        if isinstance(model, Conversion):
            self.result = model
        else:
            from tfonnx_lab.pipeline import convert

            self.result = convert(model, **{"on_error": "keep", **options})
        self.inputs = inputs
        self.view_height = height
        self._views: dict[str, Any] = {}
        self._about = ipywidgets.HTML()
        self._moment = ipywidgets.HTML("<p>one moment, this is computed when it is looked at ...</p>")
        self._tabs = ipywidgets.Tab([ipywidgets.VBox() for _ in TABS], titles=TABS)
        super().__init__([self._about, self._tabs])
        self._read()
        self._tabs.observe(self._opened, "selected_index")
        self.observe(self._tell, ["selection", "index"])
        self._opened()

    def _read(self) -> None:
        self._brief = Summary(self.result.trace)
        self._ops = ops(self._brief)
        self._tell()

    def view(self, name: str) -> Any:
        """The view of a tab, built and linked if it was not yet; `lab.view("Parity")`. Raises KeyError for another name."""
        if name not in self._views:
            made = self._build()[name]()
            for trait in ("selection", "index"):
                if made.has_trait(trait):
                    _link(self, made, trait)
            self._views[name] = made
        return self._views[name]

    def _build(self) -> dict[str, Callable[[], Any]]:
        height: dict[str, Any] = {"height": self.view_height}
        return {
            "Handlers": lambda: _Reporting(self, **height),
            "Steps": lambda: self._steps(**height),
            "Source": lambda: NetronPair(self.result, **height),
            "Rewriters": lambda: RewriterView(self.result, **height),
            "Optimizers": lambda: OptimizerView(self.result, **height),
            "ONNX Runtime": lambda: RuntimeView(self.result, **height),
            "Quantization": lambda: QuantizationView(self.result, self.inputs),
            "Parity": self._parity,
        }

    def _steps(self, **height: Any) -> _Steps:
        """All four stages; the first three where ONNX Runtime cannot load the model."""
        trace = self.result.trace
        if not self.result.failures:
            with contextlib.suppress(Exception):  # ONNX Runtime's errors share no base class; its own tab tells them
                trace = self.result.runtime_trace()
        self._brief = Summary(trace)
        return _Steps(trace, self._brief, **height)

    def _parity(self) -> ParityView:
        made = ParityView(self.result, self.inputs, height=self.view_height)
        self.view("Handlers").show(made.parity)
        return made

    def retry(self) -> Conversion:
        """Convert again with the handlers that are registered now; every tab shows the new conversion."""
        return self.view("Handlers").retry()

    def replaced(self, result: Conversion) -> None:
        """Show another conversion of the same model: what was built of the old one is closed and built again."""
        self.result = result
        for name in [n for n in self._views if n != "Handlers"]:
            _close(self._views.pop(name))
        self._read()
        self._opened()

    def _opened(self, change: Any = None) -> None:
        """Build the tab that is in sight, with a word while that takes a moment."""
        for position, box in enumerate(self._tabs.children):
            name = TABS[position]
            if position == self._tabs.selected_index:
                if name not in self._views:
                    box.children = (self._moment,)
                try:
                    view = self.view(name)
                    box.children = (view.widget if hasattr(view, "widget") else view,)
                except Exception as error:  # LiteRT or ONNX Runtime may not run the model; the other tabs still do
                    box.children = (ipywidgets.HTML(f"<p>{html.escape(f'{type(error).__name__}: {error}')}</p>"),)
            elif name not in self._views:
                box.children = ()

    def _tell(self, change: Any = None) -> None:
        """One line on the selection."""
        node = self._ops.get(self.selection) if self.selection is not None else None
        about = repr(self.result).split(": ", 1)[-1][:-1]
        parts = [f"<b>{html.escape(Path(self.result.name).name)}</b>", html.escape(about)]
        if node is not None:
            name = html.escape(node["name"].split(";")[0][-60:])
            parts.append(f"selected: op {self.selection} <b>{html.escape(node['op'])}</b> {name}")
        if self._brief.steps:
            step = self._brief.steps[min(self.index, len(self._brief.steps) - 1)]
            parts.append(f"step {step.i + 1}: {html.escape(step.rule.get('name', 'no handler'))}")
        self._about.value = " &nbsp;|&nbsp; ".join(parts)

    def close(self) -> None:
        """Close every widget in it."""
        for view in self._views.values():
            _close(view)
        self._views = {}
        for part in (self._moment, self):
            close_all(part)
        self._moment.close()
        super().close()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        displayed(self)
        return super()._repr_mimebundle_(**options)

    def __repr__(self) -> str:
        return f"Lab({self.result!r})"


class _Reporting(HandlerView):
    """The handlers' tab: a retry there is one of the whole lab."""

    def __init__(self, lab: Lab, **traits: Any) -> None:
        super().__init__(lab.result, **traits)
        self._lab = lab

    def retry(self) -> Conversion:
        result = super().retry()
        self._lab.replaced(result)
        return result


class _Steps(Stepper):
    """The stepper with the selection of the lab: a node stands for the TFLite op that it came from."""

    selection = traitlets.Int(None, allow_none=True)

    def __init__(self, trace: Trace, brief: Summary, **traits: Any) -> None:
        super().__init__(trace, **traits)
        self._brief = brief

    @traitlets.observe("selected")
    def _picked(self, change: Any) -> None:
        node = self._brief.nodes.get(self.selected) if self.selected is not None else None
        if node is not None and node["origin"]:
            self.selection = int(node["origin"][0])


def _link(lab: Lab, view: Any, trait: str) -> None:
    """Both ways, but a view that knows of no step takes none from the lab's first one."""
    value = getattr(lab, trait)
    if value is not None:
        setattr(view, trait, value)

    def to_lab(change: Any) -> None:
        if change["new"] is not None:
            setattr(lab, trait, change["new"])

    def to_view(change: Any) -> None:
        setattr(view, trait, change["new"])

    view.observe(to_lab, trait)
    lab.observe(to_view, trait)
    view._unlink = [*getattr(view, "_unlink", []), lambda: lab.unobserve(to_view, trait)]


def _close(view: Any) -> None:
    for undo in getattr(view, "_unlink", []):
        undo()
    close_all(view)
    view.close()
