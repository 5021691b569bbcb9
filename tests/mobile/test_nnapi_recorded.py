"""NNAPI's answers against those recorded of ONNX Runtime 1.29: all probes, every node and every partition of all
models."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import onnx
import pytest

from mobile.oracle import SHARED, needs_shared
from tfonnx_lab.mobile.answer import CREATED, Pass, ProviderAnswer
from tfonnx_lab.mobile.nnapi import nnapi

pytestmark = [pytest.mark.models, needs_shared]

FOLDER = SHARED / "nnapi"
SETTINGS = [(level, False) for level in range(27, 32)] + [(31, True)]
CPU_TEXT = {"Resize_chan"}
"""Probes whose session ends in the CPU's own kernel: line numbers of another release of ONNX Runtime in its text."""


@cache
def recorded(name: str) -> Any:
    return json.loads((FOLDER / name).read_text())


@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize(("level", "nchw"), SETTINGS)
def test_all_probes(level: int, nchw: bool, optimize: bool) -> None:
    """The verdict on the probed op, whether it is in a partition, and what the session says."""
    wrong = []
    assert len(recorded("probes.json")) > 250
    for probe in recorded("probes.json"):
        want = probe["nnapi_nchw_31"] if nchw else probe["nnapi"][str(level)]
        answer = nnapi(onnx.load(FOLDER / "probes" / f"{probe['name']}.onnx"), level, nchw, optimize)
        node = next(n for n in answer.nodes if n.op == probe["op"])
        if (node.supported, node.partition is not None) != (bool(want["supported"]), want["in_partition"]):
            wrong.append((probe["name"], want, node.reason))
        said = answer.session[: len(want["session"])]
        if said != want["session"] and (probe["name"] not in CPU_TEXT or answer.session == CREATED):
            wrong.append((probe["name"], want["session"], answer.session))
    assert not wrong


@pytest.mark.parametrize("name", sorted(json.loads((FOLDER / "models.json").read_text())) if SHARED.exists() else [])
def test_model(name: str) -> None:
    """Both looks at four levels, each node's verdict at 31, and the session."""
    model = onnx.load(FOLDER / "onnx" / f"{name}.onnx")
    want = recorded("models.json")[name]
    for level in (27, 28, 29, 31):
        answer = nnapi(model, level)
        found = {"first": _counts(answer), "second": answer.second and _counts(answer.second)}
        assert found == {look: want[str(level)][look] for look in found}
        said = want[str(level)]["session"].removeprefix("create: ")
        assert answer.session[: len(said)] == said
        if level == 31:
            verdicts = {(n.name, n.op): int(n.supported) for n in answer.nodes}
            logged = {(n, op): supported for n, op, supported, _ in reversed(want["nodes_31"])}
            assert logged.items() <= verdicts.items()


def _counts(look: Pass | ProviderAnswer) -> dict[str, int]:
    run = sum(len(p.nodes) for p in look.partitions)
    return {"partitions": len(look.partitions), "nodes": len(look.nodes), "supported": run}
