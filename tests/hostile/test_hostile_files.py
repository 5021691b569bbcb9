"""A hundred files that somebody made to do harm: each is one clear error, or converts right, soon and in little
memory."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import tfonnx_lab as lab
from tfonnx_lab.litert import LiteRT
from tfonnx_lab.runtime import OnnxRuntime

from . import files, programs, quantized  # noqa: F401  (they fill the catalogue)
from .catalogue import CASES

SECONDS, MEMORY = 3, 1 << 30


@contextmanager
def limits() -> Iterator[None]:
    """No more than a gigabyte beyond what the process has, and a few seconds of processor time."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    old = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, old[1]))
    began = time.process_time()
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, old)
    assert time.process_time() - began < SECONDS


def test_there_are_a_hundred() -> None:
    assert len(CASES) >= 100


@pytest.mark.parametrize("name", [n for n, (_, error, _) in CASES.items() if error])
def test_it_is_one_clear_error(name: str) -> None:
    make, said, _ = CASES[name]
    data = make()
    with limits(), pytest.raises(lab.ConversionError) as found:
        lab.convert(data)
    text = str(found.value)
    assert said in text
    assert len(text) < 2000
    assert all(c == "\n" or c.isprintable() for c in text)


@pytest.mark.parametrize("name", [n for n, (_, error, _) in CASES.items() if not error])
def test_it_converts_and_is_right(name: str) -> None:
    make, _, judged = CASES[name]
    data = make()
    with limits():
        result = lab.convert(data)
        model = result.model.SerializeToString()
    runtime = OnnxRuntime(result.model)
    assert len(model) < 8 << 20
    if not judged:
        return
    reference = LiteRT(data, kernels="reference")
    rng = np.random.default_rng(0)
    given = [rng.integers(-2, 3, d["shape"]).astype(d["dtype"]) for d in reference.inputs]
    for want, got in zip(reference.run(given), runtime.run(given), strict=True):
        np.testing.assert_allclose(got, want, atol=1e-6)
