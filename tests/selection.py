"""What of the tests runs: a sample by default, all of it with `--full`, what concerns an op with `--op`, browser tests
last.

Tests of the shared models run where ../shared is. A test whose list of cases came out empty is an error.

A plain `pytest` takes one opset of each conformance case, and of the large grids every fourth case, always the same
ones: each test function, each op and each opset is in it. `--full` (what CI runs) takes every case at every opset.
Tests of the browser run last, and only with `--browser` or `--full`; those that take a minute each, or make an
environment of their own, only with `--full`. What was left out is told at the end.
"""

from __future__ import annotations

import inspect
import re
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import pytest

GRID = 24
"""Items of one test function up to which every case of it is in the sample (at one of its opsets)."""
SPARSE = 4
"""Of the cases beyond that, one in so many is."""
SHARED = Path(__file__).resolve().parents[2] / "shared" / "models"
FRONT_END = Path(__file__).resolve().parents[1] / "tfonnx_lab" / "widgets" / "static" / "lab.js"
LEFT_OUT: pytest.StashKey[Counter[str]] = pytest.StashKey()
_OPSET = re.compile(r"-(\d+)\]$")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of this repository's tests."""
    group = parser.getgroup("tfonnx_lab")
    group.addoption("--full", action="store_true", help="every conformance case at every opset, and the browser tests")
    group.addoption("--browser", action="store_true", help="the browser tests, too (they need Chromium)")
    group.addoption("--op", metavar="OP", help="only the tests that name this op, CONV_2D say, at every opset")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take the chosen tests, and put those of the browser last."""
    left_out = config.stash.setdefault(LEFT_OUT, Counter())
    if not SHARED.is_dir():
        others = [item for item in items if item.get_closest_marker("models") is None]
        _keep(config, items, others, left_out, "that need the folder of shared models")
    if empty := [item.nodeid for item in items if _has_no_cases(item)]:
        raise pytest.UsageError(f"the list of cases came out empty: {', '.join(empty)}")
    op = config.getoption("--op")
    if op:
        _known(op)
        _keep(config, items, [item for item in items if concerns(item, op)], left_out, "that do not name the op")
    elif not config.getoption("--full") and not _picked(config):
        _keep(config, items, sample(items), left_out, "of the conformance grid (--full)")
    if not (config.getoption("--browser") or config.getoption("--full") or _picked(config)):
        others = [item for item in items if not _in_browser(item)]
        _keep(config, items, others, left_out, "of the browser (--browser)")
    if not config.getoption("--full") and not _picked(config):
        others = [item for item in items if item.get_closest_marker("install") is None]
        _keep(config, items, others, left_out, "that make an environment of their own (--full)")
        others = [item for item in items if item.get_closest_marker("long") is None]
        _keep(config, items, others, left_out, "that take long (--full)")
    items.sort(key=_in_browser)


def sample(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Every item that is no conformance case, and of the cases the sample."""
    grid = Counter(_function(item) for item in items)
    return [item for item in items if not _is_case(item) or _in_sample(item, grid[_function(item)])]


def _in_sample(item: pytest.Item, size: int) -> bool:
    """One opset of each case, by the case's name; of a large grid one case in four."""
    found = _OPSET.search(item.nodeid)
    case = zlib.crc32(_OPSET.sub("", item.nodeid).encode())
    opsets = _opsets()
    chosen = found is not None and int(found[1]) == opsets[case % len(opsets)]
    return chosen and (size <= GRID or case // len(opsets) % SPARSE == 0)


def _opsets() -> list[int]:
    from conformance.against import opsets

    return sorted(opsets())


def concerns(item: pytest.Item, op: str) -> bool:
    """Whether a test's name, its case or its source names the op."""
    word = _word(op)
    function = inspect.unwrap(getattr(item, "function", lambda: None))
    return bool(word.search(item.nodeid.replace("[", " ").replace("-", " ")) or _names(function, word))


@cache
def _word(op: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9_]){re.escape(op)}(?![A-Za-z0-9_])", re.IGNORECASE)


@cache
def _names(function: Callable[..., Any], word: re.Pattern[str]) -> bool:
    """Whether a function's source has the word; asked once for all cases of a test, since to find a source is slow."""
    try:
        return word.search(inspect.getsource(function)) is not None
    except (OSError, TypeError):
        return False


def _known(op: str) -> None:
    """Raises UsageError for an op that no handler is registered for, with the near name."""
    from tfonnx_lab.conversion.pipeline import STAGES

    names = {name for rule in STAGES[1] if rule.pattern is not None for name in rule.pattern.op_types}
    if op not in names:
        near = get_close_matches(op.upper(), names, 1)
        raise pytest.UsageError(f"--op: there is no op {op}" + (f"; did you mean {near[0]}?" if near else ""))


def _picked(config: pytest.Config) -> bool:
    """Whether tests were named one by one, by a word, a mark or a file: then all that was named runs."""
    named = any("::" in a or a.endswith(".py") for a in config.args)
    return bool(named or config.option.keyword or config.option.markexpr)


def _has_no_cases(item: pytest.Item) -> bool:
    """Whether a test's list of cases is empty: pytest would skip it in silence."""
    reasons = (str(mark.kwargs.get("reason", "")) for mark in item.iter_markers("skip"))
    return any(reason.startswith("got empty parameter set") for reason in reasons)


def _is_case(item: pytest.Item) -> bool:
    """Whether a test is one of `@cases`."""
    return hasattr(item, "callspec") and {"spec", "opset"} <= set(item.callspec.params)


def _in_browser(item: pytest.Item) -> bool:
    return "browser" in item.path.parts[:-1]


def _function(item: pytest.Item) -> str:
    return item.nodeid.split("[")[0]


def _keep(
    config: pytest.Config, items: list[pytest.Item], kept: list[pytest.Item], left_out: Counter[str], why: str
) -> None:
    """Deselect the others, and remember how many they were."""
    gone = len(items) - len(kept)
    if gone:
        chosen = {id(item) for item in kept}
        config.hook.pytest_deselected(items=[item for item in items if id(item) not in chosen])
        left_out[why] += gone
        items[:] = kept


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker sends what it left out to the main process."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        left_out = session.config.stash.get(LEFT_OUT, Counter())
        output["left_out"] = dict(left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: Any) -> None:
    """All workers collect the same tests: the last one's count stands."""
    node.config.stash[LEFT_OUT] = Counter(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Tell what was left out, and what a fresh clone lacks."""
    if not FRONT_END.exists():
        terminalreporter.write_line(
            "the front end was not built, so tests of widgets, pages and the server extension fail: "
            "run `pip install -e .` in the checkout"
        )
    for why, count in config.stash.get(LEFT_OUT, Counter()).items():
        terminalreporter.write_line(f"left out: {count} tests {why}")
