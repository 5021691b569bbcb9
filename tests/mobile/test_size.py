"""Sizes: the sums predict libraries that were really linked; what a build keeps is what ONNX Runtime's script keeps."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from mobile import models
from mobile.test_config_algebra import a_config
from tfonnx_lab import samples
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile.config import ALL, KernelConfig
from tfonnx_lab.mobile.kept import kept, words_of
from tfonnx_lab.mobile.model import Mobile
from tfonnx_lab.mobile.size import size
from tfonnx_lab.mobile.size_answer import ERROR
from tfonnx_lab.mobile.size_sum import Adding
from tfonnx_lab.mobile.size_table import links, size_table

EXAMPLE = "ai.onnx;11;AveragePool,Conv,Reshape,Shape,Softmax,Squeeze,Transpose\ncom.microsoft;1;FusedConv\n"
FACE = (
    "ai.onnx;11;Conv\nai.onnx;12;MaxPool\nai.onnx;13;Concat,Transpose\nai.onnx;14;Reshape\nai.onnx;18;Pad\n"
    "com.microsoft;1;FusedConv\n"
)
MOBILENET = "ai.onnx;10;QLinearConv\nai.onnx;14;Reshape\ncom.microsoft;1;QLinearAveragePool,QLinearSoftmax\n"
FLOAT = "!globally_allowed_types;float\n"
LINKED = {
    "no kernels": "",
    "example config (AveragePool, Conv, Reshape, Shape, Softmax, Squeeze, Transpose at opset 11) + FusedConv": EXAMPLE,
    "example config + FusedConv, types float only": FLOAT + EXAMPLE,
    "mobilenet_v1 uint8 as converted (Reshape, QLinearConv, QLinearAveragePool, QLinearSoftmax)": MOBILENET,
    "face_detection_short (Conv, MaxPool, Concat, Transpose, Reshape, Pad, FusedConv)": FACE,
    "face_detection_short, types float only": FLOAT + FACE,
}


def predicted(text: str) -> int:
    return size(KernelConfig.parse(text)).total


@pytest.mark.parametrize("name", LINKED)
def test_the_sum_predicts_the_linked_library(name: str) -> None:
    assert predicted(LINKED[name]) == pytest.approx(links()[name]["file"], rel=0.025)


def test_the_error_that_is_told_is_the_one_that_was_seen() -> None:
    off = {name: links()[name]["file"] / predicted(text) - 1 for name, text in LINKED.items() if text}
    assert set(off) | {"no kernels"} == set(links())
    assert (
        f"{min(off.values()):+.1%}".replace("%", "") in ERROR and f"{max(off.values()):+.1%}".replace("%", "") in ERROR
    )


def test_the_page_shows_the_libraries_and_the_sums() -> None:
    """docs/mobile.md, The size: a row a library, in the order of LINKED."""
    page = (Path(__file__).parents[2] / "docs" / "mobile.md").read_text("utf-8").split("## The size")[1]
    rows = [line.split(" | ")[-3:] for line in page.splitlines() if line.startswith("| ")][1:7]
    for (name, text), (library, total, off) in zip(LINKED.items(), rows, strict=True):
        file, found = links()[name]["file"], predicted(text)
        assert (library, total) == (f"{file:,}", f"{found:,}")
        assert off.strip(" |") == f"{100 * (file / found - 1):+.1f} %"


def test_what_types_save_is_explained() -> None:
    """44 KB of 140 then; 49 of 187 here, beside 235 of matrix code; the sum: 74 with one kernel more out, else 48."""
    said = str(size(KernelConfig.parse(EXAMPLE), types=["float"]))
    for text in ("44 KB of 140 KB", "(31%)", "235 KB is matrix code", "187 KB", "26% of them", "says 74 KB", "48 KB"):
        assert text in said, text
    steps = [s.sum.total for s in size(KernelConfig.parse(EXAMPLE), types=["float"]).steps]
    assert round((steps[1] - steps[2]) / 1000) == 74
    saved = links()[next(n for n in LINKED if "example" in n)]["file"] - links()[_floats()]["file"]
    assert saved == 49_152


def _floats() -> str:
    return next(n for n, text in LINKED.items() if text == FLOAT + EXAMPLE)


def test_the_table_by_itself_predicts_code_and_data_of_the_linked_library() -> None:
    """Base of the table, not of the link: text, rodata and data of all six libraries within 2.5 %."""
    table = size_table("minsize")
    for name, text in LINKED.items():
        keep, _ = kept(KernelConfig.parse(text), table)
        found = links()[name]["sections"]
        linked = sum(found[s] for s in (".text", ".rodata", ".data.rel.ro", ".data", ".init_array"))
        assert sum(table.base) + table.total(keep) == pytest.approx(linked, rel=0.025), name


def test_steps_go_down_and_add_up() -> None:
    answer = size(KernelConfig.parse(EXAMPLE), types=["float32"])
    assert [s.name for s in answer.steps] == ["all kernels", "only these", "only these types"]
    totals = [s.sum.total for s in answer.steps]
    assert totals == sorted(totals, reverse=True) and len(set(totals)) == 3
    for step in answer.steps:
        assert step.sum.total == step.sum.base + step.sum.matrix + step.sum.kernels
    assert answer.steps[1].sum.matrix == 234_817


def test_shared_code_is_counted_once() -> None:
    """Conv and FusedConv share nearly all: each is expensive alone, neither is on top of the other."""
    answer = size(KernelConfig.parse(EXAMPLE), types=False)
    costs = {c.op: c for c in answer.costs}
    assert costs["Conv"].matrix and costs["Conv"].alone > 300_000 > 2_000 > costs["Conv"].on_top
    assert costs["Softmax"].on_top > 40_000 and not costs["Softmax"].matrix
    assert sum(c.on_top for c in answer.costs) < answer.sum.kernels + answer.sum.matrix
    for cost in answer.costs:
        config = KernelConfig.parse(EXAMPLE) - KernelConfig.parse(
            f"{cost.domain};{'11' if cost.domain == 'ai.onnx' else '1'};{cost.op}\n"
        )
        assert answer.total - size(config, types=False).total == cost.on_top, cost.op
        alone = KernelConfig.parse(f"{cost.domain};{'11' if cost.domain == 'ai.onnx' else '1'};{cost.op}\n")
        assert size(alone).total - answer.sum.base == cost.alone, cost.op


def test_operators_that_the_small_build_distorts_or_lacks_are_estimated_and_told() -> None:
    added = size(KernelConfig.parse("ai.onnx;14;Add\n"), types=False)
    assert 20_000 < added.sum.kernels < 60_000  # not the 180 KB of GCC's one table
    assert any("estimated" in note for note in added.notes)
    both = size(KernelConfig.parse("ai.onnx;14;Add,Mul\n"), types=False)
    assert both.sum.kernels < 1.6 * added.sum.kernels
    lstm = size(KernelConfig.parse("ai.onnx;14;LSTM\n"))
    assert lstm.sum.kernels > 10_000 and lstm.sum.estimated == lstm.sum.kernels


def test_types_inside_of_kernels_are_told_not_counted() -> None:
    """Cast has one registration: the small table cannot tell its types apart, the release table can."""
    cast = 'ai.onnx;13;Cast{"inputs": {"0": ["float"]}, "outputs": {"0": ["float"]}}\n'
    answer = size(KernelConfig.parse(cast))
    assert answer.total == size(KernelConfig.parse("ai.onnx;13;Cast\n")).total
    assert answer.inside > 10_000 and any("still count here" in note for note in answer.notes)
    assert not size(KernelConfig.parse("ai.onnx;13;Cast\n")).inside


def test_an_operator_that_was_not_measured_is_told() -> None:
    answer = size(KernelConfig.parse("my.domain;1;Mine\n"))
    assert "my.domain:Mine was not measured: 0 bytes here" in answer.notes


def test_exceptions_and_ml_operators_cost() -> None:
    config = KernelConfig.parse(EXAMPLE)
    assert size(config, exceptions=True).total == pytest.approx(1.423 * size(config).total, rel=1e-3)
    assert size("all", ml_ops=True).total > size("all", ml_ops=False).total + 400_000
    labels = KernelConfig.parse("ai.onnx.ml;2;LabelEncoder\n")
    assert size(labels).choice.ml_ops
    with pytest.raises(ConversionError, match="ml_ops=False"):
        size(labels, ml_ops=False)


def test_what_was_not_measured_is_said() -> None:
    assert any("not measured" in note for note in size(KernelConfig.parse(EXAMPLE), libcxx="static").notes)
    with pytest.raises(ConversionError, match="arch='x86' is not known; it is one of 'arm64'"):
        size(KernelConfig.parse(EXAMPLE), arch="x86")
    with pytest.raises(ConversionError, match="libcxx="):
        size(KernelConfig.parse(EXAMPLE), libcxx="musl")
    with pytest.raises(ConversionError, match="ops="):
        size("everything")


def test_an_extended_build_keeps_the_kernels_that_a_change_of_layout_needs() -> None:
    config = KernelConfig.parse("ai.onnx;11;Conv\n")
    plain, nnapi = size(config), size(config, providers=["nnapi"])
    assert nnapi.total > plain.total + 50_000
    assert any("nnapi: the code of execution providers was not measured" in note for note in nnapi.notes)
    assert "--use_nnapi" in nnapi.build.command("android") and "--use_nnapi" not in nnapi.build.command("ios")
    with pytest.raises(ConversionError, match="providers='cuda'"):
        size(config, providers=["cuda"])


def test_a_mobile_is_asked_for_its_size() -> None:
    mobile = Mobile(samples.path("digits_int8"))
    answer = mobile.size()
    assert answer.config == mobile.config() and answer.total == size(mobile).total == size([mobile]).total
    assert mobile.size(ops="all").total == size().total > mobile.size(types=False).total > answer.total
    assert mobile.size(types=["float", "uint8", "int8", "int64", "int32"]).config.global_types


def test_bars_are_as_wide_as_their_bytes() -> None:
    answer = size(KernelConfig.parse(EXAMPLE))
    top, down = str(answer).splitlines()[1:3]
    assert top.startswith("all kernels") and down.startswith("only these")
    assert top.count(".") - 1 == down.count(".") - 1 == round(60 * answer.sum.base / answer.steps[0].sum.total)
    assert top.count("#") > 10 * down.count("#") > 0 and top.count("=") == down.count("=") == 2
    share = 100 * answer.sum.base / answer.steps[0].sum.total
    assert f"width:{share:.2f}%" in answer._repr_html_() and f"base: {answer.sum.base:,} bytes" in answer._repr_html_()


def test_published_figures_stand_beside_and_the_difference_is_explained() -> None:
    answer = size(KernelConfig.parse(EXAMPLE))
    text = str(answer)
    for figure in ("755,000", "895,000", "851,000", "1,004,608", "1,426,496", "1,377,344"):
        assert figure in text and figure in answer._repr_html_()
    for why in ("44 KB of 140 KB", "(31%)", "49 KB", "235 KB", "26%"):
        assert why in text
    assert json.loads(json.dumps(answer.to_json()))["total"] == answer.total


def test_every_figure_says_of_which_build_it_is() -> None:
    answer = size(KernelConfig.parse(EXAMPLE))
    assert "ONNX Runtime 1.27" in str(answer) and "1.29" in str(answer) and "1.27" in answer.to_json()["build"]


def test_a_model_may_stand_for_its_config(tmp_path: Path) -> None:
    path = models.written(models.small_net(), tmp_path / "net.ort")
    assert size(path).total == size(KernelConfig.of(path)).total < size(path, types=False).total


def test_what_is_kept_is_what_the_build_script_keeps(tmp_path: Path) -> None:
    """ONNX Runtime's own parser and type filters, asked about all 2,667 registrations for configs made at random."""
    from onnxruntime.tools.reduced_build_config_parser import parse_config

    random_ = random.Random(3)
    for _ in range(25):
        config = a_config(random_)
        path = tmp_path / "ops.config"
        config.save(path)
        required, types = parse_config(str(path), True)
        for name in ("minsize", "release"):
            table = size_table(name)
            theirs = []
            for r in table.registrations:
                listed = (required or {}).get(r.domain, {})
                found = required is None or any(
                    r.op in ops and v >= r.start and (r.end is None or v <= r.end) for v, ops in listed.items()
                )
                if found and r.type is not None and types is not None:
                    found = types.is_typed_registration_needed(r.domain, r.op, r.type)
                theirs.append(found)
            mine, _ = kept(config, table)
            wrong = np.flatnonzero(mine != np.array(theirs))
            assert not len(wrong), (str(config), [table.registrations[i] for i in wrong])


def test_names_of_registrations_are_read() -> None:
    assert words_of("float_int64_t_int64_t") == ("float", "int64_t", "int64_t")
    assert words_of("string_int64") == ("std::string", "int64")
    assert words_of("Int4x2_int32_t") == ("Int4x2", "int32_t")


def test_release_figures_of_types_go_down() -> None:
    """The global lists of the measurement: all CPU kernels 8.34 MB, float alone 55 % less."""
    everything = Adding(ALL).release_kernels()
    assert everything == pytest.approx(8.34e6, rel=0.01)
    assert Adding(ALL.with_global_types(["float"])).release_kernels() < 0.6 * everything
