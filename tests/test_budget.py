"""What numbers in a file may ask for is bounded: a conversion, or one error that names the op and the number, soon and
small."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

import tfonnx_lab as lab
from conformance import Model
from tfonnx_lab.errors import TooLarge
from tfonnx_lab.graph.budget import BASE, TIMES, budget, grant, room
from tfonnx_lab.graph.removal import LINEAR, remove

SECONDS, MEGABYTES = 10, 1024
HUGE = 2**31 - 1

CHILD = """
import resource, sys, time
import tfonnx_lab as lab
began = time.process_time()
try:
    lab.convert(sys.argv[1]).save(sys.argv[2])
    print("converted")
except lab.ConversionError as error:
    print(f"ConversionError: {error}")
print(time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def converted_apart(data: bytes, folder: Path) -> str:
    """What a process of its own says of the model; asserts that it ends within the limits, and needs little."""
    (folder / "m.tflite").write_bytes(data)

    def limits() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))

    command = [sys.executable, "-c", CHILD, str(folder / "m.tflite"), str(folder / "m.onnx")]
    done = subprocess.run(command, preexec_fn=limits, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1000:]
    *said, last = done.stdout.rstrip().split("\n")
    seconds, megabytes = map(float, last.split())
    assert seconds < SECONDS, f"{seconds} s"
    assert megabytes < MEGABYTES, f"{megabytes} MB"
    return "\n".join(said)


def nearest(m: Model) -> None:
    size = m.const(np.array([10**8, 10**8], np.int32))
    y = m.tensor(shape=[1, 10**8, 10**8, 1])
    m.outputs(
        m.op("RESIZE_NEAREST_NEIGHBOR", [m.input([1, 4, 4, 1]), size], [y], align_corners=True, half_pixel_centers=True)
    )


def transform(m: Model) -> None:
    length = m.const(np.array([1 << 14, 1 << 14], np.int32))
    m.outputs(m.op("RFFT2D", [m.input([1, 4, 4]), length], [m.tensor("complex64", [1, 1 << 14, 8193])]))


def mirror(m: Model) -> None:
    wide = m.const(np.array([[0, HUGE]], np.int32))
    m.outputs(m.op("MIRROR_PAD", [m.input([4]), wide], [m.tensor(shape=[HUGE])], mode="SYMMETRIC"))


def block(m: Model) -> None:
    m.outputs(m.op("SPACE_TO_DEPTH", [m.input([1, 4, 4, 8])], [m.tensor(shape=[1, 4, 4, 8])], block_size=HUGE))


def copies(m: Model) -> None:
    """Subgraphs, each of which runs the next one twice."""
    graphs = [m.subgraph(f"g{i}") for i in range(14)]
    for number, g in enumerate([m, *graphs]):
        c, x, y = g.input([], "bool"), g.input([2]), g.tensor(shape=[2])
        if number < len(graphs):
            g.op("IF", [c, c, x], [y], then_subgraph_index=graphs[number], else_subgraph_index=graphs[number])
        else:
            g.op("RELU", [x], [y])
        g.outputs(y)


def deep(m: Model) -> None:
    """Subgraphs, each of which runs the next one."""
    graphs = [m.subgraph(f"g{i}") for i in range(40)]
    for number, g in enumerate([m, *graphs]):
        c, x, y = g.input([], "bool"), g.input([2]), g.tensor(shape=[2])
        if number < len(graphs):
            last = graphs[-1]
            g.op("IF", [c, c, x], [y], then_subgraph_index=graphs[number], else_subgraph_index=last)
        else:
            g.op("RELU", [x], [y])
        g.outputs(y)


def product(m: Model) -> None:
    """A column plus a row, both constant: 4 GB, which are left to the runtime."""
    a, b = (m.const(np.ones(shape, np.float32)) for shape in ([32768, 1], [1, 32768]))
    y = m.op("ADD", [a, b], [m.tensor(shape=[32768, 32768])], fused_activation_function="NONE")
    m.outputs(m.op("MAXIMUM", [y, m.input([])], [m.tensor(shape=[32768, 32768])]))


HOSTILE: dict[Callable[[Model], None], str] = {
    nearest: r"RESIZE_NEAREST_NEIGHBOR \(op 0 .*\): the list of the rows.*100000000.*memory=",
    transform: r"RFFT2D \(op 0 .*\): the matrix of the transform's rows.*16384, 16384.*memory=",
    mirror: r"MIRROR_PAD \(op 0 .*\): the list of the rows.*memory=",
    block: r"SPACE_TO_DEPTH \(op 0 .*overflow",
    copies: "run each other so often that it would become more than 3,000 ops larger, with a copy of subgraph",
    deep: "run each other 33 deep; 32 are the most",
    product: "converted",
}


@pytest.mark.parametrize("make", list(HOSTILE), ids=lambda f: f.__name__)
def test_numbers_that_ask_for_gigabytes(make: Callable[[Model], None], tmp_path: Path) -> None:
    model = Model()
    make(model)
    said = converted_apart(model.bytes(), tmp_path)
    assert re.search(HOSTILE[make], said), said


@pytest.mark.models
@pytest.mark.parametrize("folder", ["hostile", "fuzz", "transposes"])
def test_the_files_that_asked_for_too_much(folder: str, tmp_path: Path) -> None:
    shared = Path(__file__).resolve().parents[2] / "shared" / "cases" / folder
    paths = sorted(shared.glob("*.tflite"))
    assert paths
    for path in paths:
        said = converted_apart(path.read_bytes(), tmp_path)
        assert said.startswith(("converted", "ConversionError: ")), f"{path.name}: {said}"
        assert all(c.isprintable() or c == "\n" for c in said), path.name


def test_the_budget_is_one_for_all_and_grows_with_the_file() -> None:
    with budget():
        grant(10)
        room(BASE, 1, "half of it")
        room(10 * TIMES, 1, "the rest")
        with pytest.raises(TooLarge, match=r"a byte of shape \[1\] would take 1 bytes, and 0 are left"):
            room(1, 1, "a byte")
    with budget(100):
        grant(10)
        with pytest.raises(TooLarge, match=r"memory=204"):
            room((2, 26), 2, "more than is allowed")
    with pytest.raises(TooLarge, match=r"the shape \[2, -1\]"):
        room((2, -1), 1, "a mistake")


def test_more_is_allowed_by_an_option() -> None:
    m = Model()
    length = m.const(np.array([1, 256], np.int32))
    m.outputs(m.op("RFFT2D", [m.input([1, 1, 256]), length], [m.tensor("complex64", [1, 1, 129])]))
    data = m.bytes()
    with pytest.raises(lab.ConversionError, match=r"RFFT2D.*memory="):
        lab.convert(data, memory=10_000)
    assert lab.convert(data, memory=10_000_000).model.graph.node


def test_errors_print_no_control_characters_and_are_not_long() -> None:
    m = Model()
    x = m.input([2], name="\x1b[31m red \x07" + "n" * 100_000)
    m.outputs(m.op("\x1b]0;title\x07", [x], [m.tensor(shape=[2])]))
    with pytest.raises(lab.ConversionError) as error:
        lab.convert(m.bytes())
    said = str(error.value)
    assert all(c.isprintable() or c == "\n" for c in said)
    assert r"\x1b]0;title\x07" in said and len(said) < 20_000


def wide(count: int) -> bytes:
    """One op that reads a value so many times."""
    m = Model()
    options: dict[str, Any] = {"axis": 1, "fused_activation_function": "NONE"}
    m.outputs(m.op("CONCATENATION", [m.input([1, 2])] * count, [m.tensor(shape=[1, 2 * count])], **options))
    return m.bytes()


def shared(count: int) -> bytes:
    """A value that so many ops read, all of them outputs."""
    m = Model()
    y = m.op("RELU", [m.input([1, 2])], [m.tensor(shape=[1, 2])])
    m.outputs(*[m.op("ABS", [y], [m.tensor(shape=[1, 2])]) for _ in range(count)])
    return m.bytes()


@pytest.mark.parametrize(("make", "count"), [(wide, 30_000), (shared, 5_000)])
def test_time_grows_with_the_number_of_inputs_and_users(make: Callable[[int], bytes], count: int) -> None:
    data = make(count)
    began = time.process_time()
    lab.convert(data)
    assert time.process_time() - began < SECONDS


def test_the_short_way_to_take_nodes_out_is_there() -> None:
    assert LINEAR, "this onnx_ir has other internals; see graph/removal.py"


def test_both_ways_to_take_a_node_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for linear in (True, False):
        monkeypatch.setattr("tfonnx_lab.graph.removal.LINEAR", linear)
        model = ir.from_onnx_text(
            '<ir_version: 10, opset_import: ["" : 18]>\ng (float[2] x) => (float[2] y) { a = Relu(x)\n b = Add(x, '
            "x)\n y = Neg(a) }"
        )
        relu, add, _ = model.graph
        with pytest.raises(ValueError, match="something reads what it gives"):
            remove(relu)
        remove(add)
        assert [n.op_type for n in model.graph] == ["Relu", "Neg"]
        assert add.graph is None and list(add.inputs) == [None, None]
        assert [n.op_type for n, _ in model.graph.inputs[0].uses()] == ["Relu"]
