"""Pytest hooks: collect what the tests recorded, in every worker, and check it at the end of the whole run.

They are loaded by this folder's conftest. A conftest further up that imports them too lets `pytest tests -n 2` see its
workers' records; loading them twice does no harm.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from . import record, support_table

FOLDER = Path(__file__).parent
FOUND: pytest.StashKey[dict[str, Any]] = pytest.StashKey()

__all__ = ["pytest_configure", "pytest_sessionfinish", "pytest_testnodedown"]


def pytest_configure(config: pytest.Config) -> None:
    """Start with nothing recorded, and watch the rules."""
    config.stash.setdefault(FOUND, {"workers": {}, "done": False})
    record.watch()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: Any) -> None:
    """A worker ended: take over what it recorded."""
    sent = getattr(node, "workeroutput", {}).get("conformance")
    if sent:
        node.config.stash[FOUND]["workers"][node.gateway.id] = json.loads(sent)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Send the records to the main process, or, being it, write and check them."""
    mine = {"records": record.RECORDS, "rules": sorted(record.FIRED)}
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["conformance"] = json.dumps(mine)
        return
    found = session.config.stash.setdefault(FOUND, {"workers": {}, "done": False})
    if found["done"]:
        return
    found["done"], everything = True, [mine, *found["workers"].values()]
    records = [entry for part in everything for entry in part["records"]]
    rules = {rule for part in everything for rule in part["rules"]}
    target = os.environ.get("TFONNX_LAB_RECORD")
    if target and records:
        support_table.save(Path(target), records, rules)
    if exitstatus == 0 and (records or whole(session.config, FOLDER)):  # of a whole run there are some
        problems = missing(session.config, records, rules)
        if problems:
            print("\n" + "\n".join(problems))
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def missing(config: pytest.Config, records: support_table.Records, rules: set[str]) -> list[str]:
    """What a whole run left untried: ops without a conformance test and, in a run of all tests, rules that never
    fired."""
    problems = support_table.untested(records) if whole(config, FOLDER) else []
    silent = support_table.silent_rules(rules) if whole(config, FOLDER.parent) else []
    return problems + ([f"rules that fired in no test: {', '.join(silent)}"] if silent else [])


def whole(config: pytest.Config, folder: Path) -> bool:
    """Whether this run was asked for all tests of a folder: by name or by a parent's, with nothing deselected and
    nothing left to a sample."""
    start = config.invocation_params.dir
    asked = [(start / a.split("::")[0]).resolve() for a in config.args]
    picked = config.option.keyword or config.option.markexpr or any("::" in a for a in config.args)
    part = config.getoption("--op") or not config.getoption("--full")
    return not part and not picked and any(p == folder or p in folder.parents for p in asked)
