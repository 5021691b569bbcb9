"""XNNPACK's answers against the kernels that the real provider placed (xnnpack_1_29.json tells how they were
recorded)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
import pytest

from mobile.test_xnnpack import chain, quantized
from tfonnx_lab.mobile.answer import CREATED, ProviderAnswer
from tfonnx_lab.mobile.xnnpack import xnnpack
from tfonnx_lab.mobile.xnnpack.table import BY_OP

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "xnnpack_1_29.json").read_text())
SHARED = Path(__file__).parents[3] / "shared" / "mobile" / "nnapi"


def kernels(answer: ProviderAnswer) -> dict[str, int] | None:
    """Op => how many kernels; a QDQ group runs as the op's quantized form. None where no session is created."""
    if answer.session != CREATED:
        return None
    if answer.second is None:
        return {}
    nodes = {n.index: n for n in answer.second.nodes}
    found: Counter[str] = Counter()
    for part in answer.second.partitions:
        members = [nodes[i] for i in part.nodes]
        op = nodes[members[0].unit].op  # type: ignore[index]
        codes = any(m.op == "QuantizeLinear" for m in members)
        found["QLinear" + op if codes and op in ("Conv", "ConvTranspose", "Softmax") else op] += 1
    return dict(found)


def within(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """The nodes of all subgraphs."""
    for inner in (a.g for n in graph.node for a in n.attribute if a.type == onnx.AttributeProto.GRAPH):
        yield from (*inner.node, *within(inner))


@pytest.mark.parametrize(("op", "more", "want"), RECORDED["groups"])
def test_quantized_groups(op: str, more: dict[str, Any], want: dict[str, int] | None) -> None:
    assert kernels(xnnpack(quantized(op, **more))) == want


@pytest.mark.parametrize(("ops", "ends", "want"), RECORDED["chains"])
def test_chains(ops: list[str], ends: list[str], want: dict[str, int]) -> None:
    assert kernels(xnnpack(chain(*ops, ends=tuple(ends)))) == want


@pytest.mark.models
@pytest.mark.parametrize("name", RECORDED["models"])
def test_models(name: str) -> None:
    """Kernels in subgraphs are recorded, too; the answer shows the main graph."""
    model = onnx.load(SHARED / "onnx" / f"{name}.onnx")
    inner = Counter(n.op_type for n in within(model.graph) if n.op_type in BY_OP)
    answer = xnnpack(model)
    found = kernels(answer)
    assert found is not None
    assert Counter(RECORDED["models"][name]) == Counter(found) + inner
    assert any("subgraphs" in note for note in answer.notes) == any(True for _ in within(model.graph))


@pytest.mark.models
@pytest.mark.parametrize("name", RECORDED["probes"])
def test_probes(name: str) -> None:
    want = RECORDED["probes"][name]
    answer = xnnpack(onnx.load(SHARED / "probes" / f"{name}.onnx"))
    if want is None:  # the CPU refuses this model, whatever XNNPACK takes
        assert not answer.partitions
    else:
        assert kernels(answer) == want
