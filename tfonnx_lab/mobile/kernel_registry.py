"""What the installed ONNX Runtime has: operators, their versions, and the kernels of its CPU provider.

Asked of the library itself, so that a name or a version in a config file is judged by what will read it. Source of the
two rules of versions: tools/ci_build/reduce_op_kernels.py (what a build keeps) and KernelRegistry::VerifyKernelDef in
onnxruntime/core/framework/kernel_registry.cc (what a session finds).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

_OPEN = 2**31 - 1
"""End version of a registration that has none."""


@dataclass(frozen=True)
class Versions:
    """The operator versions of one kernel registration: `start` to `end`, both included; end None: no end was given."""

    start: int
    end: int | None

    def kept_by(self, version: int) -> bool:
        """A config file's version keeps the registration in the build."""
        return self.start <= version and (self.end is None or version <= self.end)

    def runs(self, since_version: int) -> bool:
        """A node of that since-version finds the kernel. One without an end is found by its start version only."""
        if self.start == since_version:
            return True
        return self.end is not None and self.start < since_version <= self.end

    def __str__(self) -> str:
        if self.end is None:
            return f"{self.start} and later"
        return str(self.start) if self.end == self.start else f"{self.start} to {self.end}"


@cache
def registered() -> Mapping[tuple[str, str], tuple[Versions, ...]]:
    """(domain, op) => the versions of its kernels on the CPU, in order, each once."""
    from onnxruntime.capi import onnxruntime_pybind11_state as runtime

    found: dict[tuple[str, str], set[tuple[int, int]]] = {}
    for kernel in runtime.get_all_opkernel_def():
        if kernel.provider == "CPUExecutionProvider":
            found.setdefault((kernel.domain or "ai.onnx", kernel.op_name), set()).add(kernel.version_range)
    return {
        key: tuple(Versions(start, None if end == _OPEN else end) for start, end in sorted(ranges))
        for key, ranges in found.items()
    }


@cache
def defined() -> Mapping[tuple[str, str], tuple[int, ...]]:
    """(domain, op) => the since-versions of its definitions, in order, with or without a kernel on the CPU."""
    from onnxruntime.capi import onnxruntime_pybind11_state as runtime

    found: dict[tuple[str, str], set[int]] = {}
    for schema in runtime.get_all_operator_schema():
        found.setdefault((schema.domain or "ai.onnx", schema.name), set()).add(schema.since_version)
    return {key: tuple(sorted(versions)) for key, versions in found.items()}


@cache
def operators() -> Mapping[str, tuple[str, ...]]:
    """Domain => the names of its operators, sorted."""
    found: dict[str, set[str]] = {}
    for domain, op in (*registered(), *defined()):
        found.setdefault(domain, set()).add(op)
    return {domain: tuple(sorted(ops)) for domain, ops in found.items()}


def covers(domain: str, op: str, version: int) -> bool:
    """A config file's `domain;version;op` keeps something: a kernel, or the definition of an op without a CPU
    kernel."""
    if (domain, op) in registered():
        return any(r.kept_by(version) for r in registered()[domain, op])
    return any(since <= version for since in defined().get((domain, op), ()))


def versions_of(domain: str, op: str) -> str:
    """The versions that a config file may name for an operator, as text."""
    if (domain, op) in registered():
        return ", ".join(map(str, registered()[domain, op]))
    return f"{defined()[domain, op][0]} and later"


def missing_kernel(domain: str, op: str, since_version: int, versions: Iterable[int]) -> str:
    """Why a build that keeps `versions` of an operator does not run a node of it; empty where it does.

    versions: of the config file, for this operator. An operator that the installed runtime does not know (a custom one)
    is taken at its word: the version itself must be there.
    """
    asked = sorted(versions)
    ranges = registered().get((domain, op))
    if ranges is None:
        if since_version in asked:
            return ""
        return f"version {since_version} of {op} is not in the config" + (f", only {_list(asked)}" if asked else "")
    running = [r for r in ranges if r.runs(since_version)]
    if any(r.kept_by(v) for r in running for v in asked):
        return ""
    if not asked:
        return f"{op} is not in the config"
    needed = f"; it needs the kernel of versions {running[0]}" if running else ""
    return f"{op} is in the config for version {_list(asked)}, and the node is of version {since_version}{needed}"


def _list(versions: list[int]) -> str:
    return ", ".join(map(str, versions))
