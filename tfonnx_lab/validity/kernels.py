"""The kernels of the installed ONNX Runtime's CPU provider, with the types that each takes; asked of the library
itself.

Source of the rule of versions: KernelRegistry::VerifyKernelDef in onnxruntime/core/framework/kernel_registry.cc.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

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


@dataclass(frozen=True)
class Kernel:
    """One registration.

    types: the name of a type parameter, or of an input or output => the types that it takes there.
    """

    versions: Versions
    types: Mapping[str, frozenset[str]]


class _Kernels(Mapping[tuple[str, str], tuple[Kernel, ...]]):
    """Reads the registrations of an op when it is asked for: a conversion needs few of 1,500."""

    def __init__(self, registered: Mapping[tuple[str, str], Sequence[Any]]) -> None:
        self._registered = registered
        self._read: dict[tuple[str, str], tuple[Kernel, ...]] = {}

    def __getitem__(self, op: tuple[str, str]) -> tuple[Kernel, ...]:
        if op not in self._read:
            self._read[op] = tuple(map(_kernel, self._registered[op]))
        return self._read[op]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._registered)

    def __len__(self) -> int:
        return len(self._registered)


def _kernel(registered: Any) -> Kernel:
    start, end = registered.version_range
    types = {name: frozenset(allowed) for name, allowed in registered.type_constraints.items()}
    return Kernel(Versions(start, None if end == _OPEN else end), types)


@cache
def kernels() -> Mapping[tuple[str, str], tuple[Kernel, ...]]:
    """(domain, op) => its kernels on the CPU; ONNX's own domain is empty, as it is in a model."""
    from onnxruntime.capi import onnxruntime_pybind11_state as runtime

    found: dict[tuple[str, str], list[Any]] = {}
    for kernel in runtime.get_all_opkernel_def():
        if kernel.provider == "CPUExecutionProvider":
            found.setdefault((kernel.domain, kernel.op_name), []).append(kernel)
    return _Kernels(found)


@cache
def runtime_version() -> str:
    """`version 1.32`, of the installed ONNX Runtime."""
    import onnxruntime

    return f"version {'.'.join(onnxruntime.__version__.split('.')[:2])}"
