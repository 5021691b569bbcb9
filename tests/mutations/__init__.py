"""Mutations: each breaks something that a user would see, and a test of that piece has to fail."""

from . import bits, graph, handlers, many, mobile, optimizers, parity, readers, rewriters, trace, widgets
from .mutation import PACKAGE, ROOT, Mutation

__all__ = ["MUTATIONS", "PACKAGE", "ROOT", "Mutation"]

MUTATIONS: list[Mutation] = [
    mutation
    for room in (bits, graph, handlers, many, mobile, optimizers, parity, readers, rewriters, trace, widgets)
    for mutation in room.MUTATIONS
]
