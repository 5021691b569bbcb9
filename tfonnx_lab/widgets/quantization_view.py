"""Quantization: what does this integer mean, and who computes with it?"""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from typing import Any

import ipywidgets
import numpy as np

from tfonnx_lab.conversion import Conversion
from tfonnx_lab.widgets._lifetime import close_all
from tfonnx_lab.widgets.explorer import QuantizationExplorer


class QuantizationView(ipywidgets.VBox):
    """The explorer of one tensor above the ranges of all of them (`plot_ranges`).

    result: a conversion of a quantized model; of a float model it says so. inputs: what the activations are made of.
    """

    def __init__(self, result: Conversion, inputs: Sequence[np.ndarray] | None = None, **traits: Any) -> None:
        try:
            self.explorer: QuantizationExplorer | None = QuantizationExplorer(result, inputs)
        except ValueError as error:
            self.explorer = None
            super().__init__([ipywidgets.HTML(f"<p>{html.escape(str(error))}</p>")], **traits)
            return
        super().__init__([self.explorer, ipywidgets.HTML(_ranges(result))], **traits)

    def close(self) -> None:
        """Close the explorer, too."""
        close_all(self)
        super().close()


def _ranges(result: Conversion) -> str:
    """The picture of `plot_ranges` as SVG, which scrolls where it is large."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    from tfonnx_lab.plots import plot_ranges

    with mpl.rc_context({"svg.fonttype": "none"}):
        axes = plot_ranges(result)
        figure = axes.figure
        text = io.StringIO()
        figure.savefig(text, format="svg")
        plt.close(figure)
    svg = text.getvalue()
    return f'<div style="max-height:520px;overflow:auto;background:white">{svg[svg.index("<svg") :]}</div>'
