"""The rules' cases and the small graphs against the real provider, where it was built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest

from mobile.nnapi_case import Case
from mobile.nnapi_cases import CASES
from mobile.nnapi_models import MODELS, parsed
from mobile.one_node import model
from mobile.oracle import ask, needs_oracle
from tfonnx_lab.mobile.answer import Pass, ProviderAnswer
from tfonnx_lab.mobile.nnapi import nnapi

pytestmark = [pytest.mark.models, needs_oracle]


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.op}-{c.level}-{c.want[:30]}")
def test_case(case: Case, tmp_path: Path) -> None:
    made = model(case.op, case.inputs, **case.model)
    agree(made, tmp_path, case.level, case.nchw, optimize=False)


@pytest.mark.parametrize("name", sorted(set(MODELS) - {"all constant"}))
@pytest.mark.parametrize("level", [28, 31])
@pytest.mark.parametrize("nchw", [False, True])
def test_graph(name: str, level: int, nchw: bool, tmp_path: Path) -> None:
    for optimize in (False, True):
        agree(parsed(name), tmp_path, level, nchw, optimize)


def agree(made: onnx.ModelProto, folder: Path, level: int, nchw: bool, optimize: bool) -> None:
    """The same verdicts, counts and session; what the CPU's own kernels say is of another release."""
    said = ask(made, folder / "model.onnx", level, nchw, optimize)
    if "invalid model" in said["session"] or said["session"].startswith("Load model"):
        pytest.skip("ONNX Runtime 1.29 cannot read it")
    answer = nnapi(made, level, nchw, optimize)
    if not said["session"].startswith("  "):
        assert answer.session == said["session"]
    looks: list[ProviderAnswer | Pass] = [answer, *([answer.second] if answer.second else [])]
    for look, want in zip(looks, said["passes"], strict=False):
        if "total" in want:
            assert _counts(look) == {k: want[k] for k in ("partitions", "total", "supported")}
        verdicts = {(n.index, n.op): n.supported for n in look.nodes}
        logged = {(n["index"], n["op"]): n["supported"] for n in reversed(want["nodes"])}
        assert logged.items() <= verdicts.items()


def _counts(look: ProviderAnswer | Pass) -> dict[str, Any]:
    run = sum(len(p.nodes) for p in look.partitions)
    return {"partitions": len(look.partitions), "total": len(look.nodes), "supported": run}
