"""A picture or a trace alone in a cell shows itself."""

from __future__ import annotations

import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from IPython.core.formatters import DisplayFormatter

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.plots import ranges

mpl.use("Agg")


def shown(value: object) -> str:
    """The HTML that a notebook shows of a value."""
    data, _ = DisplayFormatter().format(value)
    return str(data["text/html"])


@pytest.fixture(scope="module")
def result() -> lab.Conversion:
    return lab.convert(samples.path("digits_int8"))


def test_a_trace_shows_its_rules(result: lab.Conversion) -> None:
    page = shown(result.trace)
    assert f"{len(result.trace)} steps, 0 failed" in page
    for rule in ("explicit_quantization", "conv_2d", "merge_transposes"):
        assert f"<td>{rule}</td>" in page
    assert repr(result.trace) == f"Trace(digits_int8.tflite: {len(result.trace)} steps)"


def test_a_trace_shows_what_failed() -> None:
    page = shown(lab.convert(samples.path("digits_unsupported"), on_error="keep").trace)
    assert "1 failed" in page and "LabSharpen" in page and 'class="tfr-warn"' in page


def test_ranges_show_their_picture_in_the_pages_colours(result: lab.Conversion) -> None:
    ax = lab.plot_ranges(result)
    before = len(plt.get_fignums())
    page = shown(ax)
    assert "<svg " in page and page.count("<li>") == len(ranges(result))
    assert "var(--jp-ui-font-color1" in page and "#010203" not in page and "#000000" not in page
    texts = re.findall(r'<text style="([^"]*)"', page)
    assert texts and all("fill:" in style for style in texts), "text without a colour is black in the dark, too"
    assert len(plt.get_fignums()) == before - 1, "the notebook would show it a second time"


def test_a_readers_own_style_and_axes_stay(result: lab.Conversion) -> None:
    with mpl.rc_context({"text.color": "red", "xtick.color": "red"}):
        assert lab.plot_ranges(result).title.get_color() == "red"
        plt.close()
    own = plt.figure().subplots()
    assert not hasattr(lab.plot_ranges(result, ax=own), "_repr_html_")
    plt.close()


def test_errors_show_their_picture(result: lab.Conversion) -> None:
    page = shown(lab.compare(result).plot())
    assert "<svg " in page and "var(--jp-ui-font-color1" in page and "#000000" not in page
    assert "along the graph." in page
