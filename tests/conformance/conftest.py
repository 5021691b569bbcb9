"""Collects what the conformance tests recorded, in every worker, and checks it when the whole suite ran."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from . import record

FOLDER = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    """Start with nothing recorded."""
    config.stash[FOUND] = {"records": [], "rules": set(), "whole": None, "failed": 0}


FOUND: pytest.StashKey[dict[str, Any]] = pytest.StashKey()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: Any) -> None:
    """A worker ended: take over what it recorded."""
    sent = getattr(node, "workeroutput", {}).get("conformance")
    if sent:
        merge(node.config.stash[FOUND], json.loads(sent))


def merge(into: dict[str, Any], found: dict[str, Any]) -> None:
    """Add one process's records to those of others."""
    into["records"] += found["records"]
    into["rules"] |= set(found["rules"])


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Send the records to the main process, or, being it, write and check them."""
    mine = {"records": record.RECORDS, "rules": sorted(record.FIRED)}
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["conformance"] = json.dumps(mine)
        return
    found = session.config.stash[FOUND]
    merge(found, mine)
    target = os.environ.get("TFONNX_LAB_RECORD")
    if target and found["records"]:
        from .support_table import save

        save(Path(target), found["records"], found["rules"])
    if whole_suite(session.config) and exitstatus == 0 and found["records"]:
        from .support_table import silent_rules

        silent = silent_rules(found["rules"])
        if silent:
            print(f"\nRules that fired in no conformance test: {', '.join(silent)}")
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def whole_suite(config: pytest.Config) -> bool:
    """Whether this run was asked for all of the conformance suite: by folder, with nothing deselected."""
    asked = [Path(str(config.invocation_params.dir), a.split("::")[0]).resolve() for a in config.args]
    picked = config.option.keyword or config.option.markexpr or any("::" in a for a in config.args)
    return not picked and any(p == FOLDER or p in FOLDER.parents for p in asked)
