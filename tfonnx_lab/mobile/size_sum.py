"""What a build of a config adds up to: base, matrix code, kernels; and what each operator costs, alone and on top of
the rest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from tfonnx_lab.mobile.config_algebra import Config
from tfonnx_lab.mobile.kept import kept
from tfonnx_lab.mobile.size_table import ALL_TYPES, SizeTable, links, size_table
from tfonnx_lab.mobile.type_control import type_control

SMALLER = 0.7
"""-Os code over -O3 code of one operator, both measured: mostly 0.6 to 0.8."""

EXCEPTIONS = 316_215 / 222_192
"""Bytes with exceptions over bytes without, of 7 object files (conv, pool, softmax, reshape, transpose, session_state,
allocator): text 193 608 => 223 900, exception tables 11 480, unwind data 49 544, the rest 28 584 => 31 291."""


@dataclass(frozen=True)
class Sum:
    """Bytes of a library: `base` without kernels, `matrix` code that is paid once, `kernels` without it.

    estimated: of `kernels`, what was measured in the release table only, and scaled.
    """

    base: int
    matrix: int
    kernels: int
    estimated: int = 0

    @property
    def total(self) -> int:
        """Bytes of the whole library file."""
        return self.base + self.matrix + self.kernels

    def scaled(self, factor: float) -> Sum:
        """The same with everything larger by a factor."""
        return Sum(*(round(n * factor) for n in (self.base, self.matrix, self.kernels, self.estimated)))


@dataclass(frozen=True)
class Cost:
    """What one operator costs, in bytes.

    alone: in a build without other kernels, with the matrix code where it needs it (`matrix`).
    on_top: what leaving it out of this build would save; what others need as well stays.
    estimated: from the release table, scaled.
    """

    domain: str
    op: str
    alone: int
    on_top: int
    matrix: bool
    estimated: bool


@cache
def base_file() -> int:
    """Bytes of the library without kernels, as it was linked."""
    return int(links()["no kernels"]["file"])


class Adding:
    """Sums over the small build's table; what that one distorts or lacks comes from the release table, scaled.

    config: what the build keeps.
    measured_only: nothing from the release table, as the links of the small build have it.
    """

    def __init__(self, config: Config, *, measured_only: bool = False, ml_ops: bool = True) -> None:
        self.small, self.release = size_table("minsize"), size_table("release")
        self.kept, _ = kept(config, self.small)
        self.kept_release, self.types = kept(config, self.release)
        if not ml_ops:
            self.kept_release &= ~_of_domain(self.release, "ai.onnx.ml")
        self.lent = np.zeros(len(self.release.registrations), bool)
        if not measured_only:
            self.kept = self.kept & ~_of(self.small, tuple(self.small.one_table))
            self.lent = self.kept_release & _lent()

    def sum(self, without: np.ndarray | None = None, lent_without: np.ndarray | None = None) -> Sum:
        """The bytes of all that is kept, less some registrations of the two tables."""
        keep = self.kept if without is None else self.kept & ~without
        lent = self.lent if lent_without is None else self.lent & ~lent_without
        cost = self.small.total(keep)
        matrix = self.small.shared_mlas if bool((keep & self.small.needs_matrix_code).any()) else 0
        estimated = self._lent_cost(
            lent, self.kept_release if lent_without is None else self.kept_release & ~lent_without
        )
        return Sum(base_file(), matrix, cost - matrix + estimated, estimated)

    def _lent_cost(self, lent: np.ndarray, keep: np.ndarray) -> int:
        """What registrations of the release table cost on top of those that the small table has, times the ratio."""
        if not lent.any():
            return 0
        rest = keep & ~lent
        return round(SMALLER * (self.release.total(rest | lent, self.types) - self.release.total(rest, self.types)))

    def costs(self) -> list[Cost]:
        """What each operator costs, the most expensive on top first."""
        whole = self.sum()
        found = []
        for key in sorted(self._ops()):
            mine, lent = _of(self.small, (key,)), _of(self.release, (key,))
            rest = self.sum(mine, lent)
            own = self.small.total(self.kept & mine)
            borrowed = (
                round(SMALLER * self.release.total(self.lent & lent, self.types)) if (self.lent & lent).any() else 0
            )
            on_top = whole.matrix + whole.kernels - rest.matrix - rest.kernels
            matrix = bool((self.kept & mine & self.small.needs_matrix_code).any())
            found.append(Cost(*key, own + borrowed, on_top, matrix, bool(borrowed)))
        return sorted(found, key=lambda c: (-c.on_top, -c.alone, c.op))

    def release_kernels(self) -> int:
        """Bytes of the same choice in the release build (text, rodata, data, without exception tables)."""
        return self.release.total(self.kept_release, self.types)

    def inside(self) -> int:
        """Bytes of the release build that reduced types take out inside of kernels that have one registration for all
        types.

        The small table does not tell code inside of a kernel apart by type, so its sums still hold them.
        """
        controlled = np.array(
            [r.type is None and type_control(r.domain, r.op) is not None for r in self.release.registrations]
        )
        types = np.where(controlled, self.types, ALL_TYPES)
        keep = self.kept_release & ~self.lent
        return self.release.total(keep) - self.release.total(keep, types)

    def _ops(self) -> set[tuple[str, str]]:
        small, release = self.small.registrations, self.release.registrations
        return {(small[i].domain, small[i].op) for i in np.flatnonzero(self.kept)} | {
            (release[i].domain, release[i].op) for i in np.flatnonzero(self.lent)
        }


def unmeasured(config: Config) -> list[tuple[str, str]]:
    """Operators of a config that neither table has."""
    tables = size_table("minsize"), size_table("release")
    names = {(domain, op) for (domain, _), ops in config.ops.items() for op in ops}
    return sorted(key for key in names if not any(key in table.by_op for table in tables))


def _of(table: SizeTable, keys: tuple[tuple[str, str], ...]) -> np.ndarray:
    found = np.zeros(len(table.registrations), bool)
    for key in keys:
        if key in table.by_op:
            found[table.by_op[key]] = True
    return found


def _of_domain(table: SizeTable, domain: str) -> np.ndarray:
    return np.array([r.domain == domain for r in table.registrations])


@cache
def _lent() -> np.ndarray:
    """Which registrations of the release table stand in for what the small table distorts, or does not have."""
    small, release = size_table("minsize"), size_table("release")
    return np.array(
        [(r.domain, r.op) in small.one_table or (r.domain, r.op) not in small.by_op for r in release.registrations]
    )
