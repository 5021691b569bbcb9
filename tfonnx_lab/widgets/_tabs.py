"""The tabs of the lab of a conversion: what is built of each when it is opened first."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.runtime import runtime_report, runtime_trace
from tfonnx_lab.trace.summary import summary_of
from tfonnx_lab.widgets._facts import Facts
from tfonnx_lab.widgets._host import Host
from tfonnx_lab.widgets._parts import Handlers, Steps
from tfonnx_lab.widgets.layers_view import LayersView
from tfonnx_lab.widgets.mobile_view import MobileView
from tfonnx_lab.widgets.netron_pair import NetronPair
from tfonnx_lab.widgets.optimizer_view import OptimizerView
from tfonnx_lab.widgets.overview_view import OverviewView
from tfonnx_lab.widgets.parity_view import ParityView
from tfonnx_lab.widgets.quantization_view import QuantizationView
from tfonnx_lab.widgets.rewriter_view import RewriterView
from tfonnx_lab.widgets.runtime_view import RuntimeView
from tfonnx_lab.widgets.stepper import marks_of

TABS = (
    "Overview",
    "Layers",
    "Steps",
    "Source",
    "Rewriters",
    "Handlers",
    "Optimizers",
    "ONNX Runtime",
    "Quantization",
    "Parity",
    "Mobile",
)
_LONG = 6000
"""Steps beyond which the fourth stage is added only when the tab of ONNX Runtime is opened."""
_SOON = 0.4
"""Seconds after which the steps get their fourth stage: the first three are in sight by then."""


class Tabs(Host):
    """A host whose parts are the views of one conversion, and what one of them tells the others."""

    result: Conversion
    inputs: Sequence[np.ndarray] | None
    view_height: str
    _views: dict[str, Any]
    _facts: Facts

    if TYPE_CHECKING:
        tabs: Any

        def view(self, name: str) -> Any:
            """The view of a tab."""

        def show_tab(self, name: str) -> None:
            """Bring a tab to the front."""

        def compare(self) -> Any:
            """Run LiteRT and ONNX Runtime on the same inputs."""

        def _title(self) -> None: ...

        def _tell(self) -> None: ...

    def _build(self) -> dict[str, Callable[[], Any]]:
        height: dict[str, Any] = {"height": self.view_height}
        return {
            "Overview": lambda: self._overview(**height),
            "Layers": lambda: LayersView(self.result, self.inputs, **height),
            "Steps": lambda: self._steps(**height),
            "Source": lambda: NetronPair(self.result, **height),
            "Rewriters": lambda: RewriterView(self.result, **height),
            "Handlers": lambda: Handlers(self, **height),
            "Optimizers": lambda: OptimizerView(self.result, **height),
            "ONNX Runtime": lambda: self._runtime(**height),
            "Quantization": lambda: QuantizationView(self.result, self.inputs),
            "Parity": self._parity,
            "Mobile": lambda: self._mobile(MobileView(self.result, **height)),
        }

    def _overview(self, **height: Any) -> OverviewView:
        made = OverviewView(self.result, self.show_tab, self.compare, **height)
        if self._compared() is not None:
            made.judge(self._compared())
        return made

    def _steps(self, **height: Any) -> Steps:
        """Three stages at once, the fourth a little later: ONNX Runtime takes a while to load a model."""
        steps = Steps(self.result.trace, self._facts.origin, marks=marks_of(self.result), **height)
        if len(self.result.trace) > _LONG:
            return steps
        with contextlib.suppress(RuntimeError):  # no event loop: a script or a test, where nobody waits for a picture
            asyncio.get_running_loop().call_later(_SOON, self._fourth, steps)
            return steps
        self._fourth(steps)
        return steps

    def _fourth(self, steps: Steps) -> None:
        """Add ONNX Runtime's stage, where it can load the model."""
        if self.result.failures or steps.comm is None:
            return
        with contextlib.suppress(Exception):  # ONNX Runtime's errors share no base class; its own tab tells them
            trace = runtime_trace(self.result.trace, runtime_report(self.result.model, self.result.options.target))
            self._facts = Facts(self._facts.brief, summary_of(trace))
            self._facts.parity = self._compared()
            steps.replace(trace, self._facts.origin)
            self._title()

    def _runtime(self, **height: Any) -> RuntimeView:
        made = RuntimeView(self.result, **height)
        steps = self._views.get("Steps")
        if steps is not None and len(self.result.trace) > _LONG:
            self._fourth(steps)
        return made

    def _parity(self) -> ParityView:
        made = self._made_parity()
        if "Handlers" in self.tabs:
            self.view("Handlers").show(made.parity)
        self._facts.parity = made.parity
        if "Overview" in self._views:
            self._views["Overview"].judge(made.parity)
        self._tell()
        return made

    def _mobile(self, made: MobileView) -> MobileView:
        """What it answers is in the overview, too."""

        def tell(change: Any) -> None:
            if "Overview" in self._views:
                self._views["Overview"].tell_phone(change["new"])

        made.observe(tell, "brief")
        return made

    def _made_parity(self) -> ParityView:
        return ParityView(self.result, self.inputs, height=self.view_height)

    def _compared(self) -> Any:
        return self._views["Parity"].parity if "Parity" in self._views else None
