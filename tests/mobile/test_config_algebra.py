"""Union and difference: laws about what a build runs, on configs made at random; and what a build runs."""

from __future__ import annotations

import json
import random
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import onnxruntime as ort
import pytest

from mobile import models
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile import kernel_registry
from tfonnx_lab.mobile.config import ALL, KernelConfig
from tfonnx_lab.mobile.kernels import Kernels, Use, kernels
from tfonnx_lab.mobile.runs import why_not
from tfonnx_lab.mobile.type_control import type_control

OPS = [("ai.onnx", "Add", 14), ("ai.onnx", "Cast", 13), ("ai.onnx", "Gather", 13), ("ai.onnx", "Reshape", 14),
("ai.onnx", "Abs", 13),
       ("ai.onnx", "Abs", 6), ("ai.onnx", "OneHot", 11), ("com.microsoft", "QLinearAdd", 1), ("ai.onnx", "Where",
       16)]  # fmt: skip
TYPES = ["float", "double", "uint8_t", "int8_t", "std::string"]


def a_config(random_: random.Random) -> KernelConfig:
    """A config of one of the four kinds: no types, types of operators, a global list, all operators."""
    kind = random_.randrange(10)
    if kind == 0:
        return ALL.with_global_types(random_.sample(TYPES, 2)) if random_.random() < 0.5 else ALL
    picked = random_.sample(OPS, random_.randint(0, len(OPS)))
    ops: dict[tuple[str, int], set[str]] = {}
    types: dict[tuple[str, str], Any] = {}
    for domain, op, version in picked:
        ops.setdefault((domain, version), set()).add(op)
        control = type_control(domain, op)
        if control is None or kind < 4 or random_.random() < 0.3:
            continue
        if control.triple:
            types[domain, op] = {("custom", 0): frozenset({(random_.choice(TYPES), "int64_t", random_.choice(TYPES))})}
        else:
            args = random_.sample(control.args, random_.randint(1, len(control.args)))
            types[domain, op] = {a: frozenset(random_.sample(TYPES, random_.randint(1, 3))) for a in args}
    made = KernelConfig({k: frozenset(v) for k, v in ops.items()}, types)
    return made.with_global_types(random_.sample(TYPES, random_.randint(1, 3))) if kind in (2, 3) else made


def uses() -> list[Use]:
    """Nodes of all operators with all types."""
    found = []
    for domain, op, version in OPS:
        for a in TYPES:
            for b in TYPES:
                found.append(Use(domain, op, version, (a, "int64_t" if op == "OneHot" else b, b), (b,)))
    return found


USES = uses()


def runs(config: KernelConfig) -> set[int]:
    """Which of the nodes a build of the config runs."""
    return {i for i, use in enumerate(USES) if not why_not(config, use)[0]}


def test_laws() -> None:
    random_ = random.Random(11)
    for _ in range(400):
        a, b = a_config(random_), a_config(random_)
        told = f"a:\n{a}b:\n{b}"
        assert runs(a | b) >= runs(a) | runs(b), told
        assert runs((a - b) | b) >= runs(a), told
        assert runs(a | a) == runs(a), told
        assert not runs(a - a), told
        for made in (a | b, a - b):
            assert KernelConfig.parse(str(made)) == made, told


def test_union_holds_no_more_than_it_must() -> None:
    a = KernelConfig.parse('ai.onnx;13;Abs{"inputs": {"0": ["float"]}},Reshape\n')
    b = KernelConfig.parse('ai.onnx;13;Abs{"inputs": {"0": ["double"]}}\nai.onnx;14;Add\n')
    assert str(a | b) == 'ai.onnx;13;Abs{"inputs": {"0": ["double", "float"]}},Reshape\nai.onnx;14;Add\n'
    assert str(b - a) == 'ai.onnx;13;Abs{"inputs": {"0": ["double"]}}\nai.onnx;14;Add\n'
    everything = KernelConfig.parse("ai.onnx;13;Abs\n")
    assert str(a | everything) == "ai.onnx;13;Abs,Reshape\n"


def test_difference_tells_what_a_build_lacks(tmp_path: Path) -> None:
    net = KernelConfig.of(models.written(models.small_net(), tmp_path / "net.ort"))
    other = KernelConfig.of(models.written(models.many_types(), tmp_path / "other.ort"))
    assert not net - (net | other)
    assert {op for ops in (net - other).ops.values() for op in ops} == {"Conv", "Relu", "MaxPool", "Reshape", "Softmax"}


def test_a_node_that_fails_is_named_with_the_reason_and_the_line_to_add(tmp_path: Path) -> None:
    path = models.written(models.small_net(), tmp_path / "net.ort")
    answer = KernelConfig.parse(
        'ai.onnx;11;Conv\nai.onnx;13;Reshape\nai.onnx;14;Relu{"inputs": {"0": ["double"]}}\n'
    ).runs(path)
    assert not answer
    told = {f.use.op: (f.reason, f.advice) for f in answer.failures}
    assert set(told) == {"Relu", "MaxPool", "Reshape", "Softmax"}
    assert told["MaxPool"] == ("MaxPool is not in the config", "add the line ai.onnx;12;MaxPool")
    assert "for version 13, and the node is of version 14" in told["Reshape"][0] and "14 to 18" in told["Reshape"][0]
    assert told["Relu"] == ("type float (float32) of input 0 of Relu is not in its list", 'add "float" to inputs 0')
    assert [f.use.name for f in answer.failures] == ["relu", "pool", "flat", "softmax"]
    assert "4 of 5 nodes fail" in str(answer) and "flat" in answer._repr_html_()
    assert json.loads(json.dumps(answer.to_json()))["failures"][0]["name"] == "relu"


def test_a_version_keeps_every_kernel_whose_range_holds_it(tmp_path: Path) -> None:
    """Reshape's kernel of versions 14 to 18 is kept by 16, too, and runs a node of version 14."""
    path = models.written(models.small_net(), tmp_path / "net.ort")
    text = "ai.onnx;11;Conv\nai.onnx;12;MaxPool\nai.onnx;13;Softmax\nai.onnx;14;Relu\nai.onnx;16;Reshape\n"
    assert KernelConfig.parse(text).runs(path)


def test_types_that_stay_in_the_build_are_not_missing() -> None:
    """Add keeps int32 and int64, since shapes are computed with it."""
    config = KernelConfig.parse('ai.onnx;14;Add{"inputs": {"0": ["float"]}}\n')
    assert why_not(config, Use("ai.onnx", "Add", 14, ("int64_t", "int64_t"), ("int64_t",))) == ("", "")
    assert why_not(config, Use("ai.onnx", "Add", 14, ("double", "double"), ("double",)))[0]


def test_the_rule_of_versions_is_the_runtimes() -> None:
    """A kernel without an end is found by its start version only, as in VerifyKernelDef."""
    opened, closed = kernel_registry.Versions(14, None), kernel_registry.Versions(13, 18)
    assert opened.runs(14) and not opened.runs(15) and opened.kept_by(15)
    assert closed.runs(15) and closed.runs(18) and not closed.runs(19) and not closed.kept_by(12)


def test_every_op_that_a_session_finds_a_kernel_for_is_found_here(tmp_path: Path) -> None:
    """The nodes of models that load have kernels in the registry by the same rule."""
    for made in (models.small_net(), models.many_types(), models.branches(), models.strings_to_numbers()):
        uses = kernels(models.written(made, tmp_path / "m.ort")).uses
        assert uses
        for use in uses:
            ranges = kernel_registry.registered()[use.domain, use.op]
            assert any(r.runs(use.since_version) for r in ranges), use


def test_impact_of_a_change_on_45_models_is_immediate(tmp_path: Path) -> None:
    read = [
        kernels(models.written(m(), tmp_path / f"{m.__name__}.ort"))
        for m in (models.small_net, models.many_types, models.branches)
    ]
    folder = [
        Kernels(f"{i}-{k.name}", [replace(u, index=n) for n in range(30) for u in k.uses])
        for i in range(15)
        for k in read
    ]
    config = KernelConfig.of(folder)
    assert len(config.impact(folder).answers) == 45 and not config.impact(folder).broken
    less = config - KernelConfig.parse("ai.onnx;1;Conv\nai.onnx;11;Conv\n")
    start = time.perf_counter()
    answer = less.impact(folder)
    assert time.perf_counter() - start < 0.05
    assert {Path(a.name).stem for a in answer.broken} == {"small_net"}
    assert answer.size.total < config.impact(folder).size.total
    assert "30 of 45 models run" in str(answer) and json.dumps(answer.to_json()) and "small_net" in answer._repr_html_()


def test_global_types_are_words_of_either_world() -> None:
    config = KernelConfig.parse("ai.onnx;14;Add\n").with_global_types(["float16", "double", "string"])
    assert config.global_types == frozenset({"MLFloat16", "double", "std::string"})
    with pytest.raises(ConversionError, match="did you mean float"):
        config.with_global_types(["flot"])
    with pytest.raises(ConversionError, match="no such type in a global list"):
        config.with_global_types(["int4"])


def test_a_config_of_a_whole_session_runs_it(tmp_path: Path) -> None:
    """Also after all optimizations: what ONNX Runtime made of the model is what the config is asked about."""
    made: onnx.ModelProto = models.small_net()
    path = models.written(made, tmp_path / "all.ort", "ORT_ENABLE_ALL")
    ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert KernelConfig.of(path).runs(path)
    assert not KernelConfig.of(models.written(made, tmp_path / "plain.ort")).runs(path)  # FusedConv


def test_an_operator_or_its_types_are_changed() -> None:
    config = KernelConfig.parse(
        'ai.onnx;6;Abs{"inputs": {"0": ["float"]}}\nai.onnx;13;Abs{"inputs": {"0": ["float"]}},Add\n'
    )
    assert str(config.without("ai.onnx", "Abs", 6)) == 'ai.onnx;13;Abs{"inputs": {"0": ["float"]}},Add\n'
    assert str(config.without("ai.onnx", "Abs")) == "ai.onnx;13;Add\n"
    assert str(config.without("ai.onnx", "Add").with_types("ai.onnx", "Abs", None)) == "ai.onnx;6;Abs\nai.onnx;13;Abs\n"
    changed = config.with_types("ai.onnx", "Add", {("inputs", 0): ["float16"]})
    assert changed.types["ai.onnx", "Add"] == {("inputs", 0): {"MLFloat16"}}
    with pytest.raises(ConversionError, match="Reshape has no type control"):
        config.with_types("ai.onnx", "Reshape", {("inputs", 0): ["float"]})
    with pytest.raises(ConversionError, match="Add has types of input 0 only"):
        config.with_types("ai.onnx", "Add", {("inputs", 1): ["float"]})


def test_an_extended_build_keeps_more() -> None:
    config = KernelConfig.parse("ai.onnx;11;Conv\n")
    assert config.extended().versions("ai.onnx", "Identity") == (1, 13, 14, 16)
    assert config.extended() - config == KernelConfig().extended()
