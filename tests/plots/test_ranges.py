"""The ranges of activations: as numbers, as a picture of ten or of hundreds, and as SVG that explains itself."""

from __future__ import annotations

import matplotlib
import numpy as np

import tfonnx_lab as lab
from conformance.models import Model
from tfonnx_lab import samples
from tfonnx_lab.plots import ranges, ranges_svg
from tfonnx_lab.plots.ranges import Range, blocks

matplotlib.use("Agg")


def chain(length: int) -> lab.Conversion:
    """Convolutions in blocks of four; their ranges end at six, at five, nowhere near zero; the last names RELU."""
    rng = np.random.default_rng(0)
    m = Model()
    x = m.input([1, 2, 2, 4], "int8", (0.05, 3))
    for index in range(length):
        w = m.const(rng.integers(-99, 99, [4, 1, 1, 4]).astype("int8"), "int8", (0.05, 0))
        b = m.const(np.zeros(4, np.int32), "int32", (0.0025, 0))
        quant = [(6 / 255, -128), (5 / 255, -128), (0.5, 7)][index % 3]
        named = "RELU" if index == length - 1 else "NONE"
        out = m.tensor("int8", quant=quant, name=f"net/block_{index // 4}/conv_{index}/BiasAdd;folded")
        x = m.op("CONV_2D", [x, w, b], [out], padding="VALID", fused_activation_function=named)
    y = m.op("LOGISTIC", [x], [m.tensor("int8", quant=(1 / 256, -128))])
    return lab.convert(m.outputs(y).bytes(), dequantize=True, float_io=True)


def test_a_range_tells_its_mapping_and_the_decision() -> None:
    rows = ranges(chain(6))
    assert [row.op for row in rows] == ["INPUT", *["CONV_2D"] * 6, "LOGISTIC"]
    assert [(row.activation, row.decision) for row in rows] == [
        ("", ""), ("RELU6", "inferred"), ("RELU", "inferred"), ("", ""), ("RELU6", "inferred"), ("RELU", "inferred"),
        ("RELU", "named"), ("RELU", "refused"),
    ]  # fmt: skip
    assert rows[1].formula() == "0.02353 * (q + 128)" and rows[1].codes == (-128, 127)
    assert "LOGISTIC takes none" in rows[-1].text() and "codes -128 to 127" in rows[-1].text()
    assert all(row.decision in ("", "named") for row in ranges(lab.convert(samples.path("digits_int8"))))


def test_a_few_get_a_row_each_with_their_mapping() -> None:
    ax = lab.plot_ranges(chain(6))
    assert len(ax.get_yticks()) == 8 and "CONV_2D" in ax.get_yticklabels()[1].get_text()
    assert any("0 to 6 = 0.02353 * (q + 128)" in t.get_text() for t in ax.texts)
    legend = {t.get_text() for t in ax.figure.legends[0].get_texts()}
    assert legend == {"RELU inferred", "RELU considered, refused", "RELU named by the file", "RELU6 inferred", "six"}
    assert lab.plot_ranges(chain(3), ax=matplotlib.pyplot.figure().subplots()).get_title(loc="left")


def test_many_stand_side_by_side_under_their_blocks() -> None:
    ax = lab.plot_ranges(chain(48))
    assert len(ax.patches) >= 50 and ax.get_yscale() == "symlog"
    assert {"block_0", "block_5", "block_11"} <= {t.get_text() for t in ax.texts}


def test_blocks_are_told_by_names() -> None:
    names = ["a-lite0/blocks_1/x/Conv", "a-lite0/blocks_1/y/Conv", "a-lite0/stem/z", "N/Conv2d_3/q;b", "head"]
    rows = [Range(n, "", 0, 1, 1, 0, (0, 255)) for n in names]
    assert blocks(rows) == [("blocks_1", 0, 2), ("stem", 2, 3), ("Conv2d_3", 3, 4), ("", 4, 5)]


def test_the_svg_explains_each_bar_and_takes_the_page_s_colour() -> None:
    svg = ranges_svg(chain(6))
    assert svg.count("<title>") == 8 + 6
    assert "RELU6 inferred: 0..6, step 0.0235: RELU6 after CONV_2D" in svg and "LOGISTIC takes none" in svg
    assert "var(--jp-ui-font-color1" in svg and "#010203" not in svg and "#000000" not in svg


def test_a_name_is_no_formula() -> None:
    names = ["$\\frac{", "a$x^{b$", "\\$", "cost_in_$"]
    model, quant = Model(), (0.1, -128)
    x = model.input([1, 4], "int8", quant, name=names[0])
    for name in names[1:]:
        x = model.op("RELU", [x], [model.tensor("int8", [1, 4], quant, name=name)])
    result = lab.convert(model.outputs(x).bytes())
    result.name = "$\\frac{$.tflite"
    ax = lab.plot_ranges(result)
    ax.figure.canvas.draw()
    assert any("cost_in_$" in label.get_text().replace("\\$", "$") for label in ax.get_yticklabels())
    parity = lab.compare(result)
    parity.name = result.name
    plot = parity.plot()
    plot.figure.canvas.draw()
    assert plot.get_title().startswith("\\$\\frac{\\$.tflite")
