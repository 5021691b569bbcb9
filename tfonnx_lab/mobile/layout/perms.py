"""Permutations and axes: what a Transpose does to them. A permutation p makes output axis i of input axis p[i]."""

from __future__ import annotations

from collections.abc import Sequence

Perm = tuple[int, ...]


def last_to_first(rank: int) -> Perm:
    """NHWC => NCHW."""
    return (0, rank - 1, *range(1, rank - 1)) if rank >= 2 else ()


def first_to_last(rank: int) -> Perm:
    """NCHW => NHWC."""
    return inverse(last_to_first(rank))


def inverse(perm: Sequence[int]) -> Perm:
    """The permutation that undoes it."""
    found = [0] * len(perm)
    for i, p in enumerate(perm):
        found[p] = i
    return tuple(found)


def composed(first: Sequence[int], second: Sequence[int]) -> Perm:
    """One permutation for first, then second."""
    return tuple(first[p] for p in second)


def is_valid(perm: Sequence[int]) -> bool:
    """Whether it names every axis once."""
    return len(perm) > 0 and sorted(perm) == list(range(len(perm)))


def normalized(axes: Sequence[int], rank: int) -> Perm | None:
    """Axes counted from 0; None where one is out of range or twice."""
    found = tuple(a + rank if a < 0 else a for a in axes)
    return found if len(set(found)) == len(found) and all(0 <= a < rank for a in found) else None


def squeezed(axes: Sequence[int], perm: Sequence[int]) -> Perm:
    """The permutation of what is left when these (input) axes are gone."""
    kept = [i for i in range(len(perm)) if i not in axes]
    new = {old: i for i, old in enumerate(kept)}
    return tuple(new[p] for p in perm if p not in axes)


def unsqueezed(axes: Sequence[int], perm: Sequence[int]) -> Perm:
    """The permutation behind new axes, which stay where they are."""
    rank = len(perm) + len(axes)
    kept = [i for i in range(rank) if i not in axes]
    rest = iter(perm)
    return tuple(i if i in axes else kept[next(rest)] for i in range(rank))


def unsqueezed_axis(axes: Sequence[int], axis: int) -> int:
    """Where an axis is behind new axes."""
    for a in sorted(axes):
        axis += a <= axis
    return axis


def unsqueezed_shape(shape: Sequence[int], axes: Sequence[int]) -> tuple[int, ...]:
    """A shape with new axes of size 1."""
    rest = iter(shape)
    return tuple(1 if i in axes else next(rest) for i in range(len(shape) + len(axes)))
