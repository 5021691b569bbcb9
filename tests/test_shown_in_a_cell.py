"""Every result alone in a cell shows something worth seeing: HTML of its own, in the colours of the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples

RESULTS: dict[str, tuple[Callable[[lab.Conversion], Any], str]] = {
    "result": (lambda r: r, "digits_int8.tflite"),
    "trace": (lambda r: r.trace, "explicit_quantization"),
    "a_step": (lambda r: r.trace[0], "step 1 of 100, rewriters; lab.Stepper(trace, index=0) shows it"),
    "signature": (lambda r: r.signature, "<td>input</td><td>image</td>"),
    "options": (lambda r: r.options, "options: opset set, the others as they are by default"),
    "layers": (lambda r: r.layers, "layers"),
    "runtime": (lambda r: r.runtime(), "QLinearConv"),
    "report": (lambda r: lab.report(r), "LiteRT"),
    "compare": (lambda r: lab.compare(r), "CONV_2D"),
    "verdict": (lambda r: lab.compare(r).verdict, "no op is wrong by itself"),
    "ops": (lambda r: lab.compare_ops(r), "CONV_2D"),
    "codes": (lambda r: lab.compare_codes(r), "codes"),
    "mobile": (lambda r: r.mobile(), "m.nnapi()"),
    "nnapi": (lambda r: r.mobile().nnapi(), "nodes"),
    "kernels": (lambda r: r.mobile().kernels, "kernels"),
    "size": (lambda r: r.mobile().size(), "bytes"),
    "ranges": (lambda r: lab.plot_ranges(r), "<svg"),
    "errors": (lambda r: lab.compare(r).plot(), "<svg"),
}


@pytest.fixture(scope="module")
def result() -> lab.Conversion:
    return lab.convert(samples.path("digits_int8"), opset=17)


@pytest.mark.parametrize("kind", RESULTS)
def test_it_shows_itself(result: lab.Conversion, kind: str) -> None:
    make, told = RESULTS[kind]
    page = make(result)._repr_html_()
    assert told in page and "object at 0x" not in page, page[-3000:]


def test_what_is_shown_is_text(result: lab.Conversion) -> None:
    """Names of a model, of a rule and what a verdict says are never HTML."""
    from dataclasses import replace

    from tfonnx_lab.parity.verdict import Verdict

    bad = "<img src=x onerror=alert(1)>"
    signature = replace(result.signature, key=bad, inputs=(replace(result.signature.inputs[0], name=bad),))
    step = replace(result.trace[0], note=bad, rule={"name": bad})
    for shown in (signature, step, Verdict(False, 1, bad), replace(result.options, signature=bad)):
        assert "<img" not in shown._repr_html_() and "&lt;img" in shown._repr_html_()
