"""LiteRT runs in a process of its own: what happens when it crashes, hangs, or says no."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance import Model
from tfonnx_lab.litert import LiteRT, worker

Fate = Callable[[str], None]
DIES = """
import os, pickle, signal, sys
from ai_edge_litert.interpreter import Interpreter
requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
loaded = None
while True:
    _, what, arguments = pickle.load(requests)
    if what == "run":
        {fate}
    if what == "load":
        given = arguments[1]
        loaded = Interpreter(model_path=given) if isinstance(given, str) else Interpreter(model_content=given)
        answer = loaded.get_input_details(), loaded.get_output_details()
    else:  # the details
        answer = loaded.get_tensor_details(), loaded._get_ops_details()
    pickle.dump(("done", answer), answers)
    answers.flush()
"""


def relu() -> bytes:
    model = Model()
    x = model.input([1, 4])
    return model.outputs(model.op("RELU", [x], [model.tensor("float32", [1, 4])])).bytes()


@pytest.fixture
def fate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fate:
    """Makes LiteRT's process do this when it has to run a model."""
    monkeypatch.setattr(worker, "_current", [])

    def doomed(line: str) -> None:
        script = tmp_path / "doomed.py"
        script.write_text(DIES.format(fate=line), "utf-8")
        monkeypatch.setattr(worker, "_SCRIPT", script)

    return doomed


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT"])
def test_a_crash_is_one_clear_error(fate: Fate, name: str) -> None:
    fate(f"os.kill(os.getpid(), signal.{name})")
    result = lab.convert(relu())
    for _ in range(2):  # the second time, another process takes the place of the first
        with pytest.raises(
            lab.ConversionError, match=rf"LiteRT itself crashed when it had to run the model \({name}\)"
        ):
            lab.compare(result)
    assert f"no parity: LiteRT itself crashed when it had to run the model ({name})" in str(result.report())


def test_a_model_that_never_ends_is_ended(fate: Fate, monkeypatch: pytest.MonkeyPatch) -> None:
    fate("import time; time.sleep(600)")
    monkeypatch.setattr(worker, "PATIENCE", 5.0)
    with pytest.raises(lab.ConversionError, match="did not run the model within 5 s"):
        lab.compare(lab.convert(relu()))


def test_a_model_whose_process_is_gone_is_loaded_and_run_again() -> None:
    """The end of the process was another model's doing, so nothing is said of it."""
    before, x = LiteRT(relu()), np.array([[-1, 0, 1, 2]], np.float32)
    assert before.run([x])[0].tolist() == [[0, 0, 1, 2]]
    process = worker.worker()._child._process
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    assert before.run([x])[0].tolist() == [[0, 0, 1, 2]]
    assert worker.worker()._child._process is not process
    assert LiteRT(relu()).run([x])[0].tolist() == [[0, 0, 1, 2]]


def test_one_process_serves_all_models_and_lets_go_of_those_that_nobody_has() -> None:
    first, second = LiteRT(relu()), LiteRT(relu())
    assert first._worker is second._worker and first._number != second._number
    number = first._number
    del first
    gc.collect()
    assert number in second._worker._unused  # models of other tests may be beside it
    x = np.zeros([1, 4], np.float32)
    second.run([x])
    assert not second._worker._unused
    with pytest.raises(lab.ConversionError):
        second._worker.ask("run", number, [x])


def test_litert_says_no() -> None:
    with pytest.raises(lab.ConversionError, match="LiteRT cannot load the model"):
        LiteRT(b"no model")
    with pytest.raises(lab.ConversionError, match="LiteRT cannot run the model: 2 inputs given, it has 1"):
        LiteRT(relu()).run([np.zeros([1, 4], np.float32)] * 2)


def test_an_interrupt_leaves_no_answer_for_the_next_question(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x = LiteRT(relu()), np.zeros([1, 4], np.float32)
    interrupted = model._worker
    with monkeypatch.context() as patched:
        patched.setattr("tfonnx_lab.child.pickle.load", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            model.run([x])
    assert not interrupted.alive
    assert LiteRT(relu()).run([x])[0].shape == (1, 4)


DISORDER = """
import importlib.util, os, signal
spec = importlib.util.spec_from_file_location("process", {process!r})
process = importlib.util.module_from_spec(spec)
spec.loader.exec_module(process)

def dies_once(method):
    def call(self, *arguments, **more):
        if not os.path.exists({flag!r}):
            open({flag!r}, "w").close()
            os.kill(os.getpid(), signal.SIGABRT)
        return method(self, *arguments, **more)
    return call

process.Models.{what} = dies_once(process.Models.{what})
process.main()
"""


@pytest.mark.parametrize("what", ["load", "run", "tensors", "onnx"])
def test_what_another_model_left_behind_is_not_this_ones_crash(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model may leave memory in disorder and be answered; the process ends over the next one, which is innocent."""
    script = tmp_path / "disorder.py"
    texts = {"process": str(worker._SCRIPT), "flag": str(tmp_path / "died"), "what": what}
    script.write_text(DISORDER.format(**texts), "utf-8")
    monkeypatch.setattr(worker, "_current", [])
    monkeypatch.setattr(worker, "_SCRIPT", script)
    if what == "onnx":
        assert lab.convert(relu(), verify="run").verified
    else:
        model = LiteRT(relu())
        x = np.array([[-1, 0, 1, 2]], np.float32)
        np.testing.assert_array_equal(model.run([x])[0], np.maximum(x, 0))
        names = {str(d["name"]): int(d["index"]) for d in model.details}
        assert len(model.tensors(names)) == 2
    assert (tmp_path / "died").exists()
