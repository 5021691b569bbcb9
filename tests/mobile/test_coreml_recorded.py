"""CoreML's answers against those recorded of ONNX Runtime 1.27: all probes, every node and every partition of all
models."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import onnx
import pytest

import tfonnx_lab as lab
from tfonnx_lab.mobile.answer import CREATED

pytestmark = pytest.mark.models

SHARED = Path(__file__).parents[3] / "shared" / "mobile"
SETTINGS = [(form, version) for form in ("NeuralNetwork", "MLProgram") for version in (5, 7)]


@cache
def recorded(name: str) -> Any:
    return json.loads((SHARED / "coreml" / name).read_text())


@cache
def probed(name: str) -> lab.Mobile:
    return lab.Mobile(onnx.load(SHARED / "nnapi" / "probes" / f"{name}.onnx"))


@pytest.mark.parametrize(("form", "version"), SETTINGS)
def test_all_probes(form: Any, version: int) -> None:
    """The verdict on the first node of each, and whether anything runs."""
    wrong, asked = [], 0
    for probe in recorded("probes.json"):
        want = probe["coreml"].get(f"{form}_CoreML{version}")
        answer = probed(probe["name"]).coreml(form, version)
        if want is None:  # its check died in one format, so nothing was recorded
            assert answer.session != CREATED or form == "NeuralNetwork"
            continue
        asked += 1
        if (answer.nodes[0].supported, bool(answer.partitions)) != (bool(want["supported"]), want["in_partition"]):
            wrong.append((probe["name"], want, answer.nodes[0].reason))
    assert not wrong
    assert asked >= 280


@pytest.mark.parametrize(
    "name", sorted(json.loads((SHARED / "coreml" / "models.json").read_text())) if SHARED.exists() else []
)
def test_model(name: str) -> None:
    """Each node's verdict; how many partitions; how many nodes in them."""
    mobile = lab.Mobile(SHARED / "nnapi" / "onnx" / f"{name}.onnx")
    for form, version in SETTINGS:
        want = recorded("models.json")[name][f"{form}_CoreML{version}"]
        answer = mobile.coreml(form, version)  # type: ignore[arg-type]
        nodes = Counter((n.name, n.op, int(n.supported)) for n in answer.nodes)
        assert nodes == Counter((n, op, supported) for n, op, supported, _ in want["nodes"])
        run = sum(len(p.nodes) for p in answer.partitions)
        assert {"partitions": len(answer.partitions), "supported": run, "nodes": len(answer.nodes)} == want["summary"]


def test_reasons_name_what_the_log_names() -> None:
    """Where the log quotes a number of ranks or inputs, the reason holds the same number."""
    quoted = 0
    for probe in recorded("probes.json"):
        for form, version in SETTINGS:
            log = (probe["coreml"].get(f"{form}_CoreML{version}") or {}).get("reason") or ""
            reason = probed(probe["name"]).coreml(form, version).nodes[0].reason  # type: ignore[arg-type]
            for pattern in ("actual dim count {}", "input is {}d shape", "it has {} dimensions", "Got: {}D"):
                for rank in range(7):
                    if log.endswith(pattern.format(rank)):
                        quoted += 1
                        assert f"rank {rank}" in reason
    assert quoted > 20
