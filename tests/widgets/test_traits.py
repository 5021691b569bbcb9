"""The widgets without a browser: what they send, and what they refuse."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.trace import load_trace
from tfonnx_lab.widgets import GraphView, Stepper, trace_to_html
from tfonnx_lab.widgets.assets import netron
from widgets.synthetic import HOSTILE, Synthetic


def test_a_trace_arrives_as_its_lines() -> None:
    trace = Synthetic()
    assert gzip.decompress(Stepper(trace).trace).decode().split("\n") == list(trace.lines())


def test_traces_conversions_paths_and_lines_are_alike(tmp_path: Path) -> None:
    trace = load_trace(Synthetic().lines())
    path = tmp_path / "x.tfltrace"
    trace.save(path)

    class Conversion:
        pass

    conversion = Conversion()
    conversion.trace = trace  # type: ignore[attr-defined]
    packed = {
        gzip.decompress(Stepper(source).trace).rstrip()
        for source in (trace, conversion, path, str(path), trace.lines())
    }
    assert len(packed) == 1


@pytest.mark.parametrize("source", [3, 0.5, None])
def test_what_is_no_trace_is_refused(source: object) -> None:
    with pytest.raises(TypeError, match="expected a Trace"):
        Stepper(source)


def test_bytes_that_are_no_model_are_refused() -> None:
    with pytest.raises(ConversionError, match="<bytes>"):
        Stepper(b"bytes")


def test_a_file_that_is_no_trace_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.tfltrace"
    path.write_text("not a trace")
    with pytest.raises(ValueError, match="not a trace"):
        Stepper(path)


def test_netron_follows_the_stepper_and_selects_with_it() -> None:
    stepper = Stepper(Synthetic())
    view = stepper.netron()
    stepper.index = 3
    assert view.index == 3
    view.selected = 1001
    assert stepper.selected == 1001


def test_netron_is_sent_when_it_is_asked_for() -> None:
    stepper = Stepper(Synthetic())
    sent: list[object] = []
    stepper.send = lambda content, buffers=None: sent.append((content, buffers))
    stepper._handle_custom_msg({"want": "netron"}, [])
    stepper._handle_custom_msg({"want": "else"}, [])
    assert sent == [({"asset": "netron"}, [netron()])]


def test_a_model_goes_as_bytes() -> None:
    view = GraphView(b"\x1c\x00\x00\x00TFL3rest")
    assert view.name == "model.tflite"
    assert view.model_bytes.endswith(b"rest")
    assert view.trace == b""


def test_the_page_holds_all_it_needs() -> None:
    page = trace_to_html(Synthetic(hostile=True))
    assert HOSTILE not in page
    assert "<img" not in page.partition("<script")[0]
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xhtml", "")
    assert page.count("</script>") == 3


def test_a_widget_has_a_text_form() -> None:
    assert (
        Stepper(Synthetic())
        ._repr_mimebundle_()[0]["text/plain"]
        .startswith("Stepper(synthetic.tflite: 12 steps)\nstage")
    )
    assert GraphView(b"x", name="m.onnx")._repr_mimebundle_()[0]["text/plain"] == "GraphView(m.onnx)"


def test_viewing_needs_no_converter() -> None:
    heavy = {"tensorflow", "ai_edge_litert", "onnxruntime", "flatbuffers"}
    code = f"import sys; sys.modules.update(dict.fromkeys({heavy!r})); from tfonnx_lab.widgets import Stepper"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_graphs_have_a_table_without_a_front_end() -> None:
    import tfonnx_lab as lab
    from tfonnx_lab import samples

    result = lab.convert(samples.path("digits_int8"))
    last = len(result.trace) - 1
    assert (
        f"after step {last + 1} of" in (after := GraphView(result, index=last).html() or "")
        and "QuantizeLinear" in after
    )
    for source in (samples.path("digits_int8"), result.model):
        page = GraphView(source).html() or ""
        assert "<table>" in page and "INT8 [1, 8, 8, 1]" in page
    assert "DEPTHWISE_CONV_2D" in lab.NetronPair(result).html()
    assert GraphView(b"no model", name="m.onnx").html() is None
    assert "<img" not in (GraphView(Synthetic(hostile=True)).html() or "")


def test_a_trace_of_a_model_that_keeps_state_has_a_summary() -> None:
    import tfonnx_lab as lab
    from conformance.models import Model
    from tfonnx_lab.trace.summary import summary_of

    model = Model()
    x = model.input([2], "float32")
    handle = model.op("VAR_HANDLE", [], [model.tensor("resource", [])], shared_name="v", container="")
    init = model.subgraph("init")
    inner = init.op("VAR_HANDLE", [], [init.tensor("resource", [])], shared_name="v", container="")
    init.op("ASSIGN_VARIABLE", [inner, init.const(np.zeros(2, np.float32))], [])
    model.op("CALL_ONCE", [], [], init_subgraph_index=init)
    y = model.op("READ_VARIABLE", [handle], [model.tensor("float32", [2])])
    z = model.op("ADD", [x, y], [model.tensor("float32", [2])], fused_activation_function="NONE")
    model.op("ASSIGN_VARIABLE", [handle, z], [])
    brief = summary_of(lab.convert(model.outputs(z).bytes()).trace)
    assert all(value in brief.values for node in brief.nodes.values() for value in node["in"] if value is not None)
