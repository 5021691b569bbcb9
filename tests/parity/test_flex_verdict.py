"""Models with Flex ops: LiteRT runs what lies between them, TensorFlow each of them, and the verdict is one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

import tfonnx_lab as lab
from conformance.flex_models import asked, packed
from conformance.models import Model
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.litert import LiteRT, worker

X = np.linspace(-2, 2, 6, dtype=np.float32).reshape(2, 3)


pytestmark = pytest.mark.usefixtures("own_rules")


def network() -> Model:
    """MUL(FlexSoftplus(ABS(x)), FlexTile(ABS(x), [1, 1])): a constant, and a tensor that both Flex ops take."""
    m = Model()
    x = m.input([2, 3], name="x")
    inner = m.op("ABS", [x], [m.tensor(shape=[2, 3])])
    _, softplus = asked("Softplus", [("features", X)], {})
    many = np.array([1, 1], np.int32)
    _, tile = asked("Tile", [("input", X), ("multiples=", many)], {})
    left = m.op("FlexSoftplus", [inner], [m.tensor(shape=[2, 3])], custom=packed("Softplus", softplus))
    right = m.op("FlexTile", [inner, m.const(many)], [m.tensor(shape=[2, 3])], custom=packed("Tile", tile))
    return m.outputs(m.op("MUL", [left, right], [m.tensor(shape=[2, 3])]))


def test_what_runs_it() -> None:
    (made,) = LiteRT(network().bytes()).run([X])
    np.testing.assert_allclose(made, np.log1p(np.exp(np.abs(X))) * np.abs(X), rtol=1e-6)
    assert [op["op_name"] for op in LiteRT(network().bytes()).ops] == ["ABS", "FlexSoftplus", "FlexTile", "MUL"]


@pytest.mark.parametrize("options", [{}, {"inputs": {"x": (4, 3)}}], ids=["as it is", "batch 4"])
def test_a_right_one(options: dict[str, dict[str, tuple[int, int]]]) -> None:
    found = lab.compare(lab.convert(network().bytes(), **options)).verdict  # type: ignore[arg-type]
    assert found.ok and {one.position for one in found.ops} == {0, 1, 2, 3}, str(found)


@pytest.mark.parametrize(("op", "position"), [("FlexSoftplus", 1), ("MUL", 3)])
def test_a_wrong_one(op: str, position: int) -> None:
    @lab.handler(op)
    def careless(op: OpBuilder, node: ir.Node, *given: ir.Value) -> ir.Value:
        """Something else."""
        return op.Add(given[0], given[-1])

    result = lab.convert(network().bytes())
    found = lab.compare(result).verdict
    assert (found.ok, found.op) == (False, position)
    assert found.sentence == f"op {position} {op} is wrong: handler careless"
    assert lab.bisect(result, progress=lambda said: None).position == position


def test_without_tensorflow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The reason is told, not LiteRT's advice to link a delegate."""
    (tmp_path / "tensorflow.py").write_text("raise ModuleNotFoundError('No module named tensorflow')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(worker, "_current", [])  # a process that finds what this one finds now
    with pytest.raises(ConversionError, match=r"Flex ops, which TensorFlow computes.*pip install tensorflow"):
        LiteRT(network().bytes()).run([X])
    worker.worker().close()
