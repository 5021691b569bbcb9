"""The suite itself: it can fail. Without a converter, with a converter that is wrong, and with rules that crash."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import tfonnx_lab as lab
from tfonnx_lab.errors import Failure, Unsupported
from tfonnx_lab.graph import OpBuilder

from . import Mismatch, Model, check
from .against import differences
from .cases import refusal
from .simple import given, one

TESTS = Path(__file__).parents[1]


def test_without_the_converter_nothing_is_compared() -> None:
    code = "import sys; sys.modules['tfonnx_lab.handlers.softmax'] = None; import conformance.against"
    done = subprocess.run([sys.executable, "-c", code], cwd=TESTS, capture_output=True, text=True, check=False)
    assert done.returncode and "tfonnx_lab.handlers.softmax" in done.stderr


@pytest.fixture
def neg(request: pytest.FixtureRequest) -> Iterator[Model]:
    """A NEG, whose handler is the parameter for as long as the test lasts."""
    lab.handler("NEG")(request.param)
    model = one("NEG", given([3], values=[1, 2, 3]))
    model.facts.clear()  # docs/ops.md is of the package's handlers
    yield model
    assert lab.restore("NEG")


def wrong(op: OpBuilder, node: object, x: object) -> object:
    """NEG => Abs."""
    return op.Abs(x)


def crashes(op: OpBuilder, node: object, x: object) -> object:
    """NEG => a TypeError."""
    return op.Neg(x + 1)  # type: ignore[operator]


def refuses(op: OpBuilder, node: object, x: object) -> object:
    """NEG => Unsupported."""
    raise Unsupported("it has no sign")


@pytest.mark.parametrize("neg", [wrong], indirect=True)
def test_other_numbers_are_a_mismatch(neg: Model) -> None:
    with pytest.raises(Mismatch, match="3 of 3 differ"):
        check(neg)


@pytest.mark.parametrize("neg", [crashes], indirect=True)
def test_a_crash_is_no_refusal(neg: Model) -> None:
    with pytest.raises(AssertionError, match="a rule crashed"), refusal("unsupported operand"):
        check(neg)


@pytest.mark.parametrize("neg", [refuses], indirect=True)
def test_a_refusal_names_its_reason(neg: Model) -> None:
    with refusal("it has no sign"):
        check(neg)
    with pytest.raises(AssertionError, match="not because 'its sign'"), refusal("its sign"):
        check(neg)


def test_a_conversion_that_succeeds_is_no_refusal() -> None:
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"), refusal("it has no sign"):
        check(one("NEG", given([3])))


def test_every_failure_has_to_name_the_reason() -> None:
    failures = [Failure("NEG", "op 0", "", "it has no sign"), Failure("ABS", "op 1", "", "KeyError: 'x'")]
    with pytest.raises(AssertionError, match="a rule crashed"), refusal("it has no sign"):
        raise lab.ConversionError("m", failures)
    with pytest.raises(AssertionError, match="no op is named"), refusal("it has no sign"):
        raise lab.ConversionError("it has no sign")


@pytest.mark.parametrize(
    ("got", "says"),
    [
        (np.array([1, 2], np.float32), None),
        (np.array([1, 2.1], np.float32), "1 of 2 differ"),
        (np.array([1, np.nan], np.float32), "1 of 2 differ"),
        (np.array([1, 2], np.float64), "dtype float64"),
        (np.array([[1, 2]], np.float32), r"shape \(1, 2\)"),
    ],
)
def test_differences(got: np.ndarray, says: str | None) -> None:
    found = differences("y", np.array([1, 2], np.float32), got)
    assert found is None if says is None else found is not None and re.search(says, found)
