"""Questions: what they refuse, what they say without a front end, and that the lessons' answers are true today."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.commands.demo import notebooks
from tfonnx_lab.debug import isolate
from tfonnx_lab.litert import LiteRT
from tfonnx_lab.parity import compare
from tfonnx_lab.runtime import OnnxRuntime
from tfonnx_lab.trace import Replay

LESSONS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(samples.__file__).parent / "questions.json").read_text("utf-8")
)
ALL = [(int(lesson), number) for lesson, asked in LESSONS.items() for number in range(1, len(asked) + 1)]


def right(lesson: int, number: int) -> Any:
    return LESSONS[str(lesson)][number - 1]["right"]


@pytest.mark.parametrize(("lesson", "number"), ALL)
def test_each_question_of_the_lessons(lesson: int, number: int) -> None:
    asked = lab.Question.of_lesson(lesson, number)
    choices = asked.question.get("choices")
    if choices is None:
        assert asked.question["why"] and (asked.question["hints"] or asked.question["hint"])
        assert all(
            abs(h["number"] - asked.question["right"]) > asked.question["within"] for h in asked.question["hints"]
        )
    else:
        assert sum(choice["right"] for choice in choices) == 1 and all(choice["why"] for choice in choices)
    assert asked.text().startswith("Question: ") and "<details>" in asked.html()


def test_each_is_asked_once_and_in_its_own_notebook() -> None:
    for path in sorted(notebooks().glob("0*.ipynb")):
        lesson = int(path.name[:2])
        text = path.read_text("utf-8")
        asked = [(int(a), int(b)) for a, b in re.findall(r"Question\.of_lesson\((\d), (\d)\)", text)]
        assert asked == [one for one in ALL if one[0] == lesson], path.name


def test_what_is_refused() -> None:
    with pytest.raises(TypeError, match="no argument 'chioces'; did you mean 'choices'"):
        lab.Question("x", right=1, chioces={})
    with pytest.raises(ValueError, match="none of the choices 'b'"):
        lab.Question("x", right="a", choices={"b": ""})
    with pytest.raises(ValueError, match="is no number"):
        lab.Question("x", right="a")
    with pytest.raises(ValueError, match="is no number"):
        lab.Question("x", right=float("nan"))
    with pytest.raises(ValueError, match="are for numbers"):
        lab.Question("x", right="a", choices={"a": ""}, unit="m")
    with pytest.raises(KeyError, match="notebook 1 has 3 questions"):
        lab.Question.of_lesson(1, 9)


def test_its_page_holds_no_markup_of_a_text() -> None:
    page = lab.Question('is `<b>` "bold"?', right="</script>", choices={"</script>": "yes & no", "'": ""}).html()
    assert "<code>&lt;b&gt;</code>" in page and page.count("</script>") == 1
    assert "yes &amp; no" in page


def test_it_is_small() -> None:
    """It brings its own script and not the lab's, for there are many of them in a notebook."""
    asked = lab.Question.of_lesson(1, 1)
    assert len(asked._esm) < 20_000 and asked._code == ""


def test_transposes_of_lesson_1_and_4() -> None:
    trace = lab.convert(samples.path("digits_int8")).trace
    stages = [step.stage for step in trace]
    nodes = Replay(trace).goto(len(stages) - stages.count("optimizers")).graph()["nodes"].values()
    assert Counter(node["op"] for node in nodes)["Transpose"] == right(1, 2)
    plain = lab.convert(samples.path("digits_float"))
    first = next(step.i for step in plain.trace if step.stage == "optimizers")
    counts = [
        Counter(node["op"] for node in Replay(plain.trace).goto(at).graph()["nodes"].values())["Transpose"]
        for at in (first, len(plain.trace))
    ]
    assert counts[0] - counts[1] == right(4, 1)
    with lab.without("transpose_behind_elementwise"):
        kept = lab.convert(samples.path("digits_float"))
    made = {o for node in kept.model.graph.node for o in node.output}
    stay = [n for n in kept.model.graph.node if n.op_type == "Transpose" and n.input[0] in made]
    assert len(stay) == right(4, 2)


def test_the_output_by_hand_of_lesson_2() -> None:
    """The sum, its product with the scales, and what LiteRT and ONNX Runtime themselves return."""
    result = lab.convert(samples.path("digits_int8"))
    inputs = samples.inputs("digits_int8")
    litert = LiteRT(samples.path("digits_int8"))
    litert.run(inputs)
    codes = litert.tensors({"x": 17, "w": 5, "bias": 4, "y": 19})
    quant = {n: litert.details[i]["quantization_parameters"] for n, i in (("x", 17), ("w", 5), ("y", 19))}
    qx, qw = codes["x"][0, 2, 6].astype(int), codes["w"][21, 0, 0].astype(int)
    acc = int(((qx - quant["x"]["zero_points"][0]) * qw).sum()) + int(codes["bias"][21])
    real = acc * float(quant["x"]["scales"][0]) * float(quant["w"]["scales"][21]) / float(quant["y"]["scales"][0])
    zero = int(quant["y"]["zero_points"][0])
    assert f"The sum of one output is {acc}," in LESSONS["2"][2]["text"] and f"is {zero}." in LESSONS["2"][2]["text"]
    assert f"{real:.6f}" in LESSONS["2"][2]["why"] and round(real) + zero == right(2, 3)
    alone = isolate(result, 5, inputs)
    ort = OnnxRuntime(lab.convert(alone.data).model).run(alone.inputs)[0]
    assert ort[0, 1, 3, 21] == right(2, 3) and codes["y"][0, 1, 3, 21] == right(2, 4)
    assert np.abs(ort.astype(int) - codes["y"]).max() == 1


def test_the_kernel_of_lesson_2() -> None:
    trace = lab.convert(samples.path("digits_int8")).runtime_trace()
    step = next(step for step in trace if step.rule.get("name") == "QLinearConv" and 5 in step.origin)
    kernel = next(edit[3] for edit in step.edits if edit[0] == "insert")
    assert len(kernel["in"]) == 9 and len(kernel["in"]) - 3 == right(2, 2)
    assert abs((6 - 5.99) / (5.99 / 255) - right(2, 6)) < 0.01


def test_how_many_are_wrong_in_lesson_3() -> None:
    @lab.handler("ADD")
    def careless_add(op: Any, node: Any, a: Any, b: Any) -> Any:
        """ADD(a, b) => a + 0.98 b."""
        return op.Add(a, op.Mul(b, np.float32(0.98)))

    try:
        found = compare(lab.convert(samples.path("digits_float")), samples.inputs("digits_float")).verdict
    finally:
        lab.restore()
    assert len(found.wrong) == right(3, 3)
    assert {one.position for one in found.ops if one.status == "amplified"} and found.op == 3


def test_the_phone_of_lesson_5() -> None:
    m = lab.convert(samples.path("digits_int8")).mobile()
    assert len(m.check().model.nodes) == right(5, 1)
    assert abs(m.size().steps[-1].sum.total / 1e6 - right(5, 2)) < 0.01
    answer = lab.Mobile(samples.path("digits_float")).nnapi(level=27)
    assert len(answer.nodes) - len(answer.fallback) == right(5, 3)
